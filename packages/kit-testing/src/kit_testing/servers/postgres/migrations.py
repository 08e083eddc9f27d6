"""SQL files, applied to a database in the order of their names, once each."""

import contextlib
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from kit_testing.errors import MigrationError

if TYPE_CHECKING:
    from psycopg2 import Error
    from psycopg2.extensions import connection

_TABLE = """
create table if not exists kit_migrations (
    name text primary key,
    checksum text not null,
    applied_at timestamptz not null default now()
)
"""


def apply_migrations(url: str, folder: Path) -> list[str]:
    """Apply the `*.sql` files of a folder that the database at `url` has not seen, and return their names.

    Each runs in a transaction of its own, so that a failing file leaves nothing behind; applied files are
    recorded in the table `kit_migrations`. Two at once wait for each other. MigrationError, with the file and
    the line, when a file fails, or when one that was applied has been changed or removed since.
    """
    import psycopg2

    with contextlib.closing(psycopg2.connect(url)) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(hashtext('kit_migrations'))")
            cursor.execute(_TABLE)
            cursor.execute("select name, checksum from kit_migrations")
            seen: dict[str, str] = dict(cursor.fetchall())
        files = sorted(folder.glob("*.sql"))
        texts = {file.name: _text(file) for file in files}
        _unchanged(seen, texts, folder)
        applied = [file for file in files if file.name not in seen]
        for file in applied:
            _apply(connection, file, texts[file.name])
        return [file.name for file in applied]


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise MigrationError(f"{file.name}, line {line}: not UTF-8", file=file, line=line) from error


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _unchanged(seen: dict[str, str], texts: dict[str, str], folder: Path) -> None:
    for name, checksum in seen.items():
        if name not in texts:
            raise MigrationError(f"{name}: was applied to this database, and is gone", file=folder / name)
        if _checksum(texts[name]) != checksum:
            raise MigrationError(
                f"{name}: was changed after it was applied to this database; put the change into a new file",
                file=folder / name,
            )


def _apply(connection: "connection", file: Path, text: str) -> None:
    import psycopg2

    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(text)
            cursor.execute("insert into kit_migrations (name, checksum) values (%s, %s)", (file.name, _checksum(text)))
    except psycopg2.Error as error:
        line = _line(error, text)
        place = file.name if line is None else f"{file.name}, line {line}"
        said = error.diag.message_primary or str(error).strip()
        raise MigrationError(f"{place}: {said}", file=file, line=line) from error


def _line(error: "Error", text: str) -> int | None:
    """Return the line that PostgreSQL points at, None when it points at nothing."""
    position = error.diag.statement_position
    return None if position is None else text.count("\n", 0, int(position) - 1) + 1
