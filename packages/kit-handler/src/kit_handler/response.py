"""An HTTP response, whatever it goes out in."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"
_BYTES = "application/octet-stream"


class Response:
    """Hold an answer: a status (a number or an HTTPStatus), a body, header fields and cookies.

    A str is sent as it is (as text/plain unless a Content-Type is given), bytes in base64, anything else as JSON:
    see `kit_handler.payload.dumps` for what that knows. `cookies` are whole Set-Cookie values.
    """

    __slots__ = ("body", "cookies", "headers", "status_code")

    def __init__(
        self,
        status_code: int = 200,
        body: "Any" = "",
        headers: "Mapping[str, str] | None" = None,
        *,
        cookies: "Iterable[str]" = (),
    ) -> None:
        self.status_code = int(status_code)
        self.body = body
        self.headers: dict[str, str] = dict(headers) if headers else {}
        self.cookies = list(cookies) if cookies else []

    @classmethod
    def ok(cls, data: "Any" = None) -> "Response":
        """Answer 200 with `{"data": data}`."""
        return cls(200, {"data": {} if data is None else data})

    @classmethod
    def created(cls, data: "Any" = None) -> "Response":
        """Answer 201 with `{"data": data}`."""
        return cls(201, {"data": {} if data is None else data})

    @classmethod
    def accepted(cls, data: "Any" = None) -> "Response":
        """Answer 202 with `{"data": data}`."""
        return cls(202, {"data": {} if data is None else data})

    @classmethod
    def no_content(cls) -> "Response":
        """Answer 204 with no body."""
        return cls(204)

    @classmethod
    def bad_request(cls, message: "str | dict[str, Any] | Iterable[Any]" = "Bad Request") -> "Response":
        """Answer 400 with a message, or with several: strings or whole entries `{"id", "message", "field"?}`."""
        messages = [message] if isinstance(message, (str, dict)) else message
        return cls.errors(
            400, [entry if isinstance(entry, dict) else {"id": "bad_request", "message": entry} for entry in messages]
        )

    @classmethod
    def unauthorized(cls, message: str = "Authentication is required") -> "Response":
        """Answer 401."""
        return cls.errors(401, [{"id": "unauthorized", "message": message}])

    @classmethod
    def forbidden(cls, message: str = "You shall not pass!") -> "Response":
        """Answer 403."""
        return cls.errors(403, [{"id": "forbidden", "message": message}])

    @classmethod
    def not_found(cls, message: str = "Resource not found") -> "Response":
        """Answer 404."""
        return cls.errors(404, [{"id": "not_found", "message": message}])

    @classmethod
    def conflict(cls, message: str = "Conflict") -> "Response":
        """Answer 409."""
        return cls.errors(409, [{"id": "conflict", "message": message}])

    @classmethod
    def internal_server_error(cls, message: str = "An unexpected error has occurred.") -> "Response":
        """Answer 500."""
        return cls.errors(500, [{"id": "internal_server_error", "message": message}])

    @classmethod
    def errors(cls, status_code: int, entries: "list[dict[str, Any]]") -> "Response":
        """Answer with `{"errors": entries}`."""
        return cls(status_code, {"errors": entries})

    def encoded(self) -> "tuple[str, bool, dict[str, str]]":
        """Return the body as text, whether that is base64, and the header fields with a Content-Type.

        Raises TypeError or ValueError when the body has no form in JSON, ValueError for a header field with a line
        break in it.
        """
        body, in_base64, headers = self.body, False, {}
        if self.headers:
            headers = _checked(self.headers)
        if isinstance(body, str):
            text, kind = body, _TEXT
        elif body is None:
            text, kind = "", _TEXT
        elif isinstance(body, (bytes, bytearray)):
            from binascii import b2a_base64

            text, kind, in_base64 = b2a_base64(body, newline=False).decode(), _BYTES, True
        else:
            from kit_handler.payload import dumps

            text, kind = dumps(body), _JSON
        if text and not (headers and _names_content_type(headers)):
            headers["Content-Type"] = kind
        return text, in_base64, headers

    def dump(self) -> "dict[str, Any]":
        """Return the answer in the shape that REST APIs take."""
        from kit_handler.adapters import apigateway_v1

        return apigateway_v1.encode(self)

    def __repr__(self) -> str:
        return f"<Response {self.status_code}>"


def _checked(headers: "dict[str, str]") -> "dict[str, str]":
    fields = {str(name): str(value) for name, value in headers.items()}
    for name, value in fields.items():
        if "\n" in value or "\r" in value or "\n" in name or "\r" in name:
            raise ValueError(f"a line break in the header field {name!r}")
    return fields


def _names_content_type(headers: "dict[str, str]") -> bool:
    return any(name.lower() == "content-type" for name in headers)
