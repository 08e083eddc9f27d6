"""Writes: POST, PUT, PATCH and DELETE, and what is checked before and after."""
