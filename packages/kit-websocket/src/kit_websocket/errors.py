"""Every error this package raises on purpose.

WebSocketsError
├── EventShapeError        the event is not one of a WebSocket API
├── StatusError            raised by a handler: answer with this status
│   ├── ForbiddenError     403
│   ├── InvalidMessageError  400: the message does not fit its handler; its wrong fields
│   ├── TooManyMessagesError 429
│   └── UnauthorizedError  401
├── ResponseShapeError     a handler's response is none that API Gateway takes
├── TableNotSetError       no table name, neither as an argument nor in the environment
├── TableShapeError        the table exists with another key
├── DynamoDBError          DynamoDB failed, or could not be reached
├── EndpointNotSetError    nowhere to send to
├── MessageTooLargeError   more than API Gateway passes on
└── SendError              some connections could not be sent to
"""

from collections.abc import Mapping, Sequence
from typing import Any


class WebSocketsError(Exception):
    """Say that something went wrong with a WebSocket; the root of this package's errors. All of them pickle."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without `__init__`, whose parameters differ from `args`."""
        return _restore, (type(self), self.args, dict(self.__dict__))


def _restore(kind: type[WebSocketsError], args: tuple[Any, ...], attributes: dict[str, Any]) -> WebSocketsError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(attributes)
    return error


class EventShapeError(WebSocketsError):
    """Say that an event lacks a part that every event of a WebSocket API has.

    `missing` is the absent part of `requestContext`. It means that the function is attached to something else.
    """

    def __init__(self, missing: str) -> None:
        """Name the part that is missing."""
        self.missing = missing
        super().__init__(f"not an event of a WebSocket API: requestContext has no {missing!r}")


class StatusError(WebSocketsError):
    """Answer with `status` and `message` when a handler or a middleware raises it.

    On `$connect` any status but 2xx refuses the connection. The message is sent to the client.
    """

    def __init__(self, status: int, message: str) -> None:
        """Keep the HTTP status (400 to 599) and the text for the client."""
        if not 400 <= status <= 599:
            raise ValueError(f"the status of an error lies between 400 and 599, not {status!r}")
        self.status = status
        self.message = message
        super().__init__(f"{status}: {message}")


class UnauthorizedError(StatusError):
    """Answer 401: nobody knows who is calling."""

    def __init__(self, message: str = "Unauthorized") -> None:
        """Keep the text for the client."""
        super().__init__(401, message)


class ForbiddenError(StatusError):
    """Answer 403: the caller is known and may not."""

    def __init__(self, message: str = "Forbidden") -> None:
        """Keep the text for the client."""
        super().__init__(403, message)


class InvalidMessageError(StatusError):
    """Answer 400: the message does not fit its handler.

    `errors` has an entry `{"field", "message"}` for each wrong field, nested ones as `a.0.b`; it goes to the client.
    """

    def __init__(self, message: str = "The message is invalid", errors: Sequence[Mapping[str, str]] = ()) -> None:
        """Keep the text for the client and the wrong fields."""
        super().__init__(400, message)
        self.errors = [dict(each) for each in errors]


class TooManyMessagesError(StatusError):
    """Answer 429: the client sends more than it may; `retry_after` is how many seconds it should wait."""

    def __init__(self, retry_after: int, message: str = "Too many messages") -> None:
        """Keep the seconds and the text for the client."""
        super().__init__(429, message)
        self.retry_after = retry_after


class ResponseShapeError(WebSocketsError, TypeError):
    """Say that a handler returned a response that API Gateway would answer with an error, or with silence.

    `part` is the member of the response, `value` its value.
    """

    def __init__(self, part: str, value: object, expected: str) -> None:
        """Keep the part and its value; `expected` says what belongs there."""
        self.part = part
        self.value = value
        super().__init__(f"a response has {part}={value!r:.100}, which should be {expected}")


class TableNotSetError(WebSocketsError):
    """Say that no table was named."""

    def __init__(self) -> None:
        """Name both places where the table is looked for."""
        super().__init__("no connection table: pass table_name, or set DYNAMODB_TABLE")


class TableShapeError(WebSocketsError):
    """Say that `table` has the key attributes `found`, where `expected` were."""

    def __init__(self, table: str, found: tuple[str, ...], expected: tuple[str, ...]) -> None:
        """Keep both keys, as the names of their attributes."""
        self.table = table
        self.found = found
        self.expected = expected
        super().__init__(f"table {table!r} has the key {found!r}, not {expected!r} (see sort_key)")


class DynamoDBError(WebSocketsError):
    """Say that DynamoDB failed or could not be reached.

    `operation` is the API's name for it (`GetItem`), `code` AWS's error code (or, where there was no answer, the name
    of the connection error, and for a value that DynamoDB can't hold TypeError or ValueError), `table` the table's
    name. The cause is chained.
    """

    def __init__(self, operation: str, code: str, table: str, problem: str | None = None) -> None:
        """Keep the operation, the error code and the table; `problem` is added to the text."""
        self.operation = operation
        self.code = code
        self.table = table
        super().__init__(
            f"DynamoDB {operation} on table {table!r} failed: {code}" + (f": {problem}" if problem else "")
        )


class EndpointNotSetError(WebSocketsError):
    """Say that there is no management endpoint to send through."""

    def __init__(self) -> None:
        """Name every place where the endpoint is looked for."""
        super().__init__(
            "no endpoint to send through: pass endpoint_url, set KIT_WEBSOCKET_ENDPOINT"
            " (https://{api}.execute-api.{region}.amazonaws.com/{stage}), or send while a WebSocket event is handled"
        )


class MessageTooLargeError(WebSocketsError):
    """Say that a message has more bytes (`size`) than API Gateway passes on (`limit`)."""

    def __init__(self, size: int, limit: int) -> None:
        """Keep both sizes, in bytes."""
        self.size = size
        self.limit = limit
        super().__init__(f"the message has {size} bytes, the limit is {limit}")


class SendError(WebSocketsError):
    """Say which connections could not be sent to, though they are not known to be gone.

    `failures` maps each connection id to AWS's error code (or the name of the connection error); `reached` is how
    many others did get the message.
    """

    def __init__(self, failures: Mapping[str, str], reached: int = 0) -> None:
        """Keep the failed connections with their codes, and the number of the reached ones."""
        self.failures = dict(failures)
        self.reached = reached
        named = ", ".join(f"{connection_id!r} ({code})" for connection_id, code in self.failures.items())
        told = f"{len(self.failures)} connection(s): {named}" if named else "all connections"
        super().__init__(f"could not send to {told}")
