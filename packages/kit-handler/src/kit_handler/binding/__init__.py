"""Binding: the parameters of a route's function, and the values that it gets.

signature: the parameters of a route's function; binding: each bound to a part of the request
extraction, query: their values, taken from a request; markers: `Query`, `Header`, `Cookie`, `Body`, `AssumeUtc`
"""
