"""What happens behind the API: one function per queue or bucket."""

from uuid import UUID

from kit_events import EventRecord, FileRecord
from kit_handler import correlation_id, job
from kit_logger import inject, logger, set_correlation_id

from loans.service import attach, decide
from loans.websocket import connections

# In a batch every record has an id of its own.
set_correlation_id(correlation_id)


@inject
@job
def underwrite(record: EventRecord) -> None:
    """Decide on a requested loan."""
    decide(UUID(record.payload["id"]))


@inject
@job
def attach_document(record: FileRecord) -> None:
    """Record a file that was uploaded as `loans/{loan}/{upload}/{name}`."""
    loan_id = UUID(record.key.split("/")[1])
    attach(loan_id, record.key, record.size or 0)


@inject
@job
async def notify(record: EventRecord) -> None:
    """Tell the profile's open connections how its loan was decided."""
    loan = record.payload
    message = {"action": "loan", "id": loan["id"], "status": loan["status"]}
    reached = await connections.send_to_user(loan["profile_id"], message)
    logger.info("loan announced", extra={"loan_id": loan["id"], "connections": reached})
