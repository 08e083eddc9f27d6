"""A chat: a page, a WebSocket API, and two tables."""
