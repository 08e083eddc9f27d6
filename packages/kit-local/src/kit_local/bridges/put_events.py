"""EventBridge's PutEvents for the rules of the template ("PutEvents", EventBridge API reference)."""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kit_testing.servers.aws import Call, Next, Reply

from kit_local.sources.bus import Bus

logger = logging.getLogger("kit.local")


class PutEvents:
    """A bridge that gives the events which moto has accepted to the bus."""

    def __init__(self, bus: Bus, *, region: str, account: str) -> None:
        self._bus, self._region, self._account = bus, region, account

    def __call__(self, call: Call, call_next: Next) -> Reply:
        """Pass a call on, and what it has put."""
        reply = call_next(call)
        if reply.status == 200 and call.action == "PutEvents":
            entries, answers = json.loads(call.body)["Entries"], reply.json()["Entries"]
            for entry, answer in zip(entries, answers, strict=True):
                if "EventId" in answer:
                    self._put(entry, answer["EventId"])
        return reply

    def _put(self, entry: Mapping[str, Any], event_id: str) -> None:
        try:
            bus = (entry.get("EventBusName") or "default").rpartition("/")[2]
            self._bus.put(bus, self._event(entry, event_id))
        except Exception:  # the caller is told that the event was taken
            logger.exception("the event %s has not reached its bus", event_id)

    def _event(self, entry: Mapping[str, Any], event_id: str) -> dict[str, Any]:
        """Return an event as targets get it ("Events in Amazon EventBridge")."""
        moment = datetime.fromtimestamp(entry["Time"], UTC) if "Time" in entry else datetime.now(UTC)
        return {
            "version": "0",
            "id": event_id,
            "detail-type": entry["DetailType"],
            "source": entry["Source"],
            "account": self._account,
            "time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self._region,
            "resources": entry.get("Resources") or [],
            "detail": json.loads(entry["Detail"]),
        }
