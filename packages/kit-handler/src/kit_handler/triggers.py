"""`trigger`: a function of an event whose source waits for an answer becomes a Lambda handler."""

from kit_handler import _loop
from kit_handler._naming import name_of, take_over
from kit_handler._shape import mapping
from kit_handler.annotations import context_parameter, event_parser, is_plain, with_context
from kit_handler.correlation import enter, leave
from kit_handler.errors import (
    AppError,
    ForbiddenError,
    HttpError,
    TriggerError,
    UnauthorizedError,
    UnhandledSourceError,
)
from kit_handler.jobs import names_around, parsed_late
from kit_handler.sources import is_batch, kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kit_handler._types import Event, EventHandler

    Call = Callable[[], Any]

_GENERAL = "An unexpected error has occurred."


def trigger(function: "Callable[..., Any] | None" = None, /, **options: "Any") -> "Any":
    """Make `f(event)`, plain or `async def`, a Lambda handler that answers as the event's source expects.

    The event is what the annotation of the first parameter makes of it (`from_event(event)`, or the first of
    `from_record(event)`), or the plain dict. The Lambda context is passed as `job` does it. What the function returns
    may be anything that JSON in `kit_handler.payload` knows; what it means, and an exception, depends on the source:

    Cognito: the response's fields, or the whole event; None for the event, changed in place or not. The user sees the
    message of a TriggerError: of an HttpError or AppError its own, of any other exception a general one.
    Lex V2: the answer; None to go on. An exception is a TriggerError.
    Lambda authorizers: True or a mapping (the context) to allow, False or None to deny, or the whole answer. An
    UnauthorizedError is 401 where API Gateway knows that, ForbiddenError denies, any other is a TriggerError (500).
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
    try:
        parse: Callable[[Any], Any] | None = event_parser(function, names_around())
    except (NameError, AttributeError):
        parse = None  # names a class that is defined further down

    def handler(event: "Any", context: "Any" = None) -> "Any":
        nonlocal parse
        if parse is None:
            parse = parsed_late(event_parser, function)
        if not isinstance(event, dict) or is_batch(event):
            raise UnhandledSourceError(event if isinstance(event, dict) else (), handler="this trigger")
        parsed_by, called = parse, with_context(function, where, context)

        def call() -> "Any":
            result = called(parsed_by(event))
            return _loop.run(result, context=context) if hasattr(result, "__await__") else result

        origin = enter(event, context)
        try:
            answer = _ANSWERS.get(kind_of(event) or "", _direct)
            return answer(call, event, context, name)
        finally:
            leave(origin)

    take_over(handler, function)
    handler.__kit_handler__ = "trigger"  # type: ignore[attr-defined]
    return handler


def plain(answer: "Any") -> "Any":
    """Return `answer` as what JSON itself has; TypeError or ValueError for what has no form in JSON."""
    if answer is None or isinstance(answer, (bool, str)):
        return answer
    from kit_handler.payload import dumps, loads

    return loads(dumps(answer))


def failure(error: Exception, name: str) -> TriggerError:
    """Log `error`, and return what the source may be told: only messages that were written for clients."""
    import logging

    logger = logging.getLogger("kit.handler")
    if isinstance(error, (HttpError, AppError)):
        logger.info("%s answered with an error: %s", name, type(error).__qualname__)
        return TriggerError(str(error.message))
    if isinstance(error, TriggerError):
        return error
    logger.error("%s failed", name, exc_info=error)
    return TriggerError(_GENERAL)


def _direct(call: "Call", event: "Event", context: "Any", name: str) -> "Any":
    return plain(call())


def _cognito(call: "Call", event: "Event", context: "Any", name: str) -> "Any":
    try:
        answer = plain(call())
        if answer is None:
            return plain(event)
        if not isinstance(answer, dict):
            raise TypeError(f"an answer to Cognito is a mapping, not {type(answer).__qualname__!r}")
    except Exception as error:  # noqa: BLE001  (its text would be shown to the user who signs in)
        raise failure(error, name) from None
    if "triggerSource" in answer:
        return answer
    return {**event, "response": {**mapping(event, "response"), **answer}}


def _lex(call: "Call", event: "Event", context: "Any", name: str) -> "Any":
    try:
        answer = plain(call())
        if answer is not None and not isinstance(answer, dict):
            raise TypeError(f"an answer to Lex is a mapping, not {type(answer).__qualname__!r}")
    except Exception as error:  # noqa: BLE001  (as above)
        raise failure(error, name) from None
    if answer is not None:
        return answer
    state = mapping(event, "sessionState")
    if event.get("invocationSource") != "FulfillmentCodeHook":
        return {"sessionState": {**state, "dialogAction": {"type": "Delegate"}}}
    intent = {**mapping(state, "intent"), "state": "Fulfilled"}
    return {"sessionState": {**state, "intent": intent, "dialogAction": {"type": "Close"}}}


def _authorizer(call: "Call", event: "Event", context: "Any", name: str) -> "Any":
    simple = "routeArn" in event and event.get("version") == "2.0"
    try:
        said = plain(call())
        if said is not None and not isinstance(said, (bool, dict)):
            raise TypeError(f"an authorizer says True, False or a mapping, not {type(said).__qualname__!r}")
    except ForbiddenError:
        said = False
    except UnauthorizedError:
        if not simple:
            raise TriggerError("Unauthorized") from None  # API Gateway knows this very text
        said = False
    except Exception as error:  # noqa: BLE001  (nobody is let in, and API Gateway doesn't remember it as a denial)
        failure(error, name)
        raise TriggerError(_GENERAL) from None
    if isinstance(said, dict) and ("policyDocument" in said or "isAuthorized" in said):
        return said
    allowed = said is True or isinstance(said, dict)
    values = said if isinstance(said, dict) else {}
    if simple:
        return {"isAuthorized": allowed, "context": values}
    arn = event.get("methodArn") or event.get("routeArn")
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow" if allowed else "Deny", "Resource": arn}
    return {
        "principalId": str(values.get("principalId") or ("user" if allowed else "anonymous")),
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {key: _scalar(value) for key, value in values.items() if value is not None},
    }


def _scalar(value: "Any") -> "Any":
    """Return a value that the context of a policy can hold; lists and mappings as JSON."""
    if isinstance(value, (bool, int, float, str)):
        return value
    from kit_handler.payload import dumps

    return dumps(value)


def _custom_resource(call: "Call", event: "Event", context: "Any", name: str) -> "Any":
    from kit_handler.custom_resource import answer

    return answer(call, event, context, name)


_ANSWERS: "dict[str, Callable[[Call, Event, Any, str], Any]]" = {
    "cognito": _cognito,
    "lex": _lex,
    "authorizer": _authorizer,
    "custom_resource": _custom_resource,
}
