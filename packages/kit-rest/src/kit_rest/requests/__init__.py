"""The request mapper: from an HTTP request to its meaning, without SQL."""
