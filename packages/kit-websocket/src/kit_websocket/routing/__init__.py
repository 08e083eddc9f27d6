"""Routing: the resolver, calling handlers, and their results.

resolver: `WebSocketResolver`; middleware: the chain around handlers; handlers: calling one with the parameters that it
names; arguments: where each parameter comes from; loading: bodies by annotation; body: the message's JSON
response: results as responses, and error replies; replies: acknowledgements, and results that are sent
context: `Context`; functions: a router for messages that name a function
"""
