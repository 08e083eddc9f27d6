"""Parameters: the names and annotations of a route's function, and the values that it gets.

binding, query: each parameter's part of the request; markers: `Query`, `Header`, `Cookie`, `Body`, `AssumeUtc`
annotations: an annotation taken apart; conversion, dates, lists, bodies, unions: texts and JSON by annotation
texts: characters that nothing can keep; validation: errors of validator libraries, told by their shape
"""
