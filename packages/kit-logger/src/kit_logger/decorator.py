"""The decorator that tells every line which invocation it belongs to."""

import functools
import inspect
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar, cast, overload

from kit_logger.correlation import find_correlation_id
from kit_logger.invocation import Invocation, begin, current, end
from kit_logger.powertools import follow_level, process_logger

P = ParamSpec("P")
R = TypeVar("R")

_CONTEXT_KEYS = {
    "function_name": "function_name",
    "function_memory_size": "memory_limit_in_mb",
    "function_arn": "invoked_function_arn",
    "function_request_id": "aws_request_id",
}
_said: set[str] = set()
_started = threading.Event()


@overload
def inject(handler: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def inject(
    *, log_event: bool | None = None, correlation_id: Callable[[Any], str | None] | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def inject(
    handler: Callable[..., Any] | None = None,
    /,
    *,
    log_event: bool | None = None,
    correlation_id: Callable[[Any], str | None] | None = None,
) -> Any:
    """Give every line that is logged during an invocation its function, request and correlation id.

    For handlers `(event, context)`, `async def` or not. Keys that are appended during an invocation are gone after it.
    `log_event=True` logs the event, without its secrets (default: POWERTOOLS_LOGGER_LOG_EVENT, else not);
    `correlation_id(event)` finds the id where `find_correlation_id` doesn't. Never lets an invocation fail.
    """
    if handler is None:
        return functools.partial(_wrap, log_event=log_event, find=correlation_id)
    return _wrap(handler, log_event=log_event, find=correlation_id)


def _wrap(
    handler: Callable[P, R], *, log_event: bool | None, find: Callable[[Any], str | None] | None
) -> Callable[P, R]:
    if inspect.iscoroutinefunction(handler):

        @functools.wraps(handler)
        async def asynchronous(*args: P.args, **kwargs: P.kwargs) -> Any:
            with _invocation(args, kwargs, log_event, find):
                return await handler(*args, **kwargs)

        return cast("Callable[P, R]", asynchronous)

    @functools.wraps(handler)
    def synchronous(*args: P.args, **kwargs: P.kwargs) -> R:
        with _invocation(args, kwargs, log_event, find):
            return handler(*args, **kwargs)

    return synchronous


@contextmanager
def _invocation(
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    log_event: bool | None,
    find: Callable[[Any], str | None] | None,
) -> Iterator[None]:
    event = args[0] if args else kwargs.get("event")
    context = args[1] if len(args) > 1 else kwargs.get("context")
    outermost = current() is None
    invocation = _described(event, context, find)
    token = begin(invocation)
    try:
        _prepare(event, log_event)
        yield
    finally:
        end(invocation, token)
        if outermost:
            process_logger().thread_safe_clear_keys()


def _described(event: Any, context: Any, find: Callable[[Any], str | None] | None) -> Invocation:
    keys: dict[str, Any] = {"cold_start": _is_cold_start()}
    try:
        for key, attribute in _CONTEXT_KEYS.items():
            keys[key] = getattr(context, attribute, None)
    except Exception as error:  # noqa: BLE001  # an odd context is no reason to fail
        _warn_once("the context can't be read", error)
    return Invocation(keys, _correlation_id(event, find) or keys.get("function_request_id"))


def _correlation_id(event: Any, find: Callable[[Any], str | None] | None) -> str | None:
    for each in (find, find_correlation_id):
        try:
            found = each(event) if each is not None else None
        except Exception as error:  # noqa: BLE001  # an odd event, or the caller's own function: no reason to fail
            _warn_once("the event's correlation id can't be read", error)
            continue
        if found:
            return found
    return None


def _prepare(event: Any, log_event: bool | None) -> None:
    try:
        logger = process_logger()
        if logger.sampling_rate:
            logger.refresh_sample_rate_calculation()
        follow_level(logger)
        if log_event if log_event is not None else _env_log_event():
            logger.info("event received", extra={"event": event})
    except Exception as error:  # noqa: BLE001  # logging is no reason to fail
        _warn_once("the logger can't be prepared", error)


def _env_log_event() -> bool:
    return os.environ.get("POWERTOOLS_LOGGER_LOG_EVENT", "").lower() in ("1", "true", "yes", "on", "y", "t")


def _is_cold_start() -> bool:
    """Tell whether this is the first invocation; with provisioned concurrency nobody has waited for the start."""
    cold = not _started.is_set()
    _started.set()
    return cold and os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") != "provisioned-concurrency"


def _warn_once(message: str, error: Exception) -> None:
    if message not in _said:
        _said.add(message)
        process_logger().warning(message, extra={"error": type(error).__name__})
