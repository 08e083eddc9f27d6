"""Answers that come piece by piece: streamed through `kit_handler.asgi`, joined where Lambda's runtime takes them."""

from kit_handler._limits import seconds_left
from kit_handler.errors import ResponseTooLargeError, TimeUpError
from kit_handler.http.fields import transportable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterable
    from contextvars import Context
    from typing import Any

    Chunks = Iterable[Any] | AsyncIterable[Any]

_MOST_BYTES = 6_291_556  # an answer that is joined can't have more, so that an endless one ends here


class Stream:
    """Hold the body of an answer that comes in chunks; `Response.stream` makes it.

    chunks: an iterable or async iterable; chunk: makes bytes of each of its items

    Set by the route, where chunks go out one by one:
    name: its name, for log lines; context: the context variables that it was answered with
    on_error: makes an answer of an error before the first chunk
    """

    __slots__ = ("chunk", "chunks", "context", "name", "on_error")

    __kit_stream__ = True

    def __init__(self, chunks: "Chunks", chunk: "Callable[[Any], bytes] | None" = None) -> None:
        if isinstance(chunks, (str, bytes, bytearray)) or not (
            hasattr(chunks, "__iter__") or hasattr(chunks, "__aiter__")
        ):
            raise TypeError(
                f"a stream is an iterable or async iterable of texts or bytes, not {type(chunks).__qualname__!r}"
            )
        self.chunks: Any = chunks
        self.chunk = chunk or as_bytes
        self.name = "a function"
        self.context: Context | None = None
        self.on_error: Callable[[Exception], Any] | None = None

    def joined(self, context: "Any" = None) -> bytes:
        """Read all chunks, and return them as one.

        Raises ResponseTooLargeError over Lambda's 6 MB, TimeUpError (503) when the invocation's time is nearly over.
        """
        if hasattr(self.chunks, "__aiter__"):
            from kit_handler._coroutines import run

            return run(self._join_async(), context=context)
        return self._join(seconds_left(context))

    def close(self) -> None:
        """Close the chunks, which are not read."""
        close = getattr(self.chunks, "close", None)
        if close is not None:
            close()

    def _join(self, seconds: float | None) -> bytes:
        from time import monotonic

        end = None if seconds is None else monotonic() + seconds
        joined = bytearray()
        iterator = iter(self.chunks)
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
        iterator = aiter(self.chunks)
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
    id: the Last-Event-ID that the browser sends when it connects again
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
