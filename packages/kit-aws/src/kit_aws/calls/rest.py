"""The REST protocols of Lambda, the management API of WebSockets, and S3."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from kit_aws.calls.model import Operation, Service
from kit_aws.calls.prepared import Prepared
from kit_aws.calls.writing import content_of, problem, written

_CONTROL = frozenset(map(chr, (*range(9), *range(10, 32), 127)))
_NO_NAME = _CONTROL | frozenset("\t:")


def request(service: Service, operation: Operation, parameters: Mapping[str, Any]) -> Prepared:
    """Return the request of an operation. Raise `ParameterError`."""
    shape = service.shapes[operation.input]
    places, payload = shape[3:]
    body = content_of(parameters[payload], payload) if payload in parameters else b""
    in_place = {name: "" if name == payload else value for name, value in parameters.items()}
    values = written(service.shapes, operation.input, in_place)
    values.pop(payload, None)
    path, query, headers = operation.path, [], {}
    for name, value in values.items():
        location, field = places[name]
        if location == "uri":
            label = f"{{{field}+}}" if f"{{{field}+}}" in path else f"{{{field}}}"
            path = path.replace(label, quote(value, safe="-._~/" if label[-2] == "+" else "-._~"))
        elif location == "querystring":
            query.append(f"{quote(field, safe='-._~')}={quote(value, safe='-._~')}")
        elif location == "header":
            headers[field.lower()] = "true" if value is True else "false" if value is False else str(value)
        elif location == "headers":
            headers |= {f"{field}{key}".lower(): each for key, each in value.items()}
    for name, value in headers.items():
        if (
            not _CONTROL.isdisjoint(value)
            or not name.isascii()
            or not _NO_NAME.isdisjoint(name)
            or (name.startswith("x-amz-meta-") and not value.isascii())
        ):
            text = "is sent as a header field: it has no line breaks and control characters, and metadata are in ASCII"
            raise problem(name, text)
    return Prepared(operation.method, path, "&".join(query), headers, body)


def answer(
    service: Service, operation: Operation, status: int, headers: Mapping[str, str], body: bytes
) -> dict[str, Any]:
    """Return the parsed answer; a body that is no JSON is bytes. Raise ValueError for one that is no answer."""
    if not operation.output:
        return {}
    shape = service.shapes[operation.output]
    places, payload = shape[3:] or ({}, "")
    found = {} if payload else _body(service, operation, body)
    for name, (location, field) in places.items():
        kind = service.shapes[shape[1][name]][0]
        if location == "statusCode":
            found[name] = status
        elif location == "headers":
            prefix = field.lower()
            found[name] = {key[len(prefix) :]: value for key, value in headers.items() if key.startswith(prefix)}
        elif location == "header" and (value := headers.get(field.lower())) is not None:
            found |= _expiry(value) if name == "Expires" else {name: _header(kind, value)}
    if payload:
        found[payload] = body
    return found


def _body(service: Service, operation: Operation, body: bytes) -> dict[str, Any]:
    from kit_aws.calls import json

    return json.answer(service, operation, body) if service.protocol == "rest-json" else {}


def _expiry(value: str) -> dict[str, Any]:
    """Return S3's Expires, which is whatever was stored, as text, and as a time if it is one."""
    try:
        return {"Expires": _header("timestamp", value), "ExpiresString": value}
    except ValueError:
        return {"ExpiresString": value}


def _header(kind: str, value: str) -> Any:
    if kind == "integer":
        return int(value)
    if kind == "boolean":
        return value == "true"
    if kind == "timestamp":
        from kit_aws.calls.times import time_of

        return time_of(value)
    return value
