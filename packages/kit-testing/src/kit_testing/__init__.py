"""Tests of Lambda functions: events of every source, clients, a real PostgreSQL and Redis, and AWS."""

from kit_testing.clients import (
    Answer,
    BatchAnswer,
    Client,
    JobClient,
    RecordingBus,
    WebSocketClient,
    deliver,
    failed_ids,
)
from kit_testing.context import LambdaContext
from kit_testing.errors import (
    FolderTakenError,
    InvalidAnswerError,
    MigrationError,
    MissingExtraError,
    ServerError,
    TestingError,
)

__all__ = [
    "Answer",
    "BatchAnswer",
    "Client",
    "FolderTakenError",
    "InvalidAnswerError",
    "JobClient",
    "LambdaContext",
    "MigrationError",
    "MissingExtraError",
    "RecordingBus",
    "ServerError",
    "TestingError",
    "WebSocketClient",
    "deliver",
    "failed_ids",
]
