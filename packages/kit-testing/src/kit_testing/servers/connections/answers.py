"""The answers of `@connections`, in the form that SDKs read.

After "Use @connections commands in your backend service" and the errors of the API Gateway Management API.
"""

import json
from datetime import UTC, datetime

from kit_testing.servers.aws.bridges import Reply

COMMANDS = "/@connections/"  # what the path of a command has between the stage and the connection's id
MESSAGE_LIMIT = 128 * 1024  # bytes; "Quotas for configuring and running a WebSocket API"
_ERRORS = {
    403: "ForbiddenException",
    410: "GoneException",
    413: "PayloadTooLargeException",
    429: "LimitExceededException",
}


def refusal(status: int, message: str = "") -> Reply:
    """Return an error; `x-amzn-ErrorType` names it. GoneException (410) has no body."""
    kind = _ERRORS.get(status, "InternalServerError")
    headers = (("Content-Type", "application/json"), ("x-amzn-ErrorType", kind))
    return Reply(status, headers, b"" if status == 410 else json.dumps({"message": message or kind}).encode())


def gone() -> Reply:
    """Return the answer about a connection that is not open: 410."""
    return refusal(410)


def too_large() -> Reply:
    """Return the answer to a message over 128 KB: 413."""
    return refusal(413)


def throttled() -> Reply:
    """Return the answer to a command over the account's rate: 429."""
    return refusal(429, "Too Many Requests")


def forbidden() -> Reply:
    """Return the answer to a command that is not signed, or none of this API's: 403."""
    return refusal(403, "Forbidden")


def state(*, connected_at: float, active_at: float, source_ip: str, user_agent: str) -> Reply:
    """Return the answer to GET: since when a connection is open and was last used (Unix times), and whose it is."""
    content = {
        "connectedAt": _iso(connected_at),
        "lastActiveAt": _iso(active_at),
        "identity": {"sourceIp": source_ip, "userAgent": user_agent},
    }
    return Reply(200, (("Content-Type", "application/json"),), json.dumps(content).encode())


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
