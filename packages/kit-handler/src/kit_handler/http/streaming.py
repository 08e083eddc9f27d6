"""Answers that come piece by piece: streamed through `kit_handler.asgi`, joined where Lambda's runtime takes them."""

from kit_core.invocation import remaining_ms, remaining_ms_of

from kit_handler.errors import ResponseTooLargeError, TimeUpError
from kit_handler.http.fields import transportable
from kit_handler.http.response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterable, Mapping
    from contextvars import Context
    from typing import Any

    Chunks = Iterable[Any] | AsyncIterable[Any]

_MOST_BYTES = 6_291_556  # an answer that is joined can't have more, so that an endless one ends here
_MARGIN = 0.5  # seconds before the end of the invocation at which a stream is cut, at most
_SHARE = 0.1  # of the time that was left when it began: the margin of a short invocation


class StreamedResponse(Response):
    """Hold an answer whose body is an iterable, or an async one, of texts and bytes; `Response.stream` makes it.

    chunk: makes bytes of each item

    Set by the route, where chunks go out one by one:
    name: its name, for log lines; context: the context variables that it was answered with
    on_error: makes an answer of an error before the first chunk
    """

    __slots__ = ("chunk", "context", "name", "on_error")

    streams = True

    def __init__(
        self,
        status_code: int,
        body: "Chunks",
        headers: "Mapping[str, Any] | None" = None,
        *,
        cookies: "Iterable[str]" = (),
        chunk: "Callable[[Any], bytes] | None" = None,
    ) -> None:
        super().__init__(status_code, body, headers, cookies=cookies)
        if isinstance(body, (str, bytes, bytearray)) or not (hasattr(body, "__iter__") or hasattr(body, "__aiter__")):
            raise TypeError(
                f"a stream is an iterable or async iterable of texts or bytes, not {type(body).__qualname__!r}"
            )
        self.chunk = chunk or as_bytes
        self.name = "a function"
        self.context: Context | None = None
        self.on_error: Callable[[Exception], Response] | None = None

    def with_headers(self, headers: "Mapping[str, Any]") -> "StreamedResponse":
        """Return a copy that has these header fields in place of its own; the body is one and the same stream."""
        copy = StreamedResponse(self.status_code, self.body, headers, cookies=self.cookies, chunk=self.chunk)
        copy.name, copy.context, copy.on_error = self.name, self.context, self.on_error
        return copy

    def encoded(self) -> "tuple[str, bool, dict[str, str]]":
        """Read the stream to its end, and return what `Response.encoded` does."""
        return self.joined().encoded()

    def joined(self, context: "Any" = None) -> Response:
        """Read the stream to its end, and return the answer as one.

        Raises ResponseTooLargeError over Lambda's 6 MB, TimeUpError (503) when the invocation's time is nearly over.
        """
        if hasattr(self.body, "__aiter__"):
            from kit_handler._coroutines import run

            content = run(self._join_async(), context=context)
        else:
            content = self._join(seconds_left(context))
        return Response(self.status_code, content, self.headers, cookies=self.cookies)

    def without_body(self) -> Response:
        """Return the answer without its body, which is not read."""
        close = getattr(self.body, "close", None)
        if close is not None:
            close()
        return Response(self.status_code, "", self.headers, cookies=self.cookies)

    def _join(self, seconds: float | None) -> bytes:
        from time import monotonic

        end = None if seconds is None else monotonic() + seconds
        joined = bytearray()
        iterator = iter(self.body)
        try:
            for item in iterator:
                _extend(joined, self.chunk(item))
                if end is not None and monotonic() > end:
                    raise TimeUpError
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()
        return bytes(joined)

    async def _join_async(self) -> bytes:
        joined = bytearray()
        iterator = aiter(self.body)
        try:
            async for item in iterator:
                _extend(joined, self.chunk(item))
        finally:
            close = getattr(iterator, "aclose", None)
            if close is not None:
                await close()
        return bytes(joined)


class ServerSentEvent:
    r"""Hold one event of a stream of server-sent events (HTML Standard, "Server-sent events"); see `Response.events`.

    data: text, or anything else that JSON in `kit_core.json` knows; None for an event that only says `id` or `retry`
    event: its type, "message" for the browser unless given
    id: what the browser sends as Last-Event-ID when it connects again
    retry: milliseconds after which the browser connects again
    comment: a line that browsers ignore; it keeps a connection alive on which nothing happens

    Raises ValueError for a line break in `event` or `id`, and for NUL in `id`.

    Example:
        >>> str(ServerSentEvent({"done": 3}, event="progress", id="7"))
        'event: progress\nid: 7\ndata: {"done":3}\n\n'
    """

    __slots__ = ("comment", "data", "event", "id", "retry")

    def __init__(
        self,
        data: "Any" = None,
        *,
        event: str | None = None,
        id: str | None = None,  # noqa: A002  (its name in the standard)
        retry: int | None = None,
        comment: str | None = None,
    ) -> None:
        for name, value, forbidden in (("event", event, "\r\n"), ("id", id, "\r\n\0")):
            if value is not None and any(each in value for each in forbidden):
                raise ValueError(f"{name}= of an event is one line: {value!r}")
        if retry is not None and (type(retry) is not int or retry < 0):
            raise ValueError(f"retry= of an event is a number of milliseconds: {retry!r}")
        self.data = data
        self.event = event
        self.id = id
        self.retry = retry
        self.comment = comment

    def __str__(self) -> str:
        lines = [f": {line}" for line in _lines(self.comment)] if self.comment is not None else []
        for name in ("event", "id", "retry"):
            value = getattr(self, name)
            if value is not None:
                lines.append(f"{name}: {value}")
        if self.data is not None:
            lines += [f"data: {line}" for line in _lines(_text_of(self.data))]
        return "\n".join([*lines, "", ""])


def event_as_bytes(item: "Any") -> bytes:
    """Return an item of a stream of events: a ServerSentEvent, or the data of one."""
    return as_bytes(str(item if isinstance(item, ServerSentEvent) else ServerSentEvent(item)))


def as_bytes(item: "Any") -> bytes:
    """Return a chunk as bytes."""
    if isinstance(item, str):
        return transportable(item).encode()
    if isinstance(item, (bytes, bytearray, memoryview)):
        return bytes(item)
    raise TypeError(f"a chunk of a stream is text or bytes, not {type(item).__qualname__!r}")


def seconds_left(context: "Any" = None) -> float | None:
    """Return the seconds that a stream may take, None without a limit."""
    milliseconds = remaining_ms() if context is None else remaining_ms_of(context)
    if milliseconds is None:
        return None
    seconds = max(0.0, milliseconds / 1000)
    return seconds - min(_MARGIN, seconds * _SHARE)


def _extend(joined: bytearray, chunk: bytes) -> None:
    joined += chunk
    if len(joined) > _MOST_BYTES:
        raise ResponseTooLargeError(size=len(joined), limit=_MOST_BYTES)


def _text_of(data: "Any") -> str:
    if isinstance(data, str):
        return data
    from kit_core.json import dumps

    return dumps(data)


def _lines(text: str) -> list[str]:
    """Return the lines of a text, by the standard's three line breaks and no others."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
