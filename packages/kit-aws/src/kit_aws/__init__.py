"""AWS helpers for Lambda functions: cached clients, parameters, secrets, queues, signed requests and URLs."""
