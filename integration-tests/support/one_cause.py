"""A service as a user writes it: a request announces a loan, a job decides on it, announces that and tells the officer.

No line here carries an id or a time limit from one package to another.
"""

from typing import Any, ClassVar
from uuid import UUID, uuid4

from kit_core.invocation import correlation_id
from kit_db import default_database, transactional
from kit_events import BaseEvent, EventRecord
from kit_events.outbox import Outbox
from kit_handler import Response, job, route
from kit_logger import logger
from kit_schemas import BaseSchema
from kit_websocket import ConnectionManager, WebSocketResolver

outbox = Outbox(deliver="after_commit")
connections = ConnectionManager()
resolver = WebSocketResolver()


class LoanEvent(BaseSchema, BaseEvent):
    version: ClassVar[str] = "1"

    id: UUID

    def get_aggregate_id(self) -> UUID:
        return self.id


class LoanRequested(LoanEvent):
    type: ClassVar[str] = "loan.requested"


class LoanDecided(LoanEvent):
    type: ClassVar[str] = "loan.decided"


@route
def request_loan() -> Response:
    return Response.created({"id": announce(uuid4()), "statement_timeout": statement_timeout()})


@transactional
def announce(loan_id: UUID) -> UUID:
    outbox.publish(LoanRequested(id=loan_id))
    return loan_id


@transactional
def statement_timeout() -> str:
    (row,) = default_database().execute("select setting from pg_settings where name = 'statement_timeout'")
    return str(row["setting"])


@job
async def decide(record: EventRecord) -> None:
    logger.info("deciding")
    LoanDecided(id=UUID(record.payload["id"])).publish()
    await connections.send_to_user("officer", {"decided": record.payload["id"], "cause": correlation_id()})


@job(concurrency=2)
def decide_together(record: EventRecord) -> None:
    logger.info("deciding")


@resolver.on_connect()
async def connect(connection_id: str) -> Any:
    logger.info("connected")
    return await connections.connect(connection_id, user_id="officer")
