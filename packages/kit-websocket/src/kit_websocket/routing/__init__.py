"""Routing: the resolver, its handlers and middleware, and their results."""
