"""The outbox's tables, and a bus that tells what it was sent."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

import pytest
from kit_db import Database, set_default_database
from kit_events import EventBus
from kit_events.outbox import Outbox, schema_sql
from kit_events.publishing.message import Message


class Bus(EventBus):
    """A bus that keeps what it is sent, and fails as it is told."""

    def __init__(self) -> None:
        super().__init__("memory://unused")
        self.sent: list[Message] = []
        self.fails: Callable[[Message], Exception | None] = lambda message: None
        self._lock = threading.Lock()

    def send(self, messages: Sequence[Message]) -> dict[UUID, Exception]:
        with self._lock:
            errors = {message.id: error for message in messages if (error := self.fails(message))}
            self.sent += [message for message in messages if message.id not in errors]
        return errors

    def numbers(self, aggregate_id: UUID | None = None) -> list[int]:
        found = [each for each in self.sent if aggregate_id in (None, each.aggregate_id)]
        return [json.loads(each.text)["payload"]["number"] for each in found]


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    made = Database.from_url(postgres_url)
    made.execute(schema_sql())
    set_default_database(made)
    yield made
    set_default_database(None)
    made.close()


@pytest.fixture
def sent_to() -> Bus:
    return Bus()


@pytest.fixture
def box(database: Database, sent_to: Bus) -> Outbox:
    return Outbox(bus=sent_to)
