"""`inject_request`: the same as `inject`, as an interceptor around one request."""

from collections.abc import Callable
from typing import Any

from kit_logger.ids import warn_once
from kit_logger.loggers import begin_logging, end_logging, process_logger
from kit_logger.scopes import Scope, begin, enclosing, end


def inject_request(request: Any, call_next: Callable[[Any], Any]) -> Any:
    """Give every line of a request its ids, as `inject` does, and its `http_method`.

    request: has the `event`, `context` and `method` of the request, each optional
    call_next: answers the request; the answer may be awaitable

    Inside of `inject` the keys belong to that invocation, and only `http_method` is added.

    Example:
        >>> @route(interceptors=[inject_request])
        ... def get_loan(request): ...
    """
    if enclosing() is not None:
        _append_method(request)
        return call_next(request)
    scope = _begin(request)
    try:
        answer = call_next(request)
    except BaseException:
        _end(scope, failed=True)
        raise
    _end(scope, failed=False)
    return _awaited(request, answer) if hasattr(answer, "__await__") else answer


async def _awaited(request: Any, answer: Any) -> Any:
    scope = _begin(request)
    try:
        awaited = await answer
    except BaseException:
        _end(scope, failed=True)
        raise
    _end(scope, failed=False)
    return awaited


def _begin(request: Any) -> Scope:
    scope = begin(getattr(request, "event", None), getattr(request, "context", None))
    try:
        begin_logging(scope)
        _append_method(request)
    except Exception as error:  # noqa: BLE001  # logging is no reason to fail
        warn_once("the logger cannot be prepared", error)
    return scope


def _end(scope: Scope, *, failed: bool) -> None:
    try:
        end_logging(scope, failed=failed)
    except Exception as error:  # noqa: BLE001  # logging is no reason to fail
        warn_once("the end of the request cannot be logged", error)
    finally:
        end(scope)


def _append_method(request: Any) -> None:
    method = getattr(request, "method", None)
    if isinstance(method, str):
        process_logger().append_keys(http_method=method)
