"""Memory, disk and Redis caching for AWS Lambda functions, without pickle."""
