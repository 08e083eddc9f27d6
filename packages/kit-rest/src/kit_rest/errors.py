"""The errors of this package.

    RestError                       an answer to the client: status, code, message, details, hint
    ResourceDefinitionError         (also a TypeError) a Resource, Function or Api is not declared right

Codes are PostgREST's (`PGRST…`) and PostgreSQL's where these have one; the others begin with `KIT`:

    KIT400    a PATCH or DELETE would touch the whole table, or a value is refused by the entity's validators
    KIT409    an Idempotency-Key was used for another request, or its first request is still running
    KIT412    If-Match does not match the row
    KIT413    the body, or the number of rows in it, is over the limit
    KIT428    the resource demands If-Match
    KIT500    an error that is not the request's; the log has it

and `KIT` with the status for errors of kit-handler's that a guard or a hook raises (`KIT429`, `KIT404`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class RestError(Exception):
    """Answer the request with an error object in both vocabularies: PostgREST's and RFC 9457's.

    A hook may raise one. Nothing of the message is added to: it must not quote rows.

    Example:
        >>> raise RestError(409, "KIT409", "The loan is closed")
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: str | None = None,
        hint: str | None = None,
        headers: Mapping[str, str] | None = None,
        fields: Sequence[Mapping[str, str]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.hint = hint
        self.headers = dict(headers or {})
        self.fields = [dict(each) for each in fields]

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (dict(self.__dict__),)


def _restored(state: dict[str, Any]) -> RestError:
    error = RestError(state["status"], state["code"], state["message"])
    error.__dict__.update(state)
    return error


class ResourceDefinitionError(TypeError):
    """A Resource, Function or Api is not declared right; the message names the class and the wrong part."""


def parse_error(what: str, text: str) -> RestError:
    """Return the error for a part of the query that does not parse (PGRST100); `text` is the client's own."""
    shown = text if len(text) <= 100 else text[:100] + "…"
    return RestError(400, "PGRST100", f"failed to parse {what} ({shown})")


def unknown_column(table: str, column: str) -> RestError:
    """Return the error for a column that is not there, or that the caller may not use this way: the same for both."""
    return RestError(400, "42703", f"column {table}.{column} does not exist")
