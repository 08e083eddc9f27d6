"""Which messages a function has hidden itself: its own ChangeMessageVisibility goes before kit-local's retry delay."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from kit_testing.servers.aws import Call, Next, Reply


class Visibility:
    """A bridge that notes the visibility timeouts which are given to the messages in work."""

    def __init__(self) -> None:
        self._watched: dict[str, dict[str, int]] = {}

    @contextmanager
    def watch(self, handles: Iterable[str]) -> Iterator[dict[str, int]]:
        """Yield what gets the seconds by receipt handle, as long as the messages are worked on."""
        changed: dict[str, int] = {}
        watched = list(handles)
        self._watched.update(dict.fromkeys(watched, changed))
        try:
            yield changed
        finally:
            for handle in watched:
                self._watched.pop(handle, None)

    def __call__(self, call: Call, call_next: Next) -> Reply:
        """Pass a call on, and note what it has changed."""
        reply = call_next(call)
        if reply.status == 200 and call.action in ("ChangeMessageVisibility", "ChangeMessageVisibilityBatch"):
            request = json.loads(call.body)
            failed = {entry["Id"] for entry in reply.json().get("Failed") or ()} if reply.body else set()
            for entry in request.get("Entries") or [request]:
                changed = self._watched.get(entry["ReceiptHandle"])
                if changed is not None and entry.get("Id") not in failed:
                    changed[entry["ReceiptHandle"]] = int(entry["VisibilityTimeout"])
        return reply
