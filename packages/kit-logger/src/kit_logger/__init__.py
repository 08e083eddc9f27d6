"""Structured logs for AWS Lambda: the Powertools logger, redacted, one format for every library."""
