"""The driver: opening connections, running statements, and its errors in our words."""

import os
import select
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import psycopg2
import psycopg2.errorcodes
import psycopg2.extensions
import psycopg2.extras

from kit_db import errors

if TYPE_CHECKING:
    from psycopg2.extensions import connection as RawConnection  # noqa: N812

Parameters = Sequence[Any] | Mapping[str, Any] | None

_CLASSES: dict[str, type[errors.StatementError]] = {
    "23505": errors.UniqueViolationError,
    "23503": errors.ForeignKeyViolationError,
    "23514": errors.CheckViolationError,
    "23502": errors.NotNullViolationError,
    "23P01": errors.ExclusionViolationError,
    "23": errors.IntegrityError,
    "22": errors.InvalidValueError,
    "40001": errors.SerializationError,
    "40P01": errors.DeadlockError,
    "55P03": errors.StatementTimeoutError,
}
# Server going down, up, or no longer the writer: another connection may find a better one.
_LEAVE = ("57P01", "57P02", "57P03", "25006", "08")
# These quote names and types only, and are what a developer has to read; all others may quote values.
_HARMLESS = ("42P01", "42703", "42883", "42804", "42501", "3F000")
_AUTHENTICATION = ("password authentication failed", "PAM authentication failed", "no password supplied", 'role "')
_WAIT = (
    "refused",
    "reset by peer",
    "timed out",
    "timeout expired",
    "starting up",
    "shutting down",
    "not yet accepting connections",
    "recovery mode",
    "closed the connection unexpectedly",
    "No such file or directory",
    "could not translate host name",
    "No route to host",
    "too many clients",
    "remaining connection slots",
)


class Result:
    """The rows of a statement, as tuples, and their column names; `count` is how many rows it read or changed."""

    __slots__ = ("columns", "count", "rows")

    def __init__(self, rows: list[tuple[Any, ...]], columns: list[str], count: int) -> None:
        self.rows = rows
        self.columns = columns
        self.count = count


class Connection:
    """One connection in autocommit mode: transactions are made by saying BEGIN and COMMIT."""

    def __init__(self, parameters: Mapping[str, Any], *, connect_timeout: float) -> None:
        try:
            self._raw: RawConnection = psycopg2.connect(
                **parameters, connect_timeout=max(2, round(connect_timeout)), client_encoding="UTF8"
            )
        except psycopg2.Error as error:
            raise _connect_error(error, parameters) from None
        self._raw.autocommit = True
        psycopg2.extras.register_uuid(conn_or_curs=self._raw)  # type: ignore[no-untyped-call]
        self._process = os.getpid()
        self._used_at = time.time()
        self._leave = False

    def run(self, query: str, parameters: Parameters = None) -> Result:
        """Send one message, which may be several statements, and return what the last one answers."""
        try:
            with self._raw.cursor() as cursor:
                cursor.execute(query, parameters)
                described = cursor.description
                rows = cursor.fetchall() if described is not None else []
                columns = [each.name for each in described or ()]
                count = cursor.rowcount
        except psycopg2.Error as error:
            lost = self._raw.closed != 0 or (error.pgcode is None and isinstance(error, psycopg2.OperationalError))
            self._leave = self._leave or lost or (error.pgcode or "").startswith(_LEAVE)
            raise _statement_error(error, lost=lost) from None
        except (ValueError, OverflowError):
            # A NUL or a lone surrogate on the way out, a year beyond 9999 on the way in.
            raise errors.InvalidValueError("a value that PostgreSQL or Python can't hold") from None
        except IndexError:
            raise errors.StatementError(
                "the query has more placeholders than there are parameters; a % that is none has to be doubled"
            ) from None
        self._used_at = time.time()
        return Result(rows, columns, count)

    @property
    def status(self) -> str:
        """Where the server is: `idle`, `open` (in a transaction), `failed` (in one that it gave up), or `unknown`."""
        if self._raw.closed:
            return "unknown"
        return {
            psycopg2.extensions.TRANSACTION_STATUS_IDLE: "idle",
            psycopg2.extensions.TRANSACTION_STATUS_INTRANS: "open",
            psycopg2.extensions.TRANSACTION_STATUS_INERROR: "failed",
        }.get(self._raw.info.transaction_status, "unknown")

    @property
    def reusable(self) -> bool:
        """Whether the next unit of work may have it."""
        return not self._leave and self.status == "idle"

    def alive(self, *, idle_check: float) -> bool:
        """Tell whether the server is still there, without asking it unless there is a reason to.

        A reason is something to read where nothing is expected, a goodbye for instance, or having been idle for more
        than `idle_check` seconds, by the clock that also runs while the function is frozen.
        """
        if self._raw.closed or self._process != os.getpid():
            return False
        if not _readable(self._raw.fileno()) and abs(time.time() - self._used_at) <= idle_check:
            return True
        try:
            self.run("SELECT 1")
        except errors.DatabaseError:
            return False
        return self.reusable

    def close(self) -> None:
        """Close it; in a forked child just forget it, since the parent still talks on the same socket."""
        if self._process == os.getpid():
            self._raw.close()


def parse_url(url: str) -> dict[str, str]:
    """Return the parts of a `postgresql://` URL under libpq's names."""
    try:
        return psycopg2.extensions.parse_dsn(url)
    except psycopg2.Error:
        raise errors.DatabaseCredentialError("not a PostgreSQL URL", names=("url",)) from None


def _readable(descriptor: int) -> bool:
    if not hasattr(select, "poll"):
        return bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _connect_error(error: psycopg2.Error, parameters: Mapping[str, Any]) -> errors.DatabaseError:
    # libpq gives no SQLSTATE for a connection that did not come about, only text.
    text = str(error)
    place = f"{parameters.get('host')!r}:{parameters.get('port')}"
    if any(each in text for each in _AUTHENTICATION):
        return errors.DatabaseAuthenticationError(
            f"{place} refuses the user {parameters.get('user')!r}", names=("user", "password")
        )
    reason = text.rpartition("failed: ")[2].strip().partition("\n")[0]
    return errors.DatabaseConnectionError(
        f"can't connect to {place}: {reason}", transient=any(each in text for each in _WAIT)
    )


def _statement_error(error: psycopg2.Error, *, lost: bool) -> errors.DatabaseError:
    code = error.pgcode
    if lost or (code or "").startswith(("08", "57P")):
        return errors.DatabaseConnectionError("the connection to the server broke", transient=True, sqlstate=code)
    diagnostics = error.diag
    details = {
        "constraint": diagnostics.constraint_name,
        "column": diagnostics.column_name,
        "table": diagnostics.table_name,
    }
    kind = _CLASSES.get(code or "") or _CLASSES.get((code or "")[:2]) or errors.StatementError
    if code == "57014":
        # One code for both; only the text tells them apart.
        cancelled = "user request" in (diagnostics.message_primary or "")
        kind = errors.StatementCancelledError if cancelled else errors.StatementTimeoutError
    return kind(_message(error, code, details), sqlstate=code, **details)


def _message(error: psycopg2.Error, code: str | None, details: Mapping[str, str | None]) -> str:
    if code is None:
        # The driver's own complaint. This kind ("can't adapt type 'Thing'") is about types, others quote values.
        programming = isinstance(error, psycopg2.ProgrammingError)
        return str(error).strip() if programming else f"the driver has failed: {type(error).__name__}"
    try:
        name = psycopg2.errorcodes.lookup(code).lower()
    except KeyError:
        name = "error"
    named = ", ".join(f"{key} {value!r}" for key, value in details.items() if value)
    text = f"{name} ({code})" + (f": {named}" if named else "")
    if code in _HARMLESS and error.diag.message_primary:
        text += f": {error.diag.message_primary}"
    return text
