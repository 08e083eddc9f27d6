"""Loans: requested over HTTP, decided by a job, announced over a WebSocket."""
