"""PostgREST's grammar as a tree of named tuples: what a client asks for, before any name in it is looked up."""
