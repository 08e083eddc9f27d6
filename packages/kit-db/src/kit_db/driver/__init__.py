"""psycopg2: running statements and reading their rows.

psycopg2: one connection; waiting: the waiting for its socket; process: forks
results: the rows of a statement; reading, casts, times, intervals: their values; unreadable: values that Python lacks
writing: parameters; queries: the few things that have to be known of a statement's text
failures: the driver's errors in this package's words
"""
