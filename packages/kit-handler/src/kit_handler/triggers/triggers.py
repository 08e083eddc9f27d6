"""`trigger`: a function of an event whose source waits for an answer becomes a Lambda handler."""

from kit_core.invocation import begin, end

from kit_handler._naming import name_of, names_around, take_over
from kit_handler.errors import UnhandledSourceError
from kit_handler.jobs.annotations import (
    context_parameter,
    event_parser,
    is_plain,
    parse_early,
    parse_late,
    with_context,
)
from kit_handler.sources import is_batch, kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kit_handler._types import EventHandler


def trigger(function: "Callable[..., Any] | None" = None, /, **options: "Any") -> "Any":
    """Make `f(event)`, plain or `async def`, a Lambda handler that answers as the event's source expects.

    The annotation of the first parameter says the argument: a class with `from_event(event)`, the first of a class with
    `from_record(event)`, or the plain dict. The Lambda context is passed as in `job`. The result may be anything that
    `kit_core.json` knows; its meaning, and that of an exception, depends on the source:

    Cognito: the response's fields, or the whole event; None for the event, changed in place or not. The user sees the
    message of a TriggerError: of an HttpError or AppError its own, of any other exception a general one.
    Lex V2: the answer; None to go on. An exception is a TriggerError.
    Lambda authorizers: True, a mapping (the context) or `Allow` to allow; False, None or an empty mapping to deny; or
    the whole answer. A policy holds for the API's stage unless `Allow` says otherwise. An UnauthorizedError is 401
    where API Gateway knows that, ForbiddenError denies, any other is a TriggerError (500).
    Custom resources: the attributes (`Data`), or a mapping with `PhysicalResourceId`, `Data`, `NoEcho`. CloudFormation
    is told at its pre-signed URL, also of a failure and before the time is up.
    Schedules and direct calls: returned, and an exception goes on to Lambda.

    Records of queues, streams, topics and buckets want a job: UnhandledSourceError.
    """
    if options:
        raise TypeError(f"trigger has no options: {', '.join(map(repr, options))}")
    if function is None:
        return _handler
    return _handler(function)


def _handler(function: "Callable[..., Any]") -> "EventHandler":
    if not callable(function) or not is_plain(function):
        raise TypeError(f"trigger takes a function: {function!r}")
    name, where = name_of(function), context_parameter(function)
    parse: Callable[[Any], Any] | None = parse_early(event_parser, function, names_around())

    def handler(event: "Any", context: "Any" = None) -> "Any":
        nonlocal parse
        if parse is None:
            parse = parse_late(event_parser, function)
        if not isinstance(event, dict) or is_batch(event):
            raise UnhandledSourceError(event if isinstance(event, dict) else (), handler="this trigger")
        parsed_by, called = parse, function if where is None else with_context(function, where, context)

        def call() -> "Any":
            result = called(parsed_by(event))
            if not hasattr(result, "__await__"):
                return result
            from kit_handler._coroutines import run

            return run(result, context=context)

        from kit_handler.triggers.answers import answer

        token = begin(event, context)
        try:
            return answer(kind_of(event), call, event, context, name)
        finally:
            end(token)

    take_over(handler, function)
    handler.__kit_handler__ = "trigger"  # type: ignore[attr-defined]
    return handler
