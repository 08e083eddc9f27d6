"""A library as a REST API."""
