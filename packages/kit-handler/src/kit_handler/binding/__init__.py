"""Parameters: the names and annotations of a function, and the values that it gets.

signature: the parameters of a route's function; binding, extraction: their values, taken from a request
markers: `Query`, `Header`, `Cookie`, `Body`; converters, conversion, bodies: texts and JSON by annotation
validation: the errors of validator libraries, recognised by their shape
"""
