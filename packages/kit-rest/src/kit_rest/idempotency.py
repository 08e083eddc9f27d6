"""Idempotency-Key: a write is done once, however often its request is sent.

The key, the request's digest and the answer are a row that is written in the write's own transaction. A second request
with the key waits for the first one's transaction, and gets the same answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kit_core.json import dumps, loads
from kit_handler import Response

from kit_rest.database.kept import KeptAnswers
from kit_rest.database.mapper import DatabaseMapper
from kit_rest.errors import RestError

if TYPE_CHECKING:
    from kit_handler import Request

_LONGEST = 255


class Idempotency:
    """Keeps answers in a table (`KeptAnswers`); its old rows are the application's to delete."""

    def __init__(self, table: str, database: DatabaseMapper) -> None:
        self._sql = KeptAnswers(table)
        self._database = database

    def answer(self, request: Request, key: str, work: Callable[[], Response]) -> Response:
        """Return the answer of `work`, or the one that was kept for the key. An error is not kept."""
        if not key or len(key) > _LONGEST:
            raise RestError(400, "KIT409", f"An Idempotency-Key has 1 to {_LONGEST} characters")
        digest, name = _digest(request), _caller(request, key)
        database = self._database.database
        with self._database.transaction(wanted=True):
            first = database.run(
                self._sql.insert,
                [name, digest],
            )
            if not first.rows:
                return self._kept(name, digest)
            response = work()
            if response.status_code >= 400:
                raise _UndoneError(response)
            body, _, headers, _ = response.parts()
            # The write may have switched to the caller's role, which has no business with this table.
            database.run(
                f"SET LOCAL ROLE NONE; {self._sql.update}" if self._database.secured else self._sql.update,
                [response.status_code, dumps(headers), body, name],
            )
        return response

    def _kept(self, name: str, digest: str) -> Response:
        rows = self._database.database.run(self._sql.select, [name]).rows
        if not rows or rows[0][0] != digest:
            raise RestError(422, "KIT409", "The Idempotency-Key was used for another request")
        _, status, headers, body = rows[0]
        found: dict[str, Any] = loads(headers)
        return Response(status, body, {**found, "Idempotency-Replayed": "true"})


class _UndoneError(Exception):
    """Ends the transaction of a request that was refused; `response` is its answer."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def once(idempotency: Idempotency, request: Request, key: str, work: Callable[[], Response]) -> Response:
    """Do as `Idempotency.answer`, and return the answer of a request that was refused, too."""
    try:
        return idempotency.answer(request, key, work)
    except _UndoneError as undone:
        return undone.response


def _digest(request: Request) -> str:
    from hashlib import sha256

    told = [request.method, request.path, sorted(request.multi_query.items())]
    fields = [(name, request.headers.get(name)) for name in ("prefer", "accept", "content-profile", "if-match")]
    return sha256(dumps([told, fields]).encode() + b"\n" + request.raw_body).hexdigest()


def _caller(request: Request, key: str) -> str:
    """Return the key of one caller: two callers may choose the same one."""
    from hashlib import sha256

    claims = request.authorizer or {}
    who = {name: value for name, value in claims.items() if name not in _OF_THE_TOKEN}
    return sha256(dumps([who, key]).encode()).hexdigest()


# Claims that another token of the same caller has otherwise.
_OF_THE_TOKEN = ("exp", "iat", "nbf", "jti", "auth_time", "event_id", "origin_jti")
