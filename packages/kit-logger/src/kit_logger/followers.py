"""The loggers of the standard library that write our lines: at the process's level, or at one of their own."""

import logging

from kit_logger.levels import forget_choice, give_level, is_chosen
from kit_logger.stdout import StdoutHandler

_following = {"kit"}  # written through the process's logger, at its level
_loggers: list[logging.Logger] = []  # the loggers of the names in _following
_fixed: dict[str, StdoutHandler] = {}  # written at a level of their own
_placed: list[StdoutHandler] = []  # the handler that the following loggers have at the moment


def follow(output: StdoutHandler) -> None:
    """Let the adopted loggers write through `output`."""
    before = next((each for each in _placed if each is not output), None)
    _placed[:] = [output]
    _loggers[:] = map(logging.getLogger, _following)
    for logger in _loggers:
        if before in logger.handlers:
            logger.handlers.remove(before)
        if output not in logger.handlers:
            logger.handlers.insert(0, output)
    for handler in _fixed.values():
        handler.setFormatter(output.formatter)


def is_followed(output: StdoutHandler) -> bool:
    """Tell whether the adopted loggers write through `output`; a configuration of logging may have taken it away."""
    for logger in _loggers:  # noqa: SIM110  # a loop takes a third of the time of all()
        if output not in logger.handlers:
            return False
    return True


def set_levels(level: int) -> None:
    """Give the adopted loggers the level of the process's logger, without those whose level a user has chosen."""
    for logger in map(logging.getLogger, _following):
        if not is_chosen(logger):
            give_level(logger, level)


def add_follower(name: str) -> None:
    """Let a logger follow the process's logger, in its level, too, from the next `follow` on."""
    _following.add(name)
    forget_choice(logging.getLogger(name))
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
