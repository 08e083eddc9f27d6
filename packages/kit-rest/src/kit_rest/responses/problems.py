"""Errors as responses, and kit-db's errors as ours."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from kit_core import guards
from kit_handler import HttpError, Response

from kit_rest.errors import RestError

if TYPE_CHECKING:
    from kit_handler import Request

    from kit_rest.declaring.tables import Table

_PROBLEM = "application/problem+json; charset=utf-8"

# SQLSTATE or its class: status and message. PostgreSQL's own texts may quote rows, so none of them is passed on.
_STATES: dict[str, tuple[int, str]] = {
    "23505": (409, "duplicate key value violates unique constraint"),
    "23503": (409, "insert, update or delete violates foreign key constraint"),
    "23001": (409, "update or delete violates foreign key constraint"),
    "23502": (400, "null value in a column that must not be null"),
    "23514": (400, "new row violates check constraint"),
    "44000": (400, "new row violates check option"),
    "23P01": (409, "conflicting key value violates exclusion constraint"),
    "23": (400, "a constraint is violated"),
    "22P02": (400, "invalid input syntax for the type of a column"),
    "22P05": (400, "a text has a character that can't be stored"),
    "22003": (400, "a number is out of range"),
    "22007": (400, "invalid date or time"),
    "22008": (400, "a date or time is out of range"),
    "22": (400, "a value does not fit its column"),
    "21000": (400, "more than one row for one value"),
    "25006": (405, "cannot write in a read-only transaction"),
    "28": (403, "the database refuses the role"),
    "40001": (409, "could not serialize access due to concurrent update"),
    "40P01": (409, "deadlock detected"),
    "0A000": (400, "the database does not support that"),
    "42": (400, "the database refuses the request's types or names"),
    "54": (400, "the request is too complex for the database"),
    "42501": (403, "permission denied"),
    "42883": (400, "operator or function does not exist for these types"),
    "42804": (400, "types do not match"),
    "42846": (400, "cannot cast"),
    "42704": (400, "no such object"),
    "42803": (400, "a column must be grouped or aggregated"),
    "42P10": (400, "no unique constraint matches on_conflict"),
    "53100": (507, "the server has no room for more rows"),
    "55P03": (409, "a row is locked"),
    "57014": (504, "the statement took too long"),
    "P0001": (400, "the function has refused the call"),
}

# A table, column or schema that is declared and not there: the server's fault, which is logged.
_DECLARED_WRONG = ("42P01", "42703", "3F000")


def of_any(error: Exception, table: Table | None) -> RestError:
    """Return the answer to any error: one that nobody has foreseen is logged, and 500 without its text.

    A hook may raise kit-handler's errors, too, and errors in the shape of marshmallow's ValidationError.
    """
    if isinstance(error, RestError):
        return error
    if isinstance(error, HttpError):
        return RestError(error.status, f"KIT{error.status}", error.message, headers=error.headers)
    known = of_database(error, table)
    if known is not None:
        return known
    messages = getattr(error, "messages", None)
    if callable(getattr(error, "normalized_messages", None)) and isinstance(messages, dict):
        fields = [{"field": str(name), "message": str(text)} for name, text in messages.items()]
        return RestError(400, "KIT400", "The request has values that are not allowed", fields=fields)
    guards.log("kit.rest", logging.ERROR, "a request has failed", exc_info=error)
    return RestError(500, "KIT500", "An unexpected error has occurred")


def of_guard(error: Exception, request: Request) -> Response:
    """Return the answer to an error around the Api: of `token=`, `rate_limit=`, an interceptor."""
    found = of_any(error, None)
    if found.code == "KIT401":
        found.code = "PGRST301" if "authorization" in request.headers else "PGRST302"
    elif found.code == "KIT403":
        found.code = "42501"
    return problem(found, head=request.method == "HEAD")


def of_database(error: Exception, table: Table | None) -> RestError | None:
    """Return the answer to an error of kit-db, None for one that is nobody's request's fault."""
    from kit_db import errors

    if isinstance(error, errors.TooManyConnectionsError):
        return RestError(503, "53300", "too many connections", headers={"Retry-After": "1"})
    if isinstance(error, errors.CommitUnknownError):
        return RestError(500, "40003", "the connection broke during COMMIT: the write may or may not be done")
    if isinstance(error, errors.NoAnswerError):
        return RestError(504, "57014", "the database has not answered in time")
    if isinstance(error, errors.DatabaseConnectionError):
        return RestError(503, "PGRST001", "Could not query the database", headers={"Retry-After": "1"})
    if isinstance(error, errors.StatementTimeoutError) and error.sqlstate is None:
        return RestError(504, "57014", "there is no time left for a statement")
    if isinstance(error, errors.InvalidValueError) and error.sqlstate is None:
        return RestError(400, "22021", "a value has a character that can't be stored")
    if not isinstance(error, errors.StatementError) or error.sqlstate is None:
        return None
    return _of_state(error.sqlstate, error.column, table)


def _of_state(code: str, column: str | None, table: Table | None) -> RestError | None:
    if code[:2] == "PT" and code[2:].isdecimal() and 400 <= int(code[2:]) <= 599:
        return RestError(int(code[2:]), code, "the function has refused the call")
    found = _STATES.get(code) or _STATES.get(code[:2])
    if found is None or code in _DECLARED_WRONG:
        return None
    status, message = found
    known = None if table is None or column is None else table.columns.get(column)
    details = f"Column: {column}" if known is not None and known.readable else None
    return RestError(status, code, message, details=details)


def problem(error: RestError, *, head: bool = False) -> Response:
    """Return the answer to an error: PostgREST's object and RFC 9457's in one."""
    body: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "details": error.details,
        "hint": error.hint,
        "type": "about:blank",
        "title": error.message,
        "status": error.status,
        "detail": error.details or error.message,
    }
    if error.fields:
        body["errors"] = error.fields
    headers = {**error.headers, "Content-Type": _PROBLEM, "Proxy-Status": f"PostgREST; error={error.code}"}
    if error.status == 401:
        headers.setdefault("WWW-Authenticate", "Bearer")
    return Response(error.status, "" if head else body, headers)
