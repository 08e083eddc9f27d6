"""psycopg2's errors in our words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg2

from kit_db import errors

_CLASSES: dict[str, type[errors.StatementError]] = {
    "23505": errors.UniqueViolationError,
    "23001": errors.ForeignKeyViolationError,
    "23503": errors.ForeignKeyViolationError,
    "23514": errors.CheckViolationError,
    "23502": errors.NotNullViolationError,
    "23P01": errors.ExclusionViolationError,
    "23": errors.IntegrityError,
    "22": errors.InvalidValueError,
    "25006": errors.ReadOnlyError,
    "44000": errors.CheckViolationError,
    "42501": errors.InsufficientPrivilegeError,
    "40001": errors.SerializationError,
    "40P01": errors.DeadlockError,
    "53100": errors.DiskFullError,
    "55P03": errors.StatementTimeoutError,
}
# character_not_in_repertoire, untranslatable_character.
_TEXT = ("22021", "22P05")
# The server is no longer the writer: another connection may find the one that is.
LEAVE = "25006"
# These quote names and types only, and are what a developer has to read; all others may quote values.
_HARMLESS = ("42P01", "42703", "42883", "42804", "42501", "3F000", "42P10", "428C9")
_RAISED = "exec_stmt_raise"
# PostgreSQL's words, then those of RDS Proxy ("Troubleshooting for RDS Proxy", Amazon RDS User Guide).
_AUTHENTICATION = (
    "password authentication failed",
    "PAM authentication failed",
    "no password supplied",
    'role "',
    "password that was provided for the role",
    "IAM authentication failed for the role",
    "has no credentials for the role",
)
_TOO_MANY = (
    "too many clients",
    "remaining connection slots",
    "too many connections",
    "connections to the proxy exceeded",
    "connection to proxy exceeded",
    "too many competing requests",
)
_WAIT = (
    "refused",
    "reset by peer",
    "timed out",
    "timeout expired",
    "starting up",
    "shutting down",
    "not yet accepting connections",
    "not accepting connections",
    "recovery mode",
    "closed the connection unexpectedly",
    "No such file or directory",
    "could not translate host name",
    "No route to host",
    "Network is unreachable",
    "EOF detected",
    "unexpected eof",
    "Timed-out waiting to acquire database connection",
)


def connect_error(error: psycopg2.Error, parameters: Mapping[str, Any]) -> errors.DatabaseError:
    """Return the error of a failed attempt to connect: libpq gives no SQLSTATE for it, only text."""
    from kit_core.redaction import redact_text

    text = str(error)
    place = f"{parameters.get('host')!r}:{parameters.get('port')}"
    reason = text.rpartition("failed: ")[2].strip().partition("\n")[0]
    message = f"can't connect to {place}: {redact_text(reason)}"
    if any(each in text for each in _TOO_MANY):
        return errors.TooManyConnectionsError(message, transient=True, sqlstate="53300")
    if any(each in text for each in _AUTHENTICATION):
        return errors.DatabaseAuthenticationError(
            f"{place} refuses the user {parameters.get('user')!r}", names=("user", "password")
        )
    # A file of certificates that is not there stays away; a socket's may come.
    transient = any(each in text for each in _WAIT) and "certificate" not in text
    return errors.DatabaseConnectionError(message, transient=transient)


def is_lost(error: psycopg2.Error) -> bool:
    """Tell whether an error means that the connection is gone, also where psycopg2 has not noticed yet.

    Its SQLSTATE does not: a foreign data wrapper raises 08006 for a connection of its own, and ours is well.
    """
    if error.pgcode is None:
        return isinstance(error, psycopg2.OperationalError)
    return error.diag.severity_nonlocalized in ("FATAL", "PANIC")


def is_about_range(error: psycopg2.Error) -> bool:
    """Tell whether a number was out of its type's range: an infinite numeric is a missing feature to an integer."""
    return error.pgcode == "22003" or (
        error.pgcode == "0A000" and (error.diag.source_function or "").startswith("numeric_int")
    )


def statement_error(error: psycopg2.Error, *, lost: bool) -> errors.DatabaseError:
    """Return the error of a failed statement, by SQLSTATE, without a text that may quote values."""
    code = error.pgcode
    if lost:
        return errors.DatabaseConnectionError("the connection to the server broke", transient=True, sqlstate=code)
    diagnostics = error.diag
    if code in _TEXT:
        return errors.InvalidValueError.of_text(column=diagnostics.column_name, sqlstate=code)
    details = {
        "constraint": diagnostics.constraint_name,
        "column": diagnostics.column_name,
        "table": diagnostics.table_name,
    }
    return _kind(code or "", diagnostics.message_primary or "")(
        _message(error, code, details), sqlstate=code, **details
    )


def _kind(code: str, text: str) -> type[errors.StatementError]:
    # One code for two things each: only the text tells them apart.
    if code == "57014":
        return errors.StatementCancelledError if "user request" in text else errors.StatementTimeoutError
    if code == "40001" and "conflict with recovery" in text:
        # A replica's way to end a long read. Trying again there would hold up its replication once more.
        return errors.StatementError
    return _CLASSES.get(code) or _CLASSES.get(code[:2]) or errors.StatementError


def _message(error: psycopg2.Error, code: str | None, details: Mapping[str, str | None]) -> str:
    if code is None:
        # The driver's own complaint. This kind ("can't adapt type 'Thing'") is about types, others quote values.
        programming = isinstance(error, psycopg2.ProgrammingError)
        hint = ": JSON is given as text, of json.dumps" if "adapt type 'dict'" in str(error) else ""
        return str(error).strip() + hint if programming else f"the driver has failed: {type(error).__name__}"
    from psycopg2 import errorcodes

    try:
        name = errorcodes.lookup(code).lower()
    except KeyError:
        name = "error"
    named = ", ".join(f"{key} {value!r}" for key, value in details.items() if value)
    text = f"{name} ({code})" + (f": {named}" if named else "")
    # A function's own RAISE may use any code, and say anything.
    if code in _HARMLESS and error.diag.message_primary and error.diag.source_function != _RAISED:
        text += f": {error.diag.message_primary}"
    return text
