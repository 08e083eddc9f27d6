"""Load and dump as generated code: exact for accepted input, and all other input is left to marshmallow itself.

A generated function either returns marshmallow's result, or raises one of `doubts()`. It never raises a ValidationError
of its own: the caller gives the same, untouched input to marshmallow then, so that every message is marshmallow's. A
class that can't be compiled exactly (hooks, fields of your own) gets a function that always doubts.
"""
