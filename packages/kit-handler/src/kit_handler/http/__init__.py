"""HTTP: `Request`, `Response`, routes and routers.

request, response, headers, fields, bodies, cookies, files: the two values and their parts
routes, router, matching, paths: the decorator, many routes in one function, and the search by method and path
signature: whether a function takes the request, texts of the path, or parameters that are to be bound
options, stack: the options of a route, and its guards, interceptors and function as one callable
streaming, stream_answers: answers in chunks; preflights: CORS under a router
answers, etag, compression, security, problem: additions to an answer, and the form of errors
payloads: the adapter of an event; adapters/: one file per payload; interceptors/: one file per guard
"""
