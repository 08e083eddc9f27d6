"""API Gateway's three kinds of API, on ports of their own."""
