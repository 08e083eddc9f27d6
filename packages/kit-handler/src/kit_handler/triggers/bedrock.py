"""Actions of Bedrock agents: an operation of an API, or a function.

Source: Amazon Bedrock User Guide, "Configure Lambda functions to send information that an Amazon Bedrock agent elicits
from the user".
"""

from kit_handler.errors import AppError, HttpError
from kit_handler.triggers.outcomes import failure, json_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kit_handler._types import Event


def answer(call: "Callable[[], Any]", event: "Event", name: str) -> "Any":
    """Call the function and return its answer: as it is if it has a `response`, else with it as the body."""
    status, failed = 200, False
    try:
        result = json_of(call())
        if isinstance(result, dict) and "response" in result and "messageVersion" in result:
            return result
    except Exception as error:  # noqa: BLE001  (the agent goes on with the answer)
        result, failed = {"message": str(failure(error, name))}, True
        status = error.status if isinstance(error, HttpError) else 400 if isinstance(error, AppError) else 500
    body = result if isinstance(result, str) else _json(result)
    response = {"actionGroup": event.get("actionGroup")}
    if "function" in event:
        said: dict[str, Any] = {"responseBody": {"TEXT": {"body": body}}}
        response |= {
            "function": event["function"],
            "functionResponse": {"responseState": "FAILURE", **said} if failed else said,
        }
    else:
        response |= {
            "apiPath": event.get("apiPath"),
            "httpMethod": event.get("httpMethod"),
            "httpStatusCode": status,
            "responseBody": {"application/json": {"body": body}},
        }
    kept = {member: event[member] for member in ("sessionAttributes", "promptSessionAttributes") if member in event}
    return {"messageVersion": event.get("messageVersion", "1.0"), "response": response, **kept}


def _json(value: "Any") -> str:
    from kit_core.json import dumps

    return dumps(value)
