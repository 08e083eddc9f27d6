"""What the programs write, publish and read: facts, each about one of some invoices."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID, uuid5

from kit_events import BaseEvent
from kit_events.inbox import schema_sql as inbox_sql
from kit_events.outbox import schema_sql as outbox_sql

INVOICES = [uuid5(UUID(int=0), str(number)) for number in range(100)]

SCHEMA = f"""
create table facts (id uuid primary key, place bigint generated always as identity);
create table effects (fact uuid not null);
{outbox_sql()}
{inbox_sql()}
"""


@dataclass(frozen=True)
class Stated(BaseEvent):
    """A fact is stated. `kept` is false where the transaction is rolled back: such an event must never be seen."""

    type: ClassVar[str] = "fact.stated"

    aggregate_id: UUID
    fact: UUID
    kept: bool = True
