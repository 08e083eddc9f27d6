"""Bases that most systems need: entities, events and parameters."""

from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID, uuid4

from kit_schemas.base import BaseSchema
from kit_schemas.declaration import field


def _now() -> datetime:
    return datetime.now(UTC)


class BaseEntity(BaseSchema, default_timezone=UTC):
    """Something that is kept: with an id of its own and the times when it was made and changed.

    Made in code it gets all three; loaded, it keeps its own. A time that comes without a zone is UTC.

    >>> class Loan(BaseEntity):
    ...     amount: int
    >>> sorted(Loan(amount=5).dump())
    ['amount', 'created_at', 'uid', 'updated_at']
    """

    uid: UUID = field(default_factory=uuid4)
    created_at: datetime = field(default_factory=_now)
    updated_at: datetime = field(default_factory=_now)


class EventSchema(BaseSchema, default_timezone=UTC):
    """An event: set `type` and declare its data beside the id of its aggregate.

    It answers all that a bus of kit-events asks an event for, and any other bus may ask the same. `filter_attributes`
    names the fields that subscribers may filter by.

    >>> class LoanPaid(EventSchema):
    ...     type: ClassVar[str] = "loan.paid"
    >>> LoanPaid(aggregate_id=UUID(int=7)).get_type()
    'loan.paid'
    """

    type: ClassVar[str]
    version: ClassVar[str] = "1"
    filter_attributes: ClassVar[tuple[str, ...]] = ()

    aggregate_id: UUID

    def get_type(self) -> str:
        """Return the event's type."""
        return self.type

    def get_version(self) -> str:
        """Return the version of the payload's shape."""
        return self.version

    def get_aggregate_id(self) -> UUID:
        """Return the id of the event's aggregate."""
        return self.aggregate_id


class BaseParams(BaseSchema, strict=False, split=True):
    """Parameters of a path and a query: all of them are text, and a list is `a,b`.

    >>> class LoanQuery(BaseParams):
    ...     limit: int = 20
    ...     status: list[str] | None = None
    >>> LoanQuery.load({"limit": "5", "status": "open,paid"})
    LoanQuery(limit=5, status=['open', 'paid'])
    """
