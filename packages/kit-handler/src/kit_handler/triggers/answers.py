"""The answers that Cognito and Lex expect, and where those for other sources are made."""

from kit_handler._shape import mapping
from kit_handler.triggers.outcomes import failure, json_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kit_handler._types import Event

    Call = Callable[[], Any]


def answer(kind: str | None, call: "Call", event: "Event", context: "Any", name: str) -> "Any":
    """Call the function, and return its answer in the form of that kind of source; raises TriggerError."""
    return _ANSWERS.get(kind, _direct)(call, event, context, name)


def _direct(call: "Call", event: "Event", context: "Any", name: str) -> "Any":
    """Return the function's result as it is: nobody waits for a certain form."""
    return json_of(call())


def _guarded(call: "Call", event: "Event", context: "Any", name: str) -> "Any":
    """Return the function's result as it is; of an exception the source sees a message for clients."""
    try:
        return json_of(call())
    except Exception as error:  # noqa: BLE001  (the source passes the text on)
        raise failure(error, name) from None


def _appsync(call: "Call", event: "Any", context: "Any", name: str) -> "Any":
    """Return the field's value, or as many values as a batch has items."""
    try:
        answer = json_of(call())
        if isinstance(event, list) and not (isinstance(answer, list) and len(answer) == len(event)):
            raise TypeError(f"an answer to a batch of {len(event)} is a list of as many, in their order")
    except Exception as error:  # noqa: BLE001  (as above)
        raise failure(error, name) from None
    return answer


def _cognito(call: "Call", event: "Event", context: "Any", name: str) -> "Any":
    """Return the event with the response's fields in it."""
    try:
        answer = json_of(call())
        if answer is None:
            return json_of(event)
        if not isinstance(answer, dict):
            raise TypeError(f"an answer to Cognito is a mapping, not {type(answer).__qualname__!r}")
    except Exception as error:  # noqa: BLE001  (its text would be shown to the user who signs in)
        raise failure(error, name) from None
    if "triggerSource" in answer:
        return answer
    return {**event, "response": {**mapping(event, "response"), **answer}}


def _lex(call: "Call", event: "Event", context: "Any", name: str) -> "Any":
    """Return the answer, or the next step of the conversation if there is none."""
    try:
        answer = json_of(call())
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
    from kit_handler.triggers.authorizers import answer_authorizer

    _ANSWERS["authorizer"] = answer_authorizer  # the next call has no import in it
    return answer_authorizer(call, event, context, name)


def _custom_resource(call: "Call", event: "Event", context: "Any", name: str) -> "Any":
    from kit_handler.triggers.custom_resource import answer_once

    return answer_once(call, event, context, name)


def _bedrock(call: "Call", event: "Event", context: "Any", name: str) -> "Any":
    from kit_handler.triggers.bedrock import answer

    return answer(call, event, name)


_ANSWERS: "dict[str | None, Callable[[Call, Event, Any, str], Any]]" = {
    "alexa": _guarded,
    "appsync": _appsync,
    "bedrock": _bedrock,
    "cognito": _cognito,
    "lex_v1": _guarded,
    "rotation": _guarded,
    "lex": _lex,
    "authorizer": _authorizer,
    "custom_resource": _custom_resource,
}
