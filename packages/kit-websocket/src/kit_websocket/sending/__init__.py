"""Sending: through the management API of a WebSocket API (`@connections`), signed, over kept connections.

endpoint: the URL of the management API; message: a message's bytes; send: one message to one connection
signing: the signature of a request; wire: a kept connection; pool: kept connections per endpoint and event loop
courier: one request with its retries; fanout: many connections at once; delivery: a fan-out's result
"""
