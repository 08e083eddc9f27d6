"""Strict events between Lambda functions: records in, SNS to SQS fan-out out."""
