"""Bridges before moto, where moto does less than AWS: each may answer a call, or read moto's answer."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class Call:
    """One request to the local AWS; header names are in lower case."""

    method: str
    path: str  # still percent-encoded, without the query
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    query: str = field(default="", repr=False)  # still percent-encoded; a signature may be in it

    @property
    def service(self) -> str:
        """The service that the signature names, empty without one."""
        parts = self.headers.get("authorization", "").partition("Credential=")[2].split(",")[0].split("/")
        return parts[3] if len(parts) > 3 else ""

    @property
    def action(self) -> str:
        """The operation of the AWS JSON protocol, empty for the others."""
        return self.headers.get("x-amz-target", "").rpartition(".")[2]

    @property
    def name(self) -> str:
        """What a message calls it: the service and the operation, or the method and the path."""
        return f"{self.service} {self.action}" if self.action else f"{self.method} {self.path}"


@dataclass(frozen=True)
class Reply:
    """The answer to a call."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    @classmethod
    def error(cls, status: int, kind: str, message: str) -> "Reply":
        """Make an error of a service that speaks JSON."""
        headers = (("Content-Type", "application/json"), ("x-amzn-errortype", kind))
        content = {"__type": kind, "Type": "User", "Message": message, "message": message}
        return cls(status, headers, json.dumps(content).encode())

    @classmethod
    def failure(cls, call: Call, message: str) -> "Reply":
        """Make the answer to a call that has failed here (500), in a form that an SDK reads for the service."""
        if call.service != "s3" and "form-urlencoded" not in call.headers.get("content-type", ""):
            return cls.error(500, "InternalFailure", message)
        error = f"<Error><Code>InternalFailure</Code><Message>{escape(message)}</Message></Error>"
        body = error if call.service == "s3" else f"<ErrorResponse>{error}</ErrorResponse>"
        return cls(500, (("Content-Type", "text/xml"),), body.encode())

    def json(self) -> Any:
        """Parse the body."""
        return json.loads(self.body)


Next = Callable[[Call], Reply]
Bridge = Callable[[Call, Next], Reply]


def through(bridges: list[Bridge], last: Next) -> Next:
    """Return a callable that passes a call through the bridges, the first one outermost, to `last`."""
    for bridge in reversed(bridges):
        last = _before(bridge, last)
    return last


def _before(bridge: Bridge, call_next: Next) -> Next:
    return lambda call: bridge(call, call_next)
