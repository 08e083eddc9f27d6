"""The response mapper: rows as PostgreSQL has written them, and errors, as HTTP responses."""
