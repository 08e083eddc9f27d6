"""PostgREST's grammar as a tree of named tuples: the request, before any name in it is looked up."""
