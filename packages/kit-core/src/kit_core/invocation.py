"""The invocation, or the record of a batch, that is being handled: entered by the first that sees it, read by everyone.

kit-handler, kit-websocket and kit-logger enter it by themselves. Around a plain function, or in a script:

    @handler
    def nightly(event, context): ...

    with enter(correlation_id="import-7", remaining_ms=60_000): ...

The correlation id is looked up when it is first asked for, and kept as long as the invocation or record lasts. In this
order: an id that was set; `x-correlation-id` (a header field, or a message attribute of SQS or SNS, also of an SNS
message inside an SQS one; a header of Kafka; the correlation id of ActiveMQ and RabbitMQ; `attributes` in the detail of
EventBridge); the root of the X-Ray trace; the id of the event or message itself; the client context of a Lambda that
invoked this one; the request id of the invocation. An event that holds one record stands for this record.
"""

import os
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Token
    from typing import Any, ParamSpec, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")

    # [event, context, correlation id once it is known, cold start, the state around this one]: a list, since one is
    # made for every record of a batch, and an object takes three times as long.
    State = list[Any]

_current: "ContextVar[State | None]" = ContextVar("kit_invocation", default=None)
_first = True
_before_first: "list[Callable[[], object]]" = []
AROUND = 4  # the place in a state of the one around it
KEPT = 5  # the place of `kept`, once somebody has asked for it


def begin(event: "Any", context: "Any" = None) -> "Token[State | None]":
    """Make `event` the one that is being handled, until `end`; for code that receives events.

    context: the Lambda context; None takes the one of the invocation around this one
    """
    outer = _current.get()
    if outer is None:
        return _current.set([event, context, None, _first and _begin_first(), None])
    if context is None:
        context = outer[1]
    if event is outer[0] and event is not None and context is outer[1]:
        return _current.set(outer)  # a decorator around another: the id is looked up once, and may be set by either
    return _current.set([event, context, None, outer[3], outer])


def has_begun() -> bool:
    """Tell whether this process has seen an invocation."""
    return not _first


def before_first(function: "Callable[[], object]") -> None:
    """Call `function` when the first invocation of this process begins. It must not raise."""
    _before_first.append(function)


def _begin_first() -> bool:
    global _first
    _first = False
    while _before_first:
        _before_first.pop()()
    return True


def limited_state(milliseconds: float) -> "State":
    """Return the state of work that is no invocation, and has so much time."""
    return [None, _Limited(None, milliseconds), "", False, None]


end = _current.reset
"""Go back to the event that was handled before: takes the token that `begin` has returned."""

state, become = _current.get, _current.set
"""Read and replace the state, in a loop over many records, where `begin` and `end` for each take twice as long.

    around = state()
    try:
        for record in records:
            become([record, around[1], None, around[3], around])
            ...
    finally:
        become(around)
"""


def current() -> "Invocation | None":
    """Return the invocation or record that is being handled here, or None outside of one."""
    state = _current.get()
    return None if state is None else Invocation(state)


def correlation_id() -> str | None:
    """Return the id that joins everything done for one cause, or None outside of an invocation."""
    state = _current.get()
    return None if state is None else _correlation_id(state)


def set_correlation_id(value: str | None) -> None:
    """Let `value` be the correlation id of the current invocation or record; None looks it up again."""
    state = _current.get()
    if state is not None:
        state[2] = value


def outcome() -> "dict[str, Any] | None":
    """Return what is known of how the current invocation ends, or None if nobody has asked for it by `ask_outcome`.

    Code that handles an invocation writes into it, for metrics:
    failed: True if an answer stands for an exception
    records, failures: the numbers of a batch, where the code knows them better than the event and the answer tell
    reports: functions of the answer, called once it is known; a route has it around a function that needs it
    """
    state = _current.get()
    return None if state is None or len(state) == KEPT else state[KEPT].get("outcome")


def ask_outcome() -> "dict[str, Any]":
    """Return the `outcome` of the current invocation, which is written from now on; outside of one an empty dict."""
    state = _current.get()
    if state is None:
        return {}
    found: dict[str, Any] = kept(state).setdefault("outcome", {})
    return found


def kept(state: "State") -> "dict[Any, Any]":
    """Return the objects that packages keep with an invocation or record, as long as it lasts: by keys of their own."""
    if len(state) == KEPT:
        state.append({})
    found: dict[Any, Any] = state[KEPT]
    return found


def remaining_ms() -> int | None:
    """Return the milliseconds that the invocation has left; None outside of one, or if its context does not tell."""
    state = _current.get()
    return None if state is None or state[1] is None else remaining_ms_of(state[1])


def remaining_ms_of(context: "Any") -> int | None:
    """Return the milliseconds that a Lambda context has left, or None if it does not tell."""
    ask = getattr(context, "get_remaining_time_in_millis", None)
    if ask is None:
        ask = getattr(lambda_context(context), "get_remaining_time_in_millis", None)
    milliseconds = ask() if callable(ask) else None
    return int(milliseconds) if isinstance(milliseconds, (int, float)) else None


def lambda_context(context: "Any") -> "Any":
    """Return the Lambda context inside of a durable function's context; any other context is returned as it is."""
    if hasattr(context, "aws_request_id"):
        return context
    inside = getattr(context, "lambda_context", None)
    return context if inside is None else inside


class Invocation:
    """Is a view of the invocation or record that is being handled; get it by `current()`.

    Example:
        >>> with enter({"id": "e-1"}, correlation_id="import-7"):
        ...     current().correlation_id
        'import-7'
    """

    __slots__ = ("_state",)

    def __init__(self, state: "State") -> None:
        self._state = state

    @property
    def event(self) -> "Any":
        """Return the event, or within a batch the raw record."""
        return self._state[0]

    @property
    def context(self) -> "Any":
        """Return the Lambda context, or None."""
        return self._state[1]

    @property
    def cold_start(self) -> bool:
        """Tell whether this is the first invocation of the process, and a caller has waited for its start.

        With provisioned concurrency the start is over before the first call.
        """
        return bool(self._state[3]) and os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") != "provisioned-concurrency"

    @property
    def request_id(self) -> str | None:
        """Return the request id of the invocation, from its context."""
        found = getattr(lambda_context(self._state[1]), "aws_request_id", None)
        return found if isinstance(found, str) else None

    @property
    def function_name(self) -> str | None:
        """Return the name of the function, from the context or else the environment."""
        found = getattr(lambda_context(self._state[1]), "function_name", None)
        return found if isinstance(found, str) else os.environ.get("AWS_LAMBDA_FUNCTION_NAME")

    @property
    def correlation_id(self) -> str | None:
        """Return the id that joins everything done for one cause; it can be set."""
        return _correlation_id(self._state)

    @correlation_id.setter
    def correlation_id(self, value: str | None) -> None:
        self._state[2] = value

    def remaining_ms(self) -> int | None:
        """Return the milliseconds that are left, or None if the context does not tell."""
        return remaining_ms_of(self._state[1])


class enter:  # noqa: N801  (used as a function: `with enter(event): …`)
    """Enter an invocation in a `with`, for scripts, tests and code without a handler.

    event, context: as Lambda gives them to a handler; both may be left out
    correlation_id: its id, instead of the one in the event
    remaining_ms: the milliseconds that are left from now on, instead of the context's

    Example:
        >>> with enter(remaining_ms=5000) as invocation:
        ...     invocation.remaining_ms() <= 5000
        True
    """

    def __init__(
        self,
        event: "Any" = None,
        context: "Any" = None,
        *,
        correlation_id: str | None = None,
        remaining_ms: float | None = None,
    ) -> None:
        self._event = event
        self._context = context if remaining_ms is None else _Limited(context, remaining_ms)
        self._correlation_id = correlation_id
        self._tokens: list[Token[State | None]] = []

    def __enter__(self) -> Invocation:
        self._tokens.append(begin(self._event, self._context))
        state = _current.get()
        assert state is not None
        if self._correlation_id is not None:  # not that of the same event around this one
            state = [state[0], state[1], self._correlation_id, state[3], state]
            _current.set(state)
        return Invocation(state)

    def __exit__(self, *error: "Any") -> None:
        end(self._tokens.pop())


class _Limited:
    """Is a context with a clock of its own; everything else is as in the other context."""

    def __init__(self, context: "Any", milliseconds: float) -> None:
        from time import monotonic

        self._context = context
        self._clock = monotonic
        self._end = monotonic() + milliseconds / 1000

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds that are left."""
        return int((self._end - self._clock()) * 1000)

    def __getattr__(self, name: str) -> "Any":
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._context, name)


def handler(function: "Callable[P, R]") -> "Callable[P, R]":
    """Enter the invocation around a plain handler `(event, context)`, sync or `async def`.

    Not needed under kit-handler's, kit-websocket's and kit-logger's decorators, which do the same.

    Example:
        >>> @handler
        ... def nightly(event, context):
        ...     return correlation_id()
        >>> nightly({"id": "e-1"}, None)
        'e-1'
    """
    from functools import wraps

    from kit_core.parameters import is_async

    called: Any = function
    if is_async(function):

        @wraps(function)
        async def asynchronous(event: "Any", context: "Any" = None, *args: "Any", **kwargs: "Any") -> "Any":
            token = begin(event, context)
            try:
                return await called(event, context, *args, **kwargs)
            finally:
                end(token)

        return asynchronous  # type: ignore[return-value]

    @wraps(function)
    def synchronous(event: "Any", context: "Any" = None, *args: "Any", **kwargs: "Any") -> "Any":
        token = begin(event, context)
        try:
            return called(event, context, *args, **kwargs)
        finally:
            end(token)

    return synchronous  # type: ignore[return-value]


def _correlation_id(state: "State") -> str | None:
    known = state[2]
    if known is None:
        from kit_core.correlation import find_correlation_id, of_context

        known = state[2] = find_correlation_id(state[0]) or of_context(lambda_context(state[1])) or ""
    return known or None
