"""Middleware that most WebSocket APIs need.

tracking: `Tracking`, the time of a connection's last message; authentication: `Authentication` on `$connect`
authorization: `Authorization` of routes; rate_limit: `RateLimit`; reconnecting: `ReconnectHint`
logs: `LogKeys`, the connection in log lines
"""
