"""The driver: opening connections and running statements."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import psycopg2
import psycopg2.extensions

from kit_db import errors
from kit_db.deadline import GRACE, Limits, at_most
from kit_db.driver import casts, process, writing
from kit_db.driver.documents import holds_infinity
from kit_db.driver.failures import LEAVE, connect_error, is_about_range, is_lost, statement_error
from kit_db.driver.queries import is_single
from kit_db.driver.results import Result, Row
from kit_db.driver.waiting import READ, drive, ready, watcher

if TYPE_CHECKING:
    from psycopg2.extensions import connection as RawConnection  # noqa: N812
    from psycopg2.extensions import cursor as RawCursor  # noqa: N812

Parameters = Sequence[Any] | Mapping[str, Any] | None

_FRESH = 0.001
# active_sql_transaction, of VACUUM and its like; invalid_transaction_termination, of a DO block that commits.
_ALONE = ("25001", "2D000")
_MISMATCH = (
    "the query's placeholders and the parameters don't match: they are a list for %s, a dict for %(name)s; "
    "a % that is no placeholder has to be doubled"
)
_IDLE = psycopg2.extensions.TRANSACTION_STATUS_IDLE
_OPEN = psycopg2.extensions.TRANSACTION_STATUS_INTRANS
_STATUS = {
    _IDLE: "idle",
    _OPEN: "open",
    psycopg2.extensions.TRANSACTION_STATUS_INERROR: "failed",
}

writing.register()
# libpq makes a parameter of the startup message of it. psycopg2 would send a SET where the server has another default.
os.environ.setdefault("PGDATESTYLE", "ISO")


class Connection:
    """One connection, on which transactions are made by saying BEGIN and COMMIT.

    It is an asynchronous connection of psycopg2, since only these can stop waiting: a server that is frozen, but whose
    machine still acknowledges packets, would be waited for without an end, also with TCP's own timeouts.
    """

    def __init__(self, parameters: Mapping[str, Any], *, connect_timeout: float, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._raw = _opened(parameters, connect_timeout)
        for each in casts.TYPES:
            psycopg2.extensions.register_type(each, self._raw)
        self._poll = self._raw.poll
        self._wait = watcher(self._raw.fileno())
        self._connect_timeout = connect_timeout
        self._generation = process.generation
        self._used_at = time.time()
        self._leave = False

    def run(self, query: str, parameters: Parameters = None, *, seconds: float | None = None) -> Result:
        """Send one message, which may be several statements, and return the result of the last one.

        After `seconds` and a little more the server is taken for dead: NoAnswerError, and the connection is closed.
        """
        try:
            # Neither kept nor closed: it goes with this function, and the result with it.
            cursor = self._raw.cursor()
            cursor.execute(query, parameters)
            if not drive(self._poll, self._wait, None if seconds is None else seconds + GRACE):
                self._raw.close()
                raise errors.NoAnswerError("the server has not answered in the time that there was", transient=True)
        except psycopg2.Error as error:
            lost = self._raw.closed != 0 or is_lost(error)
            self._leave = self._leave or lost or error.pgcode == LEAVE
            if is_about_range(error) and holds_infinity(parameters):
                raise errors.InvalidValueError.of_number(sqlstate=error.pgcode) from None
            raise statement_error(error, lost=lost) from None
        except (ValueError, OverflowError) as error:
            if "format" in str(error):
                # A placeholder that is neither %s nor %(name)s.
                raise errors.StatementError(_MISMATCH) from None
            if "NUL" in str(error) or isinstance(error, UnicodeError):
                # A NUL, or a lone surrogate.
                raise errors.InvalidValueError.of_text() from None
            raise errors.InvalidValueError("a value that PostgreSQL can't hold") from None
        except (IndexError, KeyError, TypeError):
            raise errors.StatementError(_MISMATCH) from None
        described = cursor.description
        rows = self._rows(cursor) if described is not None else []
        result = Result(rows, described, cursor.rowcount, cursor.statusmessage)
        self._used_at = time.time()
        return result

    def _rows(self, cursor: RawCursor) -> list[Row]:
        """Return all rows of a cursor. UnreadableRowError has the first value that can't be read."""
        try:
            return cursor.fetchall()
        except Exception as error:  # noqa: BLE001  (whatever a type's function raises)
            from kit_db.driver.unreadable import unreadable_row

            committed = self._raw.get_transaction_status() == _IDLE
            raised = unreadable_row(cursor, error, committed=committed)
            # The traceback may outlive the memory that the rows take.
            cursor.close()
            raise raised from None

    def unit(self, query: str, parameters: Parameters = None) -> Result:
        """Run a statement as a unit of its own, in one message with the settings that bound it."""
        seconds = self.limits.seconds()
        settings = self.limits.settings(seconds)
        if not settings:
            return self._closed(self.run(query, parameters, seconds=seconds))
        if query.lstrip()[:5].lower() != "call ":
            try:
                return self._closed(self.run("; ".join([*settings, query]), parameters, seconds=seconds))
            except errors.StatementError as error:
                # Nothing was done, since all of a message is one transaction; unless the query is several statements,
                # of which one may be a COMMIT.
                if error.sqlstate not in _ALONE or not is_single(query):
                    raise
        return self._run_alone(query, parameters)

    def _closed(self, result: Result) -> Result:
        """Return a unit's result, unless it has begun a transaction: no later statement would be part of that."""
        if self._raw.get_transaction_status() == _OPEN:
            self._leave = True
            raise errors.TransactionRequiredError(
                "a statement has begun a transaction, which ends here: use database.transaction()"
            )
        return result

    def _run_alone(self, query: str, parameters: Parameters) -> Result:
        """Run a statement that refuses to share a message, or may commit by itself, under settings of the session.

        They would outlive it, and the earlier values are not known, so the connection is not used again. A pooler
        (pgbouncer) may have lent us a connection that goes on to somebody else: there nothing is set.
        """
        self._leave = True
        seconds = self.limits.seconds()
        self.run(self.limits.session(seconds, self._raw.info.backend_pid), seconds=seconds)
        return self.run(query, parameters, seconds=self.limits.seconds())

    @property
    def status(self) -> str:
        """Where the server is: `idle`, `open` (in a transaction), `failed` (in one that it gave up), or `unknown`."""
        return "unknown" if self._raw.closed else _STATUS.get(self._raw.get_transaction_status(), "unknown")

    @property
    def foreign(self) -> bool:
        """Whether it belongs to the process that this one was forked from, which still talks on the same socket."""
        return self._generation != process.generation

    @property
    def reusable(self) -> bool:
        """Whether the next unit of work may have it."""
        return not self._leave and not self._raw.closed and self._raw.get_transaction_status() == _IDLE

    @property
    def rested(self) -> float:
        """Seconds since the last answer, by the clock that also runs while the function is frozen."""
        return abs(time.time() - self._used_at)

    def alive(self, *, idle_check: float) -> bool:
        """Tell whether the server is still there, without asking it unless there is a reason to.

        A reason is something to read where nothing is expected, a goodbye for instance, or having been idle for more
        than `idle_check` seconds, by the clock that also runs while the function is frozen. One that has answered
        within the last millisecond is not looked at.
        """
        if self._raw.closed or self._generation != process.generation:
            return False
        rested = abs(time.time() - self._used_at)
        if rested <= idle_check and (rested < _FRESH or not self._wait(READ, 0)):
            return True
        try:
            # Half of what is left at the most: the other half is for another connection.
            self.run("SELECT 1", seconds=at_most(2 * self._connect_timeout) / 2)
        except errors.DatabaseError:
            return False
        return self.reusable

    def close(self) -> None:
        """Close it; one that is foreign is just forgotten."""
        if not self.foreign:
            self._raw.close()


def parse_url(url: str) -> dict[str, str]:
    """Return the parts of a `postgresql://` URL under libpq's names."""
    try:
        return psycopg2.extensions.parse_dsn(url)
    except psycopg2.Error:
        raise errors.DatabaseCredentialError(
            "not a PostgreSQL URL: that is postgresql://user:password@host:port/name, with no driver in its scheme",
            names=("url",),
        ) from None


def _opened(parameters: Mapping[str, Any], connect_timeout: float) -> RawConnection:
    give_up_at = time.monotonic() + connect_timeout
    place = f"{parameters.get('host')!r}:{parameters.get('port')}"
    try:
        raw: RawConnection = psycopg2.connect(**parameters, client_encoding="UTF8", async_=True)
        # The descriptor changes when libpq goes on to another address.
        left = give_up_at - time.monotonic()
        if drive(raw.poll, lambda state, seconds: ready(raw.fileno(), state, seconds), left):
            return raw
        raw.close()
    except psycopg2.Error as error:
        raise connect_error(error, parameters) from None
    except OSError as error:
        raise errors.DatabaseConnectionError(f"can't connect to {place}: {error}", transient=True) from None
    raise errors.DatabaseConnectionError(f"can't connect to {place}: timed out", transient=True)
