"""The errors of kit-testing.

TestingError
├── ServerError             a server could not be found, started or reached
│   ├── FolderTakenError    another process uses the server's folder
│   └── MissingExtraError   the extra of kit-testing that brings the server is not installed
├── MigrationError          an SQL file could not be applied
└── InvalidAnswerError      AWS would refuse a handler's answer; also an AssertionError
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any


class TestingError(Exception):
    """The root of all errors of kit-testing."""

    __test__ = False  # pytest collects classes by this prefix

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, vars(self))


def _rebuild(kind: type[TestingError], args: tuple[Any, ...], attributes: dict[str, Any]) -> TestingError:
    """Make an error from its pickled parts: the constructors take other arguments than `args`."""
    error = kind.__new__(kind, *args)
    vars(error).update(attributes)
    return error


class ServerError(TestingError):
    """A server could not be found, started or reached. `log` is the end of the server's own log, empty without one."""

    def __init__(self, message: str, *, log: str = "") -> None:
        super().__init__(f"{message}\n{log}" if log else message)
        self.log = log


class FolderTakenError(ServerError):
    """Another process uses the folder; `holder` is its process id, empty where that isn't known."""

    def __init__(self, folder: Path, holder: str) -> None:
        super().__init__(f"{str(folder)!r} is in use by {f'process {holder}' if holder else 'another process'}")
        self.holder = holder


class MissingExtraError(ServerError):
    """The extra of kit-testing that brings the server is not installed; `extra` is its name."""

    def __init__(self, extra: str, module: str) -> None:
        super().__init__(f"the module {module!r} is missing: install kit-testing[{extra}]")
        self.extra = extra


class MigrationError(TestingError):
    """An SQL file could not be applied; `file` is the file, `line` the line in it where PostgreSQL stopped."""

    def __init__(self, message: str, *, file: Path, line: int | None = None) -> None:
        super().__init__(message)
        self.file = file
        self.line = line


class InvalidAnswerError(TestingError, AssertionError):
    """AWS would refuse the answer, or turn it into an error of its own; `answer` is the answer."""

    def __init__(self, reason: str, answer: Any) -> None:
        super().__init__(f"{reason}: {answer!r}")
        self.answer = answer


def require(module: str, *, extra: str) -> None:
    """Raise MissingExtraError if a module is not installed."""
    if find_spec(module) is None:
        raise MissingExtraError(extra, module)
