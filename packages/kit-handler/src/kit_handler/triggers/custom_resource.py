"""Custom resources of CloudFormation: the answer goes to a pre-signed URL, and a stack hangs for an hour without it.

Source: CloudFormation User Guide, "Custom resource response objects".
"""

from kit_handler.errors import TriggerError
from kit_handler.triggers.outcomes import failure, json_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Timer
    from typing import Any

    from kit_handler._types import Event

_MOST_BYTES = 4096  # "the total size of the response body cannot exceed 4096 bytes"
_MARGIN = 2.0  # seconds before the end of the invocation at which CloudFormation is told that it took too long
_ATTEMPTS = 3
_TIMEOUT = 5.0
_KNOWN = ("PhysicalResourceId", "Data", "NoEcho")


def answer_once(call: "Callable[[], Any]", event: "Event", context: "Any", name: str) -> None:
    """Call the function and tell CloudFormation the outcome, once, before the time is up.

    Raises TriggerError when CloudFormation can't be told; Lambda tries again then.
    """
    once = _Once(event, context)
    watch = _watch(once, context)
    try:
        said = _fields(json_of(call()))
    except Exception as error:  # noqa: BLE001  (a stack waits for the answer)
        once.send({"Status": "FAILED", "Reason": f"{failure(error, name)} See the log stream {_log_stream(context)}."})
    else:
        once.send({"Status": "SUCCESS", **said})
    finally:
        if watch is not None:
            watch.cancel()
    if once.failure is not None:
        raise TriggerError("CloudFormation could not be told of the outcome") from once.failure


class _Once:
    """Send one answer: the function's, or if it takes too long the clock's."""

    def __init__(self, event: "Event", context: "Any") -> None:
        from threading import Lock

        self.event = event
        self.context = context
        self.failure: Exception | None = None
        self._lock = Lock()
        self._sent = False

    def time_is_up(self) -> None:
        """Tell CloudFormation that the function has not ended in time."""
        self.send({"Status": "FAILED", "Reason": f"Timed out. See the log stream {_log_stream(self.context)}."})

    def send(self, outcome: "dict[str, Any]") -> None:
        """Send `outcome`, unless another was sent before."""
        with self._lock:
            if self._sent:
                return
            self._sent = True
            try:
                _put(self.event["ResponseURL"], self._body(outcome))
            except Exception as error:  # noqa: BLE001  (raised by `answer_once`, in the function's own thread)
                self.failure = error

    def _body(self, outcome: "dict[str, Any]") -> bytes:
        from kit_core.json import dumps

        body = dumps({**self._identity(), **outcome}).encode()
        if len(body) <= _MOST_BYTES:
            return body
        reason = f"The answer has {len(body)} bytes, and CloudFormation takes {_MOST_BYTES}."
        return dumps({**self._identity(), "Status": "FAILED", "Reason": reason}).encode()

    def _identity(self) -> "dict[str, Any]":
        request, logical = self.event.get("RequestId"), self.event.get("LogicalResourceId")
        return {
            "PhysicalResourceId": self.event.get("PhysicalResourceId") or f"{logical}-{request}",
            "StackId": self.event.get("StackId"),
            "RequestId": request,
            "LogicalResourceId": logical,
        }


def _fields(said: "Any") -> "dict[str, Any]":
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise TypeError(f"a custom resource answers with a mapping, not {type(said).__qualname__!r}")
    if not any(name in said for name in _KNOWN):
        return {"Data": said}
    return {name: said[name] for name in _KNOWN if said.get(name) is not None}


def _watch(once: _Once, context: "Any") -> "Timer | None":
    left = getattr(context, "get_remaining_time_in_millis", None)
    if left is None:
        return None
    from threading import Timer

    timer = Timer(max(0.0, left() / 1000 - _MARGIN), once.time_is_up)
    timer.daemon = True
    timer.start()
    return timer


def _put(url: str, body: bytes) -> None:
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    if not url.startswith(("https://", "http://")):
        raise ValueError("the ResponseURL is not one of HTTP")
    for attempt in range(1, _ATTEMPTS + 1):
        # The signature covers an empty Content-Type.
        request = Request(url, data=body, method="PUT", headers={"Content-Type": ""})  # noqa: S310  (checked above)
        try:
            with urlopen(request, timeout=_TIMEOUT):  # noqa: S310
                return
        except HTTPError as error:
            error.close()
            if attempt == _ATTEMPTS:
                raise
        except OSError:
            if attempt == _ATTEMPTS:
                raise


def _log_stream(context: "Any") -> str:
    return str(getattr(context, "log_stream_name", None) or "of the function")
