"""The names that every event here uses."""

REGION = "eu-central-1"
ACCOUNT = "123456789012"
TIME = "2025-01-01T00:00:00Z"
EPOCH_MS = 1735689600000
