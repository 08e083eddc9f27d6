"""Checks: the objects in `Annotated` that say which values are right.

metadata: the objects by their words; checks: what they enforce; samples: values to try them with at decoration
"""
