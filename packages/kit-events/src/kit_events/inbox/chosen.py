"""The inbox of functions that were given none."""

import os

from kit_events.errors import InboxNotSetError
from kit_events.inbox.attempt import Inbox

_default: Inbox | None = None


def default_inbox() -> Inbox:
    """Return the inbox that KIT_EVENTS_INBOX names, unless another one was set.

    It is `dynamodb:<table>`, `postgresql` or `postgresql:<table>`, or `memory`. Raise `InboxNotSetError`.
    """
    global _default
    if _default is None:
        _default = _named(os.environ.get("KIT_EVENTS_INBOX"))
    return _default


def set_default_inbox(inbox: Inbox | None) -> None:
    """Use another default from now on; None reads the environment again at the next use."""
    global _default
    _default = inbox


def _named(text: str | None) -> Inbox:
    kind, _, table = (text or "").partition(":")
    if kind == "dynamodb" and table:
        from kit_events.inbox.dynamodb import DynamoDBInbox

        return DynamoDBInbox(table)
    if kind == "postgresql":
        from kit_events.inbox.postgres import PostgresInbox

        return PostgresInbox(table=table) if table else PostgresInbox()
    if text == "memory":
        from kit_events.inbox.memory import MemoryInbox

        return MemoryInbox()
    raise InboxNotSetError(text)
