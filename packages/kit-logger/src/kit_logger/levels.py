"""The levels of the standard library's loggers, set by kit or chosen by a user."""

import logging

_given: dict[str, int] = {}  # by the logger's name; any other level is the user's choice


def give_level(logger: logging.Logger, level: int) -> None:
    """Set a logger's level; it does not count as the user's choice."""
    _given[logger.name] = level
    if logger.level != level:
        logger.setLevel(level)


def forget_choice(logger: logging.Logger) -> None:
    """Let the level that a logger has no longer count as the user's choice."""
    _given[logger.name] = logger.level


def is_chosen(logger: logging.Logger) -> bool:
    """Tell whether the user has given a logger a level of its own."""
    return logger.level not in (logging.NOTSET, _given.get(logger.name))


def passes(record: logging.LogRecord, handler: logging.Handler) -> bool:
    """Tell whether the record's logger, or one between it and the handler's, has a level of its own that it reaches."""
    logger: object = logging.root.manager.loggerDict.get(record.name)
    while isinstance(logger, logging.Logger):
        if is_chosen(logger):
            return logger.level <= record.levelno
        if handler in logger.handlers:
            return False
        logger = logger.parent
    return False
