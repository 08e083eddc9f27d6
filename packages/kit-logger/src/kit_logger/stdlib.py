"""The standard library's loggers that write the same lines: kit's own, and those that are chosen."""

import logging

from kit_logger.handler import StdoutHandler, quiet_root

_ROOT = "root"
_following = {"kit"}  # written through the process's logger, at its level
_fixed: dict[str, StdoutHandler] = {}  # written at a level of their own
_placed: list[StdoutHandler] = []  # the handler that those who follow have at the moment


def adopt(*names: str, level: str | int | None = None) -> None:
    """Let these loggers of the standard library, and those below them, write as the process's logger does.

    level: from which on they write; None: the level of the process's logger. `adopt("root")` takes every logger that
    isn't somebody else's, and leaves the root's level as it is unless one is given. Raises ValueError for a name that
    is empty or a level that there isn't.
    """
    from kit_logger.powertools import process_logger

    if not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"name the loggers to adopt: {names!r}")
    number = None if level is None else _number(level)
    main = process_logger()
    for name in names:
        if number is None and name != _ROOT:
            _following.add(name)
            _replace(name, _fixed.pop(name, None), None)
            continue
        _following.discard(name)
        handler = StdoutHandler(threshold=number or logging.NOTSET)
        _replace(name, _fixed.get(name, main._output), handler)
        _fixed[name] = handler
        if number is not None:
            logging.getLogger(name).setLevel(number)
    follow(main._output)
    set_levels(main._logger.level)


def follow(output: StdoutHandler) -> None:
    """Let the adopted loggers write through `output`, and no line be written twice."""
    before = next((each for each in _placed if each is not output), None)
    _placed[:] = [output]
    for name in _following:
        handlers = logging.getLogger(name).handlers
        if before in handlers:
            handlers.remove(before)
        if output not in handlers:
            handlers.insert(0, output)
    for handler in _fixed.values():
        handler.setFormatter(output.formatter)
    quiet_root()


def set_levels(level: int) -> None:
    """Give the adopted loggers that have no level of their own the level of the process's logger."""
    for name in _following:
        logger = logging.getLogger(name)
        if logger.level != level:
            logger.setLevel(level)


def _replace(name: str, old: StdoutHandler | None, new: StdoutHandler | None) -> None:
    handlers = logging.getLogger(name).handlers
    if old in handlers:
        handlers.remove(old)
    if new is not None:
        handlers.insert(0, new)  # before Lambda's own, which then leaves the record


def _number(level: str | int) -> int:
    number = level if isinstance(level, int) else logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"no level of logging: {level!r}")
    return number
