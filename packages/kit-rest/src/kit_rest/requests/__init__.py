"""The request mapper: from an HTTP request to what it asks for, in words that know nothing of SQL."""
