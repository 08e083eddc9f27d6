"""The functions behind the API: one for each queue, bucket or schedule."""

from typing import Any
from uuid import UUID

from kit_events import EventRecord, FileRecord
from kit_events.inbox import PostgresInbox, once
from kit_events.outbox import Relay
from kit_handler import job, trigger
from kit_logger import inject, logger

from loans.service import attach, decide, forget, outbox
from loans.websocket import connections

inbox = PostgresInbox()
relay = Relay(outbox)


@once(name="underwrite", inbox=inbox)
def decide_once(record: EventRecord) -> None:
    """Decide on a requested loan, in the transaction that also marks the event as done."""
    decide(UUID(record.payload["id"]))


@inject
@job
def underwrite(record: EventRecord) -> None:
    """Decide on a requested loan once, and forget the cached one every time that the event is delivered."""
    decide_once(record)
    # Outside of @once: if the process was killed right after the commit, nobody has done it, and this is a repeat.
    forget(UUID(record.payload["id"]))


@inject
@trigger
def relay_events(event: dict[str, Any]) -> dict[str, int]:
    """Every minute: send the events that nobody could send after their commit, and forget old marks of the inbox."""
    return {**relay.run().dump(), "forgotten": inbox.purge()}


@inject
@job
def attach_document(record: FileRecord) -> None:
    """Record a file that was uploaded as `loans/{loan}/{upload}/{name}`."""
    loan_id = UUID(record.key.split("/")[1])
    attach(loan_id, record.key, record.size or 0)


@inject
@job
async def notify(record: EventRecord) -> None:
    """Tell the profile's open connections how its loan was decided; to be told twice does no harm."""
    loan = record.payload
    message = {"action": "loan", "id": loan["id"], "status": loan["status"]}
    reached = await connections.send_to_user(loan["profile_id"], message)
    logger.info("loan announced", extra={"loan_id": loan["id"], "connections": reached})
