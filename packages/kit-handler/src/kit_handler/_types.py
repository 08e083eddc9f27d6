"""The shapes that meet here. Only type checkers load this module: `typing` is not free at a cold start."""

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, Protocol, Self, TypeAlias, overload

from kit_handler.reports import ErrorReport
from kit_handler.request import Request
from kit_handler.response import Response

Event: TypeAlias = dict[str, Any]
CallNext: TypeAlias = Callable[[Request], Response]
AsyncCallNext: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]
PlainInterceptor: TypeAlias = Callable[[Request, CallNext], Response]
AsyncInterceptor: TypeAlias = Callable[[Request, AsyncCallNext], Awaitable[Response]]
Interceptor: TypeAlias = PlainInterceptor | AsyncInterceptor
Guard: TypeAlias = Callable[[Request], Response | None]
RouteFunction: TypeAlias = Callable[..., Response] | Callable[..., Awaitable[Response]]
Verifier: TypeAlias = Callable[[str, Request], bool] | Callable[[str, Request], Awaitable[bool]]
Names: TypeAlias = Any  # a str, an Enum, or a list, tuple or set of them
Origins: TypeAlias = bool | str | Iterable[str]
ErrorReceiver: TypeAlias = Callable[[ErrorReport], object]
EventHandler: TypeAlias = Callable[..., Any]
DeadLetter: TypeAlias = Callable[[Any, Exception], object]
Visibility: TypeAlias = Callable[[list[tuple[Any, int]]], object]


class RouteHandler(Protocol):
    """What `route` makes: a Lambda handler that can also be called with a plain `Request`."""

    __name__: str
    __wrapped__: RouteFunction

    @overload
    def __call__(self, event: Request, context: Any = None) -> Response: ...
    @overload
    def __call__(self, event: Event, context: Any = None) -> dict[str, Any]: ...


class JobHandler(Protocol):
    """What `job` makes: a Lambda handler that answers as the event's source expects."""

    __name__: str
    __wrapped__: Callable[..., Any]

    def __call__(self, event: Any, context: Any = None) -> dict[str, Any] | None: ...


class Record(Protocol):
    """One incoming record, or several that one raw record holds."""

    @classmethod
    def from_record(cls, raw: Mapping[str, Any]) -> Iterable[Self]: ...


class Adapter(Protocol):
    """One payload format: recognises an event, reads it, and writes the answer to it."""

    def recognises(self, event: Event) -> bool: ...
    def method(self, event: Event) -> str: ...
    def path(self, event: Event) -> str: ...
    def headers(self, event: Event) -> Iterable[tuple[str, str]]: ...
    def multi_query(self, event: Event) -> dict[str, list[str]]: ...
    def query(self, event: Event) -> dict[str, str]: ...
    def path_params(self, event: Event) -> dict[str, str]: ...
    def authorizer(self, event: Event) -> dict[str, Any] | None: ...
    def identity(self, event: Event) -> dict[str, Any]: ...
    def cookies(self, event: Event) -> list[str]: ...
    def body(self, event: Event) -> tuple[Any, bool]: ...
    def encode(self, response: Response) -> dict[str, Any]: ...


class Signer(Protocol):
    """Signs a request; `kit_aws.get_signed_auth()` returns one."""

    def sign(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Mapping[str, str]: ...


class Buckets(Protocol):
    """Counts requests for a rate limit: a token bucket for each key, in memory or in a store that functions share.

    `take` takes one of the at most `burst` tokens of `key`'s bucket, which `rate` new ones a second fill; it returns 0
    when it got one, else the seconds until there will be one.
    """

    def take(self, key: str, *, rate: float, burst: float) -> float | Awaitable[float]: ...
