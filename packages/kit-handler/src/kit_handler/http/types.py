"""The shapes of functions around a request.

Only type checkers load this module: `typing` is not free at a cold start.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from enum import Enum
from typing import Any, Protocol, TypeAlias, overload

from kit_handler._types import Event
from kit_handler.http.request import Request
from kit_handler.http.response import Response

CallNext: TypeAlias = Callable[[Request], Response]
AsyncCallNext: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]
PlainInterceptor: TypeAlias = Callable[[Request, CallNext], Response]
AsyncInterceptor: TypeAlias = Callable[[Request, AsyncCallNext], Awaitable[Response]]
Interceptor: TypeAlias = PlainInterceptor | AsyncInterceptor
Guard: TypeAlias = Callable[[Request], Response | None]
AnswerStep: TypeAlias = Callable[[Response, Request], Response]
RouteFunction: TypeAlias = Callable[..., Response] | Callable[..., Awaitable[Response]]
Verifier: TypeAlias = Callable[[str, Request], bool] | Callable[[str, Request], Awaitable[bool]]
Names: TypeAlias = str | Enum | Iterable[str | Enum | tuple[str, ...]] | None  # the tuples are made by `all_of`
Origins: TypeAlias = bool | str | Iterable[str]


class RouteHandler(Protocol):
    """Is the result of `route`: a Lambda handler that can also be called with a plain `Request`."""

    __name__: str
    __wrapped__: RouteFunction

    @overload
    def __call__(self, event: Request, context: Any = None) -> Response: ...
    @overload
    def __call__(self, event: Event, context: Any = None) -> dict[str, Any]: ...


class Signer(Protocol):
    """Signs a request; `kit_aws.get_signed_auth()` returns one."""

    def sign(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Mapping[str, str]: ...


class Buckets(Protocol):
    """Counts requests for a rate limit: a token bucket for each key, in memory or in a store that functions share.

    `take` takes one of the at most `burst` tokens of `key`'s bucket, which `rate` new ones a second fill; it returns 0
    when it got one, else the seconds until there will be one.
    """

    def take(self, key: str, *, rate: float, burst: float) -> float | Awaitable[float]: ...
