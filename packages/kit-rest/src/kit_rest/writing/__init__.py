"""Writes: POST, PUT, PATCH and DELETE, and the checks before and after."""
