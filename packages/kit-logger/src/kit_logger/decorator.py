"""`inject`: the decorator of a handler that tells every line which invocation it belongs to."""

import functools
import os
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast, overload

from kit_core.handlers import refuse_registered
from kit_core.invocation import ask_outcome, outcome, state
from kit_core.parameters import is_async, refuse_unknown

from kit_logger.ids import warn_once
from kit_logger.loggers import begin_logging, end_logging, process_logger
from kit_logger.scopes import Scope, begin, end

P = ParamSpec("P")
R = TypeVar("R")

FindCorrelationId = Callable[[Any], str | None]


@overload
def inject(handler: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def inject(
    *, log_event: bool | None = None, correlation_id: FindCorrelationId | None = None, metrics: bool | str = False
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def inject(
    handler: Callable[..., Any] | None = None,
    /,
    *,
    log_event: bool | None = None,
    correlation_id: FindCorrelationId | None = None,
    metrics: bool | str = False,
    **unknown: Any,
) -> Any:
    """Give every line that is logged during an invocation its function, request and correlation id.

    For handlers `(event, context)`, plain or `async def`; it enters the invocation (`kit_core.invocation`). Keys that
    are appended during an invocation are gone after it. Logging never makes an invocation fail.

    log_event: True logs the event, without its secrets (default: POWERTOOLS_LOGGER_LOG_EVENT, else False)
    correlation_id: a function of the event that finds its correlation id, instead of `kit_core.invocation`'s rule
    metrics: True, or a namespace, writes the invocation's metrics at its end (see `emit_metrics`). An exception that
    leaves the handler counts as an error, as does an answer with a status from 500 on

    It stands above or below the decorators of kit-handler. Below `@route` the answer of the route counts; below `@job`
    each record is an invocation of its own. Raises ValueError for a namespace that CloudWatch refuses, and TypeError
    above a Router's decorator, which would call the function without it.

    Example:
        >>> @inject(correlation_id=lambda event: event["order_id"])
        ... def handler(event, context):
        ...     return logger.get_correlation_id()
        >>> handler({"order_id": "o-1"}, None)
        'o-1'
    """
    refuse_unknown("inject", unknown, ("correlation_id", "log_event", "metrics"))
    if isinstance(metrics, str):
        from kit_logger.embedded import check_namespace

        check_namespace(metrics)
    options = _Options(log_event, correlation_id, metrics)
    return functools.partial(_wrap, options=options) if handler is None else _wrap(handler, options=options)


class _Options:
    __slots__ = ("find", "log_event", "metrics")

    def __init__(self, log_event: bool | None, find: FindCorrelationId | None, metrics: bool | str) -> None:
        self.log_event = log_event
        self.find = find
        self.metrics = metrics


def _wrap(handler: Callable[P, R], *, options: _Options) -> Callable[P, R]:
    refuse_registered(handler, "inject")
    if is_async(handler):

        @functools.wraps(handler)
        async def asynchronous(*args: P.args, **kwargs: P.kwargs) -> Any:
            scope = _begin(args, kwargs, options)
            try:
                answer = await cast("Any", handler)(*args, **kwargs)
            except BaseException:
                _end(scope, options, None, failed=True)
                raise
            _end(scope, options, answer, failed=False)
            return answer

        return _marked(cast("Callable[P, R]", asynchronous))

    @functools.wraps(handler)
    def synchronous(*args: P.args, **kwargs: P.kwargs) -> R:
        scope = _begin(args, kwargs, options)
        try:
            answer = handler(*args, **kwargs)
        except BaseException:
            _end(scope, options, None, failed=True)
            raise
        _end(scope, options, answer, failed=False)
        return answer

    return _marked(synchronous)


def _marked(wrapper: Callable[P, R]) -> Callable[P, R]:
    wrapper.__kit_reported__ = True  # type: ignore[attr-defined]  # a route around it says so, and tells its answer
    return wrapper


def _begin(args: tuple[Any, ...], kwargs: dict[str, Any], options: _Options) -> Scope:
    event, context = _arguments(args, kwargs)
    scope = begin(event, context)
    try:
        if options.metrics:
            scope.started = time.perf_counter()
            scope.outcome = ask_outcome()
        if options.find is not None:
            _set_correlation_id(scope, event, options.find)
        begin_logging(scope)
        if options.log_event is None:
            options.log_event = _env_log_event()
        if options.log_event:
            process_logger().info("event received", extra={"event": event})
    except Exception as error:  # noqa: BLE001  # logging is no reason to fail
        warn_once("the logger cannot be prepared", error)
    except BaseException:
        end(scope)
        raise
    return scope


def _arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Return the event and the context; below a decorator that has entered the invocation already, those of this."""
    event = args[0] if args else kwargs.get("event")
    context = args[1] if len(args) > 1 else kwargs.get("context")
    around = state()
    if around is None:
        return event, context
    is_handler = isinstance(event, dict) and (len(args) == 2 or "context" in kwargs)
    if is_handler and "reports" not in (outcome() or ()):
        return event, context
    return around[0], around[1]  # what it was called with is a request, a record, or parts of these


def _end(scope: Scope, options: _Options, answer: Any, *, failed: bool) -> None:
    try:
        end_logging(scope, failed=failed)
        if options.metrics:
            _finish_metrics(scope, options.metrics, answer, failed=failed)
    except Exception as problem:  # noqa: BLE001  # logging is no reason to fail
        warn_once("the end of the invocation cannot be logged", problem)
    finally:
        end(scope)


def _set_correlation_id(scope: Scope, event: Any, find: FindCorrelationId) -> None:
    try:
        found = find(event)
    except Exception as error:  # noqa: BLE001  # a function of the caller's own: no reason to fail
        warn_once("the function given as correlation_id failed", error)
        return
    if found:
        scope.invocation.correlation_id = str(found)


def _finish_metrics(scope: Scope, metrics: bool | str, answer: Any, *, failed: bool) -> None:
    namespace = metrics if isinstance(metrics, str) else None
    duration = time.perf_counter() - scope.started
    reports = scope.outcome.get("reports")
    if reports is None:
        _emit_metrics(scope, namespace, duration, answer, failed=failed)
    else:  # the route around it answers for an exception, too
        reports.append(lambda answer: _report(scope, namespace, duration, answer))


def _report(scope: Scope, namespace: str | None, duration: float, answer: Any) -> None:
    try:
        _emit_metrics(scope, namespace, duration, answer, failed=False)
    except Exception as problem:  # noqa: BLE001  # logging is no reason to fail
        warn_once("the metrics of the invocation cannot be written", problem)


def _emit_metrics(scope: Scope, namespace: str | None, duration: float, answer: Any, *, failed: bool) -> None:
    from kit_logger.metrics import emit_metrics
    from kit_logger.outcome import batch_of, is_failure

    invocation = scope.invocation
    values: dict[str, Any] = {
        "Invocations": 1,
        "Errors": int(failed or is_failure(answer, scope.outcome)),
        "ColdStarts": int(invocation.cold_start),
        "Duration": (round(duration * 1000, 3), "Milliseconds"),
    }
    batch = batch_of(invocation.event, answer, scope.outcome, failed=failed)
    if batch is not None:
        values["BatchRecords"], values["BatchFailures"] = batch
    emit_metrics(values, namespace=namespace)


def _env_log_event() -> bool:
    return os.environ.get("POWERTOOLS_LOGGER_LOG_EVENT", "").lower() in ("1", "true", "yes", "on", "y", "t")
