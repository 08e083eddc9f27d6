"""Guards and interceptors: what stands between a request and the route.

registry: the options of `route`, those that `add_interceptor` adds, and the guards of a route
stack: guards, interceptors and function as one callable
access, cors, jwt, jwks, rate_limit, token: one option each
"""
