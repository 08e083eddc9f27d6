"""`trigger`: a function of an event whose source waits for an answer becomes a Lambda handler."""

from kit_core.invocation import begin, end
from kit_core.loading import load_early

from kit_handler._naming import name_of, names_around, refuse_handlers, take_over
from kit_handler.errors import UnhandledSourceError
from kit_handler.jobs.annotations import (
    context_parameter,
    event_parser,
    is_plain,
    itself,
    parse_early,
    parse_late,
    prepare_early,
    with_context,
)
from kit_handler.sources import is_batch, kind_of, waits_for_each

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, overload

    from kit_handler._types import TriggerHandler


if TYPE_CHECKING:

    @overload
    def trigger(function: Callable[..., Any], /) -> TriggerHandler: ...
    @overload
    def trigger() -> Callable[[Callable[..., Any]], TriggerHandler]: ...


def trigger(function: "Callable[..., Any] | None" = None, /, **unknown: "Any") -> "Any":
    """Make `f(event)`, plain or `async def`, a Lambda handler that answers as the event's source expects.

    The annotation of the first parameter says the argument: a class with `from_event(event)` or `from_record(event)`,
    or the plain dict. The Lambda context is passed as in `job`. The result may be anything that `kit_core.json` knows;
    its meaning, and that of an exception, depends on the source:

    Cognito: the response's fields, or the whole event; None for the event, changed in place or not. The user sees the
    message of a TriggerError: of an HttpError or AppError its own, of any other exception a general one.
    Lex V2: the answer; None to go on. An exception is a TriggerError.
    Lambda authorizers: True, a mapping (the context) or `Allow` to allow; False, None or an empty mapping to deny; or
    the whole answer. A policy holds for the API's stage unless `Allow` says otherwise. An UnauthorizedError is 401
    where API Gateway knows that, ForbiddenError denies, any other is a TriggerError (500).
    Custom resources: the attributes (`Data`), or a mapping with `PhysicalResourceId`, `Data`, `NoEcho`. CloudFormation
    is told at its pre-signed URL, also of a failure and before the time is up.
    AppSync: the field's value; for a batch, a list, the function gets each item and answers with its value, or all of
    them (`list[…]`, or a plain list) and answers with as many. An exception is a TriggerError.
    Bedrock agents: the body of the answer, or the whole answer. An HttpError is its status, any other exception 500;
    where the action is a function, a failure.
    Alexa, Lex V1 and the rotation of secrets: returned, and an exception is a TriggerError.
    Schedules and direct calls: returned, and an exception goes on to Lambda.

    Firehose and S3 Batch Operations, with a record class: as `job`, for each record. Records of queues, streams,
    topics and buckets want a job: UnhandledSourceError. So does a class of which an event holds several or none.
    """
    if unknown:
        raise TypeError(f"trigger has no options: {', '.join(map(repr, unknown))}")
    if function is None:
        return _handler
    return _handler(function)


def _handler(function: "Callable[..., Any]") -> "TriggerHandler":
    if not callable(function) or not is_plain(function):
        raise TypeError(f"trigger takes a function: {function!r}")
    refuse_handlers(function, "trigger")
    name, where = name_of(function), context_parameter(function)
    bound: tuple[Callable[[Any], Any] | None, bool] | None = parse_early(event_parser, function, names_around())
    for_each: Callable[..., Any] | None = None
    answer: Any = None
    prepare_early(bound and bound[0])
    load_early(_load_answers)

    def handler(event: "Any", context: "Any" = None) -> "Any":
        nonlocal answer, bound, for_each
        if bound is None:
            bound = parse_late(event_parser, function)
        if not _is_event(event):
            raise UnhandledSourceError(event if isinstance(event, dict) else (), handler="this trigger")
        parse, together = bound
        if parse not in (None, itself) and waits_for_each(event):
            if for_each is None:
                from kit_handler.jobs.jobs import job

                for_each = job(function)
            return for_each(event, context)
        called = function if where is None else with_context(function, where, context)
        if answer is None:
            from kit_handler.triggers.answers import answer
        token = begin(event, context)
        try:
            call = lambda: _result(called, parse, together, event, context)  # noqa: E731
            return answer(kind_of(event), call, event, context, name)
        finally:
            end(token)

    take_over(handler, function)
    handler.__kit_handler__ = "trigger"  # type: ignore[attr-defined]
    return handler  # type: ignore[return-value]


def _load_answers() -> None:
    """Load the answers of every kind but the rarest: an authorizer stands before every request of an API."""
    import kit_handler.triggers.answers
    import kit_handler.triggers.authorizers  # noqa: F401


def _is_event(event: "Any") -> bool:
    """Tell whether a trigger may take the event: an object, or a list of them, that are no records of a source."""
    if type(event) is dict:
        return not is_batch(event)
    items = event if isinstance(event, list) else [event]
    return bool(items) and all(isinstance(item, dict) for item in items) and not is_batch(event)


def _result(
    called: "Callable[[Any], Any]",
    parse: "Callable[[Any], Any] | None",
    together: bool,
    event: "Any",
    context: "Any",
) -> "Any":
    """Call the function with the event as it wants it, and return the result: a list for each item of a list."""
    if together:
        items = event if isinstance(event, list) else [event]
        return _awaited(called(items if parse is None else [parse(item) for item in items]), context)
    if parse is None:
        return _awaited(called(event), context)
    if isinstance(event, list):
        return [_awaited(called(parse(item)), context) for item in event]
    return _awaited(called(parse(event)), context)


def _awaited(result: "Any", context: "Any") -> "Any":
    if not hasattr(result, "__await__"):
        return result
    from kit_handler._coroutines import run

    return run(result, context=context)
