"""`adopt`: other loggers of the standard library write the same lines."""

import logging

from kit_logger.followers import add_follower, follow, set_levels, write_at_level
from kit_logger.loggers import process_logger


def adopt(*names: str, level: str | int | None = None) -> None:
    """Let these loggers of the standard library, and those below them, write as the process's logger does.

    names: "botocore", for example; "root" takes every logger that has no handler of its own
    level: the level from which on they write; None: the level of the process's logger, and for "root" its own

    Raises ValueError for an empty name and an unknown level.
    """
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"name the loggers to adopt: {names!r}")
    number = None if level is None else _number(level)
    main = process_logger()
    for name in names:
        if number is None and name != "root":
            add_follower(name)
        else:
            write_at_level(name, number, main._output)
    follow(main._output)
    set_levels(main._logger.level)


def _number(level: str | int) -> int:
    number = level if isinstance(level, int) else logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"no level of logging: {level!r}")
    return number
