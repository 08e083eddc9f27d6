"""Between entities and rows.

shape: an entity's class as a row; columns: one column of it; makers: the compiled functions between entities and rows
conversions: values as annotated; values: values as parameters, PostgreSQL's text and JSON
types, records, texts: composite types and arrays of the database's own types
"""
