"""The loggers of the standard library that write through ours: the process's handler, or one at a level of their own."""

import logging

from kit_logger.stdout import StdoutHandler, quiet_root

_following = {"kit"}  # written through the process's logger, at its level
_fixed: dict[str, StdoutHandler] = {}  # written at a level of their own
_placed: list[StdoutHandler] = []  # the handler that the following loggers have at the moment


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


def add_follower(name: str) -> None:
    """Let a logger follow the process's logger from the next `follow` on."""
    _following.add(name)
    _replace(name, _fixed.pop(name, None), None)


def write_at_level(name: str, level: int | None, instead_of: StdoutHandler) -> None:
    """Give a logger a handler of its own, in the place of `instead_of`; None leaves its level as it is."""
    _following.discard(name)
    handler = StdoutHandler(threshold=level or logging.NOTSET)
    _replace(name, _fixed.get(name, instead_of), handler)
    _fixed[name] = handler
    if level is not None:
        logging.getLogger(name).setLevel(level)


def _replace(name: str, old: StdoutHandler | None, new: StdoutHandler | None) -> None:
    handlers = logging.getLogger(name).handlers
    if old in handlers:
        handlers.remove(old)
    if new is not None:
        handlers.insert(0, new)  # before Lambda's own, which then leaves the record
