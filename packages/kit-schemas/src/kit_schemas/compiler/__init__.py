"""Load and dump as generated code: exact for what it accepts, and anything else is left to marshmallow itself.

A generated function either returns what marshmallow would return, or raises one of `DOUBTS`. It never raises a
ValidationError of its own: whoever calls it gives the same, untouched input to marshmallow then, so that every message
is marshmallow's. What can't be generated exactly (hooks, fields of your own) gets a function that always doubts.
"""
