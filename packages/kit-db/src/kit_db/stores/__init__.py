"""A table as a store of entities.

store: the methods; access: the running of their statements; portions: many rows in several statements
statements, names, conditions, keyset: the SQL; pages: signed cursors
"""
