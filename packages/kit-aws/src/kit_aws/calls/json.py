"""The JSON protocol of Secrets Manager, SSM, SQS, EventBridge and DynamoDB, and the errors of all that speak JSON."""

from collections.abc import Mapping
from json import dumps, loads
from typing import Any

from kit_aws.calls.model import Operation, Service
from kit_aws.calls.prepared import Prepared
from kit_aws.calls.reading import read
from kit_aws.codes import Refusal, phrase

_MESSAGES = ("message", "Message")


def request(service: Service, operation: Operation, values: Mapping[str, Any]) -> Prepared:
    """Return the request of an operation."""
    headers = {"content-type": service.content_type, "x-amz-target": f"{service.target}.{operation.name}"}
    if service.is_query_compatible:
        headers["x-amzn-query-mode"] = "true"
    return Prepared("POST", "/", "", headers, dumps(values).encode())


def answer(service: Service, operation: Operation, body: bytes) -> dict[str, Any]:
    """Return the parsed answer. Raise ValueError for a body that is no answer."""
    if not operation.output:
        return {}
    value = _parsed(body)
    if not isinstance(value, dict):
        raise ValueError(f"the answer is a {type(value).__name__}")
    try:
        found: dict[str, Any] = read(service.shapes, operation.output, value)
    except (AttributeError, RecursionError, TypeError) as error:
        raise ValueError(f"the answer is not of its form: {error}") from None
    return found


def refusal(service: Service, status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """Return the error of an answer, whatever its body is."""
    content = _content(status, body)
    code = _code_of(content.get("__type"), str(status))
    if service.protocol == "rest-json":
        code = _code_of(headers.get("x-amzn-errortype") or content.get("code") or content.get("Code"), code)
    shape = service.errors.get(code)
    query = headers.get("x-amzn-query-error", "").split(";")
    if service.is_query_compatible and len(query) == 2 and query[0]:
        code, shape = query[0], None
    message = next((str(content[name]) for name in _MESSAGES if content.get(name) is not None), "")
    details = {} if shape is None else _details(service, shape, headers, content)
    return Refusal(code, message, status, headers.get("x-amzn-requestid"), details)


def _content(status: int, body: bytes) -> dict[str, Any]:
    """Return the members of an error's body; a text that is no JSON object is its message."""
    text = body.decode(errors="replace").strip()
    if status >= 500 and (not text or text.startswith("<html>")):
        return {"message": phrase(status)}
    try:
        found = _parsed(text) if text else {}
    except ValueError:
        found = {"message": text}
    return found if isinstance(found, dict) else {"message": text}


def _parsed(text: str | bytes) -> Any:
    try:
        return loads(text)
    except RecursionError:
        raise ValueError("the answer is nested too deeply") from None


def _code_of(found: Any, otherwise: str) -> str:
    return found.partition(":")[0].rpartition("#")[2] if isinstance(found, str) and found else otherwise


def _details(service: Service, name: str, headers: Mapping[str, str], content: dict[str, Any]) -> dict[str, Any]:
    shape = service.shapes[name]
    try:
        found = read(service.shapes, name, content)
    except (AttributeError, RecursionError, TypeError, ValueError):
        return {}
    for member, (location, field) in (shape[3] if len(shape) > 3 else {}).items():
        if location == "header" and (value := headers.get(field.lower())) is not None:
            found[member] = value
    return {member: value for member, value in found.items() if member not in _MESSAGES}
