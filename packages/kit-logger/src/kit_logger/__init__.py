"""Structured logs for AWS Lambda: the Powertools logger, redacted, one format for every library."""

from typing import TYPE_CHECKING, Any

from kit_logger.correlation import correlation_id, find_correlation_id, set_correlation_id
from kit_logger.decorator import inject
from kit_logger.powertools import RedactingFormatter
from kit_logger.redaction import is_sensitive, redact, redact_text

if TYPE_CHECKING:
    from aws_lambda_powertools.logging import Logger

    logger: Logger
else:

    def __getattr__(name: str) -> Any:
        """Make the logger when it is first asked for: its service and level come from the environment."""
        if name == "logger":
            from kit_logger.powertools import process_logger

            return process_logger()
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "RedactingFormatter",
    "correlation_id",
    "find_correlation_id",
    "inject",
    "is_sensitive",
    "logger",
    "redact",
    "redact_text",
    "set_correlation_id",
]
