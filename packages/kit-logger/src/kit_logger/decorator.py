"""The decorator and the interceptor that tell every line which invocation it belongs to."""

import functools
import os
import threading
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast, overload

from kit_logger.correlation import find_correlation_id
from kit_logger.formatter import restore_thread_keys, thread_keys
from kit_logger.loggers import begin_sampling, end_sampling, keep_in_line, process_logger
from kit_logger.scopes import Invocation, begin, enclosing, end

P = ParamSpec("P")
R = TypeVar("R")

_CONTEXT_KEYS = {
    "function_name": "function_name",
    "function_memory_size": "memory_limit_in_mb",
    "function_arn": "invoked_function_arn",
    "function_request_id": "aws_request_id",
}
_COROUTINE = 0x80  # inspect.CO_COROUTINE; inspect itself is slow to import
_said: set[str] = set()
_started = threading.Event()

Find = Callable[[Any], str | None] | None


@overload
def inject(handler: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def inject(
    *, log_event: bool | None = None, correlation_id: Find = None, metrics: bool | str = False
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def inject(
    handler: Callable[..., Any] | None = None,
    /,
    *,
    log_event: bool | None = None,
    correlation_id: Find = None,
    metrics: bool | str = False,
) -> Any:
    """Give every line that is logged during an invocation its function, request and correlation id.

    For handlers `(event, context)`, `async def` or not. Keys that are appended during an invocation are gone after it.
    `log_event=True` logs the event, without its secrets (default: POWERTOOLS_LOGGER_LOG_EVENT, else not);
    `correlation_id(event)` finds the id where `find_correlation_id` doesn't; `metrics=True`, or a namespace, writes
    the invocation's metrics at its end (`emit_metrics`). Never lets an invocation fail.
    """
    options = _Options(log_event, correlation_id, metrics)
    return functools.partial(_wrap, options=options) if handler is None else _wrap(handler, options=options)


def inject_request(request: Any, call_next: Callable[[Any], Any]) -> Any:
    """Do what `inject` does, as an interceptor: around one request, whose `event` and `context` say what it is.

    With `inject` around it, the invocation's ids stay, and its lines have the request's `http_method` from there on.
    """
    if enclosing() is not None:
        _append_method(request)
        return call_next(request)
    scope = _Scope(getattr(request, "event", None), getattr(request, "context", None), _Options(None, None, False))
    with scope:
        _append_method(request)
        answer = call_next(request)
        if not hasattr(answer, "__await__"):
            return answer
    return _awaited(request, answer)


def _append_method(request: Any) -> None:
    method = getattr(request, "method", None)
    if isinstance(method, str):
        process_logger().append_keys(http_method=method)


async def _awaited(request: Any, answer: Any) -> Any:
    with _Scope(getattr(request, "event", None), getattr(request, "context", None), _Options(None, None, False)):
        _append_method(request)
        return await answer


class _Options:
    __slots__ = ("find", "log_event", "metrics")

    def __init__(self, log_event: bool | None, find: Find, metrics: bool | str) -> None:
        self.log_event = log_event
        self.find = find
        self.metrics = metrics


def _wrap(handler: Callable[P, R], *, options: _Options) -> Callable[P, R]:
    if _is_coroutine_function(handler):

        @functools.wraps(handler)
        async def asynchronous(*args: P.args, **kwargs: P.kwargs) -> Any:
            with _Scope.of_call(args, kwargs, options) as scope:
                scope.answer = await cast("Any", handler)(*args, **kwargs)
            return scope.answer

        return cast("Callable[P, R]", asynchronous)

    @functools.wraps(handler)
    def synchronous(*args: P.args, **kwargs: P.kwargs) -> R:
        with _Scope.of_call(args, kwargs, options) as scope:
            scope.answer = handler(*args, **kwargs)
        return cast("R", scope.answer)

    return synchronous


def _is_coroutine_function(handler: Any) -> bool:
    while isinstance(handler, functools.partial):
        handler = handler.func
    code = getattr(handler, "__code__", None) or getattr(getattr(handler, "__func__", None), "__code__", None)
    if code is None:
        code = getattr(getattr(type(handler), "__call__", None), "__code__", None)  # noqa: B004
    return bool(getattr(code, "co_flags", 0) & _COROUTINE)


class _Scope:
    """One invocation, from its first to its last line."""

    def __init__(self, event: Any, context: Any, options: _Options) -> None:
        self._event = event
        self._context = context
        self._options = options
        self.answer: Any = None

    @classmethod
    def of_call(cls, args: tuple[Any, ...], kwargs: dict[str, Any], options: _Options) -> "_Scope":
        event = args[0] if args else kwargs.get("event")
        context = args[1] if len(args) > 1 else kwargs.get("context")
        return cls(event, context, options)

    def __enter__(self) -> "_Scope":
        self._began = time.perf_counter()
        outer = enclosing()
        self._thread_keys = thread_keys()
        self._cold = _is_cold_start()
        self._invocation = _described(self._event, self._context, self._cold, self._options.find)
        if outer is not None:
            self._invocation.held = outer.held
        self._token = begin(self._invocation)
        try:
            self._prepare(outer)
        except Exception as error:  # noqa: BLE001  # logging is no reason to fail
            _warn_once("the logger can't be prepared", error)
        except BaseException:
            end(self._invocation, self._token)
            raise
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        try:
            if error is not None:
                process_logger()._output.write_held(self._invocation)
            if self._options.metrics:
                self._emit_metrics(failed=error is not None)
            end_sampling(self._invocation)
            restore_thread_keys(self._thread_keys)
        except Exception as problem:  # noqa: BLE001  # logging is no reason to fail
            _warn_once("the invocation's end can't be logged", problem)
        finally:
            end(self._invocation, self._token)

    def _prepare(self, outer: Invocation | None) -> None:
        keep_in_line()
        begin_sampling(self._invocation, outer=outer)
        wanted = self._options.log_event
        if wanted if wanted is not None else _env_log_event():
            process_logger().info("event received", extra={"event": self._event})

    def _emit_metrics(self, *, failed: bool) -> None:
        from kit_logger.metrics import emit_metrics, of_invocation

        name = self._options.metrics
        emit_metrics(
            of_invocation(
                duration=time.perf_counter() - self._began,
                cold=self._cold,
                failed=failed,
                event=self._event,
                answer=self.answer,
            ),
            namespace=name if isinstance(name, str) else None,
        )


def _described(event: Any, context: Any, cold: bool, find: Find) -> Invocation:
    keys: dict[str, Any] = {"cold_start": cold}
    try:
        for key, attribute in _CONTEXT_KEYS.items():
            keys[key] = getattr(context, attribute, None)
    except Exception as error:  # noqa: BLE001  # an odd context is no reason to fail
        _warn_once("the context can't be read", error)
    return Invocation(keys, _correlation_id(event, find) or keys.get("function_request_id"))


def _correlation_id(event: Any, find: Find) -> str | None:
    for each in (find, find_correlation_id):
        try:
            found = each(event) if each is not None else None
        except Exception as error:  # noqa: BLE001  # an odd event, or the caller's own function: no reason to fail
            _warn_once("the event's correlation id can't be read", error)
            continue
        if found:
            return str(found)
    return None


def _env_log_event() -> bool:
    return os.environ.get("POWERTOOLS_LOGGER_LOG_EVENT", "").lower() in ("1", "true", "yes", "on", "y", "t")


def _is_cold_start() -> bool:
    """Tell whether this is the first invocation; with provisioned concurrency nobody has waited for the start."""
    if _started.is_set():
        return False
    _started.set()
    return os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") != "provisioned-concurrency"


def _warn_once(message: str, error: Exception) -> None:
    if message in _said:
        return
    _said.add(message)
    try:
        process_logger().warning(message, extra={"error": type(error).__name__})
    except Exception:  # noqa: BLE001  # there is no logger to say it with
        return
