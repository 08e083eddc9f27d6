"""What kit-local raises.

LocalError
├── StoreError           a PostgreSQL or Redis server could not be found, started or reached
├── CloudError           the local AWS endpoint could not be started
└── MigrationError       an SQL file could not be applied
"""

from pathlib import Path


class LocalError(Exception):
    """Everything that kit-local raises."""


class StoreError(LocalError):
    """A PostgreSQL or Redis server could not be found, started or reached.

    `log` is the end of the server's own log, empty when it never wrote one.
    """

    def __init__(self, message: str, *, log: str = "") -> None:
        super().__init__(f"{message}\n{log}" if log else message)
        self.log = log


class CloudError(LocalError):
    """The local AWS endpoint could not be started."""


class MigrationError(LocalError):
    """An SQL file could not be applied; `file` is the file, `line` the line in it where PostgreSQL stopped."""

    def __init__(self, message: str, *, file: Path, line: int | None = None) -> None:
        super().__init__(message)
        self.file = file
        self.line = line
