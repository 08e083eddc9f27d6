"""Work on each message once, however often it is delivered."""

from kit_events.inbox.attempt import Attempt, Inbox
from kit_events.inbox.chosen import default_inbox, set_default_inbox
from kit_events.inbox.dynamodb import DynamoDBInbox
from kit_events.inbox.memory import MemoryInbox
from kit_events.inbox.once import once
from kit_events.inbox.postgres import PostgresInbox, schema_sql

__all__ = [
    "Attempt",
    "DynamoDBInbox",
    "Inbox",
    "MemoryInbox",
    "PostgresInbox",
    "default_inbox",
    "once",
    "schema_sql",
    "set_default_inbox",
]
