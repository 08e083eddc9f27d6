"""Change streams of DocumentDB ("Using Lambda with Amazon DocumentDB")."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Self

from kit_events.records.fields import Fields
from kit_events.records.record import Record


class DocumentRecord(Record):
    """One change of a document: `operation` is insert, update, replace, delete, or one of a whole collection.

    `key`, `document` and `update` are in MongoDB's Extended JSON, as they came: `{"$oid": "…"}`. `document` is None
    where there is none, or where the stream does not tell the full document of an update.
    """

    kind = "change of DocumentDB"
    shown = ("operation", "database", "collection", "resume_token")

    operation: str
    database: str
    collection: str | None = None
    key: dict[str, Any] | None = None
    document: dict[str, Any] | None = None
    update: dict[str, Any] | None = None
    at: datetime | None = None
    resume_token: str = ""
    cluster_arn: str = ""

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the changes."""
        arn = fields.find("eventSourceArn", str) or ""
        for change in (event.part("event") for event in _events(fields)):
            place = change.part("ns")
            yield cls(
                operation=change.get("operationType", str),
                database=place.get("db", str),
                collection=place.find("coll", str),
                key=change.find("documentKey", dict),
                document=change.find("fullDocument", dict),
                update=change.find("updateDescription", dict),
                at=change.part("clusterTime").part("$timestamp").epoch("t") if "clusterTime" in change else None,
                resume_token=change.part("_id").get("_data", str),
                cluster_arn=arn,
            )


def _events(fields: Fields) -> list[Fields]:
    """Return the events of the changes; one that kit-handler's `job` has taken out is there alone."""
    if "events" not in fields and "event" in fields:
        return [fields]
    events = fields.parts("events")
    if not events:
        raise fields.error("events", "is empty")
    return events
