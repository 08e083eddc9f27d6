"""HTTP: `Request`, `Response`, routes and routers.

request, response, headers, cookies, files: the two values and their parts
routes, router, matching, paths: the decorator, many routes in one function, and the search by method and path
answers, etag, compression, security, problem: what is added to an answer, and the form of errors
adapters/: one file per payload; interceptors/: guards and the functions around a route
"""
