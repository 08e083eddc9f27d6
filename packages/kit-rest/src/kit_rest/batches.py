"""`POST /batch`: several operations, on several resources, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from kit_handler import Response

from kit_rest.database.mapper import DatabaseMapper
from kit_rest.errors import RestError
from kit_rest.requests.bodies import body_text, parse_json, rewritten
from kit_rest.requests.mapper import Asked

if TYPE_CHECKING:
    from kit_handler import Request

_MOST_OPERATIONS = 100
_LONGEST_PATH = 16_384
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_OWN = ("authorization", "cookie", "host", "idempotency-key")


class Batches:
    """Answers `/batch`. Either all operations are done or none; the answer is that of each, in order.

    The body is `{"operations": [{"method": …, "path": "/books?id=eq.1", "headers": {…}, "body": …}]}`.
    """

    def __init__(self, answer: Callable[[Request], Response], database: DatabaseMapper, most_bytes: int) -> None:
        self._answer = answer
        self._database = database
        self._most_bytes = most_bytes

    def answer(self, asked: Asked) -> Response:
        """Return the answers, or the first error with the number of its operation."""
        if asked.method != "POST":
            raise RestError(405, "PGRST117", "A batch is sent with POST", headers={"Allow": "OPTIONS, POST"})
        operations = self._operations(asked)
        results: list[dict[str, Any]] = []
        with self._database.transaction(wanted=True):
            for at, operation in enumerate(operations):
                response = self._answer(_request(asked.request, operation, at))
                if response.status_code >= 400:
                    raise _failed(response, at)
                results.append(_result(response))
        return Response(200, rewritten({"results": results}), {"Content-Type": "application/json; charset=utf-8"})

    def _operations(self, asked: Asked) -> list[Mapping[str, Any]]:
        value = parse_json(body_text(asked.request, self._most_bytes), exact=True)
        found = value.get("operations") if isinstance(value, dict) else None
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise RestError(400, "PGRST102", "The body of a batch is an object with a list of operations")
        if len(found) > _MOST_OPERATIONS:
            raise RestError(413, "KIT413", f"A batch has at most {_MOST_OPERATIONS} operations")
        return found


def _request(outer: Request, operation: Mapping[str, Any], at: int) -> Request:
    from kit_handler import Request

    method, target, headers = operation.get("method"), operation.get("path"), operation.get("headers") or {}
    known = isinstance(target, str) and isinstance(headers, dict) and method in _METHODS
    if not known or not all(isinstance(each, str) for each in headers.values()):
        message = f"Operation {at}: method, path and headers are a method, a text and texts by name"
        raise RestError(400, "PGRST102", message)
    if len(str(target)) > _LONGEST_PATH:
        raise RestError(413, "KIT413", f"Operation {at}: a path with its query has at most {_LONGEST_PATH} characters")
    path, _, query = str(target).partition("?")
    if unquote(path).strip("/") == "batch":
        raise RestError(400, "PGRST102", f"Operation {at}: a batch holds no batch")
    given = {name.lower(): value for name, value in headers.items() if name.lower() not in _OWN}
    body = operation.get("body")
    request = Request(
        method=str(method),
        path=path,
        headers={"content-type": "application/json", **given},
        path_params={"path": unquote(path).strip("/")},
        body="" if body is None else rewritten(body),
        authorizer=outer.authorizer,
        identity=outer.identity,
        source_ip=outer.source_ip,
        context=outer.context,
    )
    request.multi_query = parse_qs(query, keep_blank_values=True)
    return request


def _result(response: Response) -> dict[str, Any]:
    body, _, fields, _ = response.parts()
    kind = fields.get("Content-Type", "")
    value = parse_json(body, exact=True) if body and "json" in kind else (body or None)
    return {"status": response.status_code, "headers": fields, "body": value}


def _failed(response: Response, at: int) -> RestError:
    body: Any = response.body
    if not isinstance(body, dict) or "code" not in body:
        return RestError(response.status_code, "KIT400", f"Operation {at} has failed")
    details = f"Operation {at}" + (f": {body['details']}" if body.get("details") else "")
    return RestError(
        response.status_code,
        body["code"],
        body["message"],
        details=details,
        hint=body["hint"],
        fields=body.get("errors", ()),
    )
