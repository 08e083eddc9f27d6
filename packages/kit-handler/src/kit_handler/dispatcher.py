"""`Dispatcher`: one Lambda entry point for every kind of event."""

from kit_core.invocation import begin, end
from kit_core.parameters import refuse_unknown

from kit_handler.errors import ConfigurationError, UnhandledSourceError
from kit_handler.http import payloads
from kit_handler.sources import names_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Never, TypeVar

    from kit_handler._types import EventHandler, TriggerHandler
    from kit_handler.jobs.failures import Backoff
    from kit_handler.jobs.types import DeadLetter, JobHandler, Visibility

    F = TypeVar("F", bound=Callable[..., Any])

_ITS_DEFAULT: "Any" = ...  # that of `job`


# Members of events whose request context is none of HTTP or a WebSocket: of authorizers and destinations.
_OTHER_CONTEXTS = frozenset({"methodArn", "routeArn", "requestPayload"})


class Dispatcher:
    """Pass each event to the handler that it is for; an instance is itself the Lambda handler.

    http: the handler of requests: a `Router`, a `route`, or any `(event, context)`
    websocket: the handler of a WebSocket API's events
    default: the handler of every event that no other is registered for
    jobs, routes: modules or mappings of handlers, for a function that is deployed under many names: of a function
    called `stack-ProcessOrder-x1y2`, `routes.process_order` is called, and of one called `stack-JobProcessOrder-x1y2`,
    `jobs.job_process_order` or `jobs.process_order`. A function that none is called after is dispatched by its events.

    Jobs and triggers are registered with `job` and `trigger`, other handlers with `add`, for the names that
    `kit_handler.sources.names_of` lists: the narrowest wins. Raises UnhandledSourceError for an event that nothing is
    registered for, if there is no `default`: it is never dropped in silence.

    Example:
        >>> app = Dispatcher(default=lambda event, context: "nobody's")
        >>> app.add(lambda event, context: "loans", "loans")({}, None)
        'loans'
        >>> app({"anything": 1}, None)
        "nobody's"
    """

    def __init__(
        self,
        *,
        http: "EventHandler | None" = None,
        websocket: "EventHandler | None" = None,
        default: "EventHandler | None" = None,
        jobs: "Any" = None,
        routes: "Any" = None,
        **unknown: "Never",
    ) -> None:
        refuse_unknown("Dispatcher", unknown, ("http", "websocket", "default", "jobs", "routes"))
        self.http = http
        self.websocket = websocket
        self.default = default
        self.jobs = jobs
        self.routes = routes
        self._handlers: dict[str, EventHandler] = {}

    def job(
        self,
        *names: str,
        margin: float = _ITS_DEFAULT,
        partial: bool = _ITS_DEFAULT,
        raise_if_all_failed: bool = _ITS_DEFAULT,
        concurrency: int = _ITS_DEFAULT,
        dead_letter: "DeadLetter | None" = _ITS_DEFAULT,
        permanent: "type[Exception] | Iterable[type[Exception]]" = _ITS_DEFAULT,
        max_receives: int | None = _ITS_DEFAULT,
        backoff: "Backoff | Visibility | None" = _ITS_DEFAULT,
        **unknown: "Never",
    ) -> "Callable[[Callable[..., Any]], JobHandler]":
        """Register a job for queues, topics, buckets, streams, tables or events by name, ARN or source (`aws:sqs`).

        The options are those of `kit_handler.job`; a function that is a job already is taken as it is.
        """
        values = locals()
        from kit_handler.jobs.jobs import OPTIONS, job

        refuse_unknown("Dispatcher.job", unknown, sorted(OPTIONS))
        given = {name: values[name] for name in OPTIONS if values[name] is not _ITS_DEFAULT}
        return self._decorator(names, "job", job, given)

    def trigger(self, *names: str) -> "Callable[[Callable[..., Any]], TriggerHandler]":
        """Register a trigger: `cognito`, `lex`, `alexa`, `authorizer`, `custom_resource`, `appsync`, `bedrock`,
        `rotation`, `schedule`, or narrower.
        """
        from kit_handler.triggers.triggers import trigger

        return self._decorator(names, "trigger", trigger, {})

    def add(self, handler: "F", *names: str) -> "F":
        """Register any handler `(event, context)` for `names`; ConfigurationError if one of them is taken."""
        if not names or not all(isinstance(name, str) and name for name in names):
            raise ConfigurationError(f"a handler is registered for names of sources, not for {names!r}")
        if not callable(handler):
            raise ConfigurationError(f"{handler!r} can't be called")
        for name in names:
            if name in self._handlers:
                raise ConfigurationError(f"there is a handler for {name!r} already")
        self._handlers.update(dict.fromkeys(names, handler))
        return handler

    def __call__(self, event: "Any", context: "Any" = None) -> "Any":
        """Call the handler of the function's name, else of the event, and return its result."""
        handler = self._of_function(context) or self._of_event(event) or self.default
        if handler is None:
            raise UnhandledSourceError(event if isinstance(event, dict) else (), handler="this dispatcher")
        token = begin(event, context)
        try:
            return handler(event, context)
        finally:
            end(token)

    def _of_function(self, context: "Any") -> "EventHandler | None":
        if self.jobs is None and self.routes is None:
            return None
        parts = str(getattr(context, "function_name", None) or "").split("-")
        name = parts[-2] if len(parts) > 1 else parts[0]
        if not name.startswith("Job"):
            return _member(self.routes, _snake_case(name))
        return _member(self.jobs, _snake_case(name)) or _member(self.jobs, _snake_case(name[len("Job") :]))

    def _of_event(self, event: "Any") -> "EventHandler | None":
        if not isinstance(event, dict):
            names = names_of(event) if isinstance(event, list) else ()
            return next((self._handlers[name] for name in names if name in self._handlers), None)
        if "requestContext" in event and _OTHER_CONTEXTS.isdisjoint(event):
            request_context = event["requestContext"]
            if isinstance(request_context, dict) and "connectionId" in request_context:
                return self.websocket
        else:
            for name in names_of(event):
                if name in self._handlers:
                    return self._handlers[name]
        return self.http if self.http is not None and payloads.find(event) is not None else None

    def _decorator(
        self, names: tuple[str, ...], kind: str, make: "Any", options: "dict[str, Any]"
    ) -> "Callable[[Callable[..., Any]], Any]":
        def decorate(function: "Callable[..., Any]") -> "Any":
            if getattr(function, "__kit_handler__", None) != kind:
                return self.add(make(**options)(function), *names)
            if options:
                raise TypeError(f"{function!r} is a {kind} already, and has its options")
            return self.add(function, *names)

        return decorate


def _member(holder: "Any", name: str) -> "EventHandler | None":
    if holder is None or not name or name.startswith("_"):
        return None
    found = holder.get(name) if hasattr(holder, "__getitem__") else getattr(holder, name, None)
    return found if callable(found) else None


def _snake_case(name: str) -> str:
    """Return `process_http_order` for `ProcessHTTPOrder`."""
    letters = []
    for position, letter in enumerate(name):
        after = name[position + 1 : position + 2]
        if position and letter.isupper() and (not name[position - 1].isupper() or after.islower()):
            letters.append("_")
        letters.append(letter.lower())
    return "".join(letters)
