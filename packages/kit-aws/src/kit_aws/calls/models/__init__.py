"""The services and operations that are called without boto3: one module for each service, loaded by its first call."""
