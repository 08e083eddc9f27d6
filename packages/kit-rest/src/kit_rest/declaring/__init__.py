"""Declarations: resources, their relations, functions, and the values that come from claims."""
