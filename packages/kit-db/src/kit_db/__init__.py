"""PostgreSQL from AWS Lambda: one warm connection, transactions, typed stores."""
