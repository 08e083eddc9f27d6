"""Tests of Lambda functions: events of every source, clients, a real PostgreSQL and Redis."""
