"""The places for values: in this process, in Redis, and on disk."""
