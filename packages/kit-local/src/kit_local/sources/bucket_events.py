"""Buckets that tell EventBridge: their notifications wait in a hidden queue, and are put on the default bus.

After "Amazon S3 event message structure" for EventBridge.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus
from uuid import uuid4

from kit_local.sources import events
from kit_local.sources.bus import Bus
from kit_local.sources.repeat import repeat
from kit_local.sources.sqs import LONG_POLL, Queue

# Of the names in a notification: the detail type, and what the reason and the kind of deletion are called.
_TYPES: Mapping[str, tuple[str, dict[str, str]]] = {
    "ObjectCreated:Put": ("Object Created", {"reason": "PutObject"}),
    "ObjectCreated:Post": ("Object Created", {"reason": "POST Object"}),
    "ObjectCreated:Copy": ("Object Created", {"reason": "CopyObject"}),
    "ObjectCreated:CompleteMultipartUpload": ("Object Created", {"reason": "CompleteMultipartUpload"}),
    "ObjectRemoved:Delete": ("Object Deleted", {"reason": "DeleteObject", "deletion-type": "Permanently Deleted"}),
}
# moto also announces tags with every object that is put, so they aren't asked for.
NOTIFIED = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]
logger = logging.getLogger("kit.local")


class BucketEvents:
    """Put what buckets notify a queue of on the default bus, from now until `stop`."""

    def __init__(self, queue: Queue, bus: Bus, *, account: str) -> None:
        self._queue, self._bus, self._account = queue, bus, account
        self._task = asyncio.create_task(repeat(self._turn, name="events of buckets"))

    async def stop(self) -> None:
        """Put nothing more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _turn(self) -> None:
        messages = await self._queue.receive(10, wait=LONG_POLL)
        for message in messages:
            try:
                for event in put(message, self._account):
                    await asyncio.to_thread(self._bus.put, "default", event)
            except Exception:
                logger.exception("a notification of a bucket has not reached the default bus")
        await self._queue.delete(messages)


def put(message: Mapping[str, Any], account: str) -> list[dict[str, Any]]:
    """Return the events of one notification; none of the test that a queue gets first."""
    records = json.loads(message["Body"]).get("Records", [])
    return [_event(events.bucket_record(record, message), account) for record in records]


def _event(record: Mapping[str, Any], account: str) -> dict[str, Any]:
    bucket, entry = record["s3"]["bucket"], record["s3"]["object"]
    kind, more = _TYPES[record["eventName"]]
    created = kind == "Object Created"
    named = {"key": unquote_plus(entry["key"]), "etag": entry["eTag"], "sequencer": entry["sequencer"]}
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": kind,
        "source": "aws.s3",
        "account": account,
        "time": datetime.fromisoformat(record["eventTime"]).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": record["awsRegion"],
        "resources": [bucket["arn"]],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket["name"]},
            "object": {**named, **({"size": entry["size"]} if created else {})},
            "request-id": record["responseElements"]["x-amz-request-id"],
            "requester": account,
            "source-ip-address": record["requestParameters"]["sourceIPAddress"],
            **more,
        },
    }
