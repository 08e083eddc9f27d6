"""Structured logs for AWS Lambda: the Powertools logger, redacted, one format for every library."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from aws_lambda_powertools.logging import Logger

    from kit_logger.adoption import adopt
    from kit_logger.decorator import inject
    from kit_logger.formatter import RedactingFormatter
    from kit_logger.interceptor import inject_request
    from kit_logger.loggers import get_logger
    from kit_logger.metrics import emit_metrics, set_default_dimensions

    logger: Logger
else:
    _WHERE = {
        "RedactingFormatter": "formatter",
        "adopt": "adoption",
        "emit_metrics": "metrics",
        "get_logger": "loggers",
        "inject": "decorator",
        "inject_request": "interceptor",
        "set_default_dimensions": "metrics",
    }

    def __getattr__(name):
        """Import what is asked for; make the logger then: its service and level come from the environment."""
        if name == "logger":
            from kit_logger.loggers import get_logger

            return get_logger()
        if name not in _WHERE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(f"kit_logger.{_WHERE[name]}"), name)
        return value

    def __dir__():
        return [*globals(), *__all__]


__all__ = [
    "RedactingFormatter",
    "adopt",
    "emit_metrics",
    "get_logger",
    "inject",
    "inject_request",
    "logger",
    "set_default_dimensions",
]
