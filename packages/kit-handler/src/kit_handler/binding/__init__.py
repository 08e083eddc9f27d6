"""Parameters: the names and annotations of a route's function, and the values that it gets.

binding: each parameter's part of the request; markers: `Query`, `Header`, `Cookie`, `Body`
conversion, bodies: texts and JSON by annotation; validation: errors of validator libraries, told by their shape
"""
