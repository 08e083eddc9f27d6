"""The query protocol of SNS and STS: a form is sent, XML comes back."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

from kit_aws.calls.model import Operation, Service, Shape
from kit_aws.calls.prepared import Prepared
from kit_aws.calls.xml import Element, parsed
from kit_aws.codes import Refusal, phrase

_CONTENT_TYPE = "application/x-www-form-urlencoded; charset=utf-8"


def request(service: Service, operation: Operation, values: Mapping[str, Any]) -> Prepared:
    """Return the request of an operation."""
    fields = [f"Action={operation.name}&Version={service.api_version}"]
    if operation.input:
        _add(service.shapes, service.shapes[operation.input], values, "", fields)
    return Prepared("POST", "/", "", {"content-type": _CONTENT_TYPE}, "&".join(fields).encode())


def _add(shapes: Mapping[str, Shape], shape: Shape, value: Any, prefix: str, fields: list[str]) -> None:
    """Add the fields of a value; their names are the model's, and have nothing to be encoded."""
    kind = shape[0]
    if kind == "structure":
        members = shape[1]
        for name, each in value.items():
            _add(shapes, shapes[members[name]], each, f"{prefix}.{name}" if prefix else name, fields)
    elif kind == "list":
        if not value:
            fields.append(f"{prefix}=")
        member, element = shapes[shape[1]], shape[3] if len(shape) > 3 else "member"
        for at, each in enumerate(value, 1):
            _add(shapes, member, each, f"{prefix}.{element}.{at}", fields)
    elif kind == "map":
        member = shapes[shape[2]]
        key_name, value_name = shape[3:] or ("key", "value")
        for at, (key, each) in enumerate(value.items(), 1):
            fields.append(f"{prefix}.entry.{at}.{key_name}={_quoted(key)}")
            _add(shapes, member, each, f"{prefix}.entry.{at}.{value_name}", fields)
    elif kind == "boolean":
        fields.append(f"{prefix}={'true' if value else 'false'}")
    else:
        fields.append(f"{prefix}={_quoted(str(value))}")


def _quoted(text: str) -> str:
    """Return a value of a form; most names and types have nothing to be encoded, and a look at that is quicker."""
    return text if text.isascii() and text.replace("_", "").replace("-", "").isalnum() else quote_plus(text)


def answer(service: Service, operation: Operation, body: bytes) -> tuple[dict[str, Any], str | None]:
    """Return the parsed answer and the request's id. Raise ValueError for a body that is no answer."""
    root = parsed(body)
    if root.name != f"{operation.name}Response":
        raise ValueError(f"the answer is a {root.name!r}")
    result = root.find(f"{operation.name}Result")
    if result is None and operation.output:
        raise ValueError("the answer has no result")
    metadata = root.find("ResponseMetadata")
    request_id = None if metadata is None else metadata.text_of("RequestId")
    if result is None:
        return {}, request_id
    value: dict[str, Any] = read(service.shapes, service.shapes[operation.output], result)
    return value, request_id


def read(shapes: Mapping[str, Shape], shape: Shape, element: Element) -> Any:
    """Return the value of an element by its shape."""
    kind = shape[0]
    if kind == "structure":
        found = {name: element.find(name) for name in shape[1]}
        return {name: read(shapes, shapes[shape[1][name]], each) for name, each in found.items() if each is not None}
    if kind == "list":
        return [read(shapes, shapes[shape[1]], each) for each in element.children if each.name == "member"]
    if kind == "boolean":
        return element.text == "true"
    if kind == "integer":
        return int(element.text)
    return element.text


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """Return the error of an answer, whatever its body is; S3's is the root of its document."""
    request_id = headers.get("x-amzn-requestid") or headers.get("x-amz-request-id")
    try:
        root = parsed(body)
    except ValueError:
        root = None
    error = root if root is None or root.name == "Error" else (root.find("Errors") or root).find("Error")
    if root is None or error is None:
        return Refusal(str(status), phrase(status), status, request_id, {})
    own_id = None if error is root else root.text_of("RequestId")
    code, message = error.text_of("Code") or "", error.text_of("Message") or ""
    return Refusal(code, message, status, own_id or request_id, {})
