"""A table as a store of entities.

store: the methods; statements, keyset: their SQL; pages: signed cursors
shape: the columns of an entity's class; conversions: values as annotated; values: values as PostgreSQL's text
"""
