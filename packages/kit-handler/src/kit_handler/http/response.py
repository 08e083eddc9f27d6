"""An HTTP response, independent of its payload."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterable, Mapping
    from os import PathLike
    from typing import Any, Literal

_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"
_BYTES = "application/octet-stream"
_NO_NAMES: "dict[str, str]" = {}


class Response:
    """Hold an answer: a status (a number or an HTTPStatus), a body, header fields and cookies.

    A str is sent as it is (as text/plain unless a Content-Type is given), bytes in base64, anything else as JSON:
    see `kit_core.json.dumps` for the types that it knows. `cookies` are whole Set-Cookie values.
    """

    __slots__ = ("body", "cookies", "headers", "status_code")

    def __init__(
        self,
        status_code: int = 200,
        body: "Any" = "",
        headers: "Mapping[str, Any] | None" = None,
        *,
        cookies: "Iterable[str]" = (),
    ) -> None:
        self.status_code = status_code if type(status_code) is int else int(status_code)
        self.body = body
        self.headers: dict[str, Any] = dict(headers) if headers else {}
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
    def unprocessable(cls, message: str = "The request can't be processed") -> "Response":
        """Answer 422."""
        return cls.errors(422, [{"id": "unprocessable", "message": message}])

    @classmethod
    def too_many_requests(cls, message: str = "Too many requests", *, retry_after: "float | None" = None) -> "Response":
        """Answer 429; `retry_after` are the seconds after which to come again, rounded up."""
        response = cls.errors(429, [{"id": "too_many_requests", "message": message}])
        if retry_after is not None:
            response.headers["Retry-After"] = str(max(0, -int(-retry_after // 1)))
        return response

    @classmethod
    def internal_server_error(cls, message: str = "An unexpected error has occurred.") -> "Response":
        """Answer 500."""
        return cls.errors(500, [{"id": "internal_server_error", "message": message}])

    @classmethod
    def errors(cls, status_code: int, entries: "list[dict[str, Any]]") -> "Response":
        """Answer with `{"errors": entries}`."""
        return cls(status_code, {"errors": entries})

    @classmethod
    def redirect(cls, location: str, *, status_code: int = 302) -> "Response":
        """Send the client to `location`: 302 by default; 303 makes it a GET, 307 and 308 keep the method.

        Spaces, line breaks and letters beyond ASCII are percent-encoded.
        """
        from kit_handler.http.fields import as_reference

        return cls(status_code, headers={"Location": as_reference(str(location))})

    @classmethod
    def text(cls, text: str, *, status_code: int = 200) -> "Response":
        """Answer with plain text."""
        return cls(status_code, text, {"Content-Type": _TEXT})

    @classmethod
    def html(cls, html: str, *, status_code: int = 200) -> "Response":
        """Answer with HTML; values in it must be escaped already."""
        return cls(status_code, html, {"Content-Type": "text/html; charset=utf-8"})

    @classmethod
    def binary(cls, data: bytes, *, content_type: str = _BYTES, status_code: int = 200) -> "Response":
        """Answer with bytes. A REST API must list the type, or `*/*`, in its binary media types."""
        return cls(status_code, data, {"Content-Type": content_type})

    @classmethod
    def file(
        cls,
        source: "str | PathLike[str] | bytes",
        *,
        filename: str | None = None,
        content_type: str | None = None,
        inline: bool = False,
    ) -> "Response":
        """Answer with a file to be saved, or shown if `inline`: a path, or the content itself as bytes.

        The name is by default the path's last part, the type that of the name's ending. Reads the whole file; an
        answer can have about 4.5 MB of bytes, more than that belongs behind a presigned URL of S3.
        """
        from kit_handler.http.files import file_fields

        fields, content = file_fields(source, filename=filename, content_type=content_type, inline=inline)
        return cls(200, content, fields)

    @classmethod
    def stream(
        cls,
        chunks: "Iterable[str | bytes] | AsyncIterable[str | bytes]",
        *,
        content_type: str = _TEXT,
        status_code: int = 200,
        headers: "Mapping[str, Any] | None" = None,
    ) -> "Response":
        """Answer with texts or bytes as an iterable, or async iterable, yields them.

        Under `kit_handler.asgi` each chunk goes out at once. Lambda's runtime for Python takes whole answers: there the
        chunks are joined, up to 6 MB. An error before the first chunk is answered like any other; a later one ends the
        connection, so that the client sees that the answer is incomplete, or is a 500 where chunks are joined. ETag and
        compression leave streams alone.

        Example:
            >>> @app.get("/report.csv")
            ... def report() -> Response:
            ...     return Response.stream(lines_of_the_report(), content_type="text/csv; charset=utf-8")
        """
        from kit_handler.http.fields import with_defaults
        from kit_handler.http.streaming import Stream

        return cls(status_code, Stream(chunks), with_defaults(headers or {}, {"Content-Type": content_type}))

    @classmethod
    def events(
        cls, events: "Iterable[Any] | AsyncIterable[Any]", *, headers: "Mapping[str, Any] | None" = None
    ) -> "Response":
        """Answer with server-sent events: each item is a `ServerSentEvent`, or the data of one as text or for JSON.

        As `stream` does it; where chunks are joined, the browser gets all events at once when the last has come.

        Example:
            >>> @app.get("/progress")
            ... async def progress() -> Response:
            ...     return Response.events(steps())
        """
        from kit_handler.http.fields import with_defaults
        from kit_handler.http.streaming import Stream, event_as_bytes

        fields = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        return cls(200, Stream(events, event_as_bytes), with_defaults(headers or {}, fields))

    def set_cookie(
        self,
        name: str,
        value: str,
        *,
        max_age: int | None = None,
        path: str = "/",
        domain: str | None = None,
        secure: bool = True,
        httponly: bool = True,
        samesite: "Literal['Lax', 'Strict', 'None'] | None" = "Lax",
    ) -> "Response":
        """Add a cookie, for `max_age` seconds or until the browser is closed, and return this response.

        Raises ValueError for a name or value that can't stand in the field (encode it first), and for cookies that
        browsers would refuse: SameSite=None without Secure, a name that begins with `__Host-` with a domain.
        """
        from kit_handler.http.cookies import cookie

        self.cookies.append(
            cookie(
                name,
                value,
                max_age=max_age,
                path=path,
                domain=domain,
                secure=secure,
                httponly=httponly,
                samesite=samesite,
            )
        )
        return self

    def delete_cookie(self, name: str, *, path: str = "/", domain: str | None = None) -> "Response":
        """Make the browser forget a cookie that was set with this path and domain, and return this response."""
        return self.set_cookie(name, "", max_age=0, path=path, domain=domain)

    @property
    def streams(self) -> bool:
        """Whether the body is a stream, which is not read yet."""
        return hasattr(self.body, "__kit_stream__")

    def with_headers(self, headers: "Mapping[str, Any]") -> "Response":
        """Return a copy that has these header fields in place of its own."""
        return Response(self.status_code, self.body, headers, cookies=self.cookies)

    def parts(self) -> "tuple[str, bool, dict[str, str], list[str]]":
        """Return the body as text, whether that is base64, the header fields, and the values of Set-Cookie.

        Among the fields is a Content-Type, but no Set-Cookie. Bytes whose Content-Type says text or JSON go out as
        text. Raises TypeError or ValueError when the body has no form in JSON, for a header field that is neither text,
        number nor a list of these, and for one with a line break or control character in it; ValueError for a status
        that HTTP doesn't have.
        """
        if not 100 <= self.status_code <= 599:
            raise ValueError(f"{self.status_code!r} is no status of HTTP")
        if self.headers:
            fields, names, cookies = _as_fields(self.headers)
        else:
            fields, names, cookies = {}, _NO_NAMES, []
        if self.cookies:
            cookies += _as_cookies(self.cookies)
        body = self.body
        if type(body) is dict:  # nearly always
            text, kind, in_base64 = _dumps(body), _JSON, False
        elif isinstance(body, str):
            text, kind, in_base64 = body if body.isascii() else _transportable(body), _TEXT, False
        elif body is None:
            text, kind, in_base64 = "", _TEXT, False
        else:
            from kit_handler.http.bodies import as_text

            text, kind, in_base64 = as_text(body, fields, names)
        if text and "content-type" not in names:
            fields["Content-Type"] = kind
        return text, in_base64, fields, cookies

    def encoded(self) -> "tuple[str, bool, dict[str, str]]":
        """Return the first three of `parts`: the body as text, whether that is base64, and the header fields."""
        return self.parts()[:3]

    def set_cookies(self) -> list[str]:
        """Return every value of Set-Cookie, those among the header fields first; raise as `parts` does."""
        cookies = _as_fields(self.headers)[2] if self.headers else []
        return cookies + _as_cookies(self.cookies)

    def dump(self) -> "dict[str, Any]":
        """Return the answer in the shape that REST APIs take."""
        body, in_base64, fields, cookies = self.parts()
        answer = {"statusCode": self.status_code, "headers": fields, "body": body, "isBase64Encoded": in_base64}
        if cookies:
            answer["multiValueHeaders"] = {"Set-Cookie": cookies}
        return answer

    def __repr__(self) -> str:
        return f"<Response {self.status_code}>"


def _load_dumps(value: "Any") -> str:
    """Stand for `dumps` until the first body: an import in a function costs something each time."""
    global _dumps
    from kit_core.json import dumps

    _dumps = dumps
    return dumps(value)


_dumps = _load_dumps


def _load_as_fields(headers: "Mapping[str, Any]") -> "tuple[dict[str, str], Any, list[str]]":
    """Stand for `as_fields` until the first header field, as above."""
    global _as_fields
    from kit_handler.http.fields import as_fields

    _as_fields = as_fields
    return as_fields(headers)


_as_fields: "Callable[[Mapping[str, Any]], tuple[dict[str, str], Any, list[str]]]" = _load_as_fields


def _as_cookies(cookies: "Iterable[str]") -> list[str]:
    from kit_handler.http.fields import as_cookies

    return as_cookies(cookies)


def _transportable(text: str) -> str:
    from kit_handler.http.fields import transportable

    return transportable(text)
