"""`job`: a function of one record becomes a Lambda handler for batches of them."""

import sys
from time import perf_counter

from kit_handler import _loop
from kit_handler._naming import name_of, take_over
from kit_handler.annotations import is_plain, record_parser, wants_context
from kit_handler.batches import batch_of, records_of
from kit_handler.correlation import enter, leave
from kit_handler.errors import AnnotationError, DeadlineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, overload

    from kit_handler._types import JobHandler
    from kit_handler.batches import Batch

    Call = Callable[[Any, Any], object]
    Bound = tuple[Call, Callable[[Any], Iterable[Any]]]

_OPTIONS = ("margin", "partial")
_LONGEST_TIMES = 1.5

if TYPE_CHECKING:

    @overload
    def job(function: Callable[..., Any], /) -> JobHandler: ...
    @overload
    def job(*, margin: float = 1.0, partial: bool = True) -> Callable[[Callable[..., Any]], JobHandler]: ...


def job(function: "Callable[..., Any] | None" = None, /, **options: "Any") -> "Any":
    """Make `f(record)`, plain or `async def`, a Lambda handler that calls it once per record of an event.

    The record is what the annotation of the first parameter makes of it: a class with
    `from_record(raw) -> Iterable[Self]`, or a plain dict when there is none. A second parameter gets the Lambda
    context. An annotation that can't be used is an AnnotationError, at import where that can be told.

    Use it bare, as `@job()`, or with options:
    margin=: seconds; no record is started with less time left, nor with less than 1.5 times the longest so far
    partial=: False for an event source mapping without ReportBatchItemFailures: raise instead of naming failures

    Queues and streams are answered `{"batchItemFailures": [...]}`: SQS with each failed message, of a FIFO queue also
    every later one of its group; Kinesis and DynamoDB Streams with the first failure, where the job stops. For every
    other source an ExceptionGroup is raised after all records were tried. What was not started counts as failed.
    """
    unknown = [name for name in options if name not in _OPTIONS]
    if unknown:
        raise TypeError(f"job does not know {', '.join(map(repr, unknown))}; it knows {', '.join(_OPTIONS)}")
    if function is None:
        return lambda function: _handler(function, **options)
    return _handler(function, **options)


def _handler(function: "Callable[..., Any]", *, margin: float = 1.0, partial: bool = True) -> "JobHandler":
    if not callable(function) or not is_plain(function):
        raise TypeError(f"job takes a function and keywords: {function!r}")
    name = name_of(function)
    try:
        bound: Bound | None = _bind(function, _names_around())
    except (NameError, AttributeError):
        bound = None  # names a class that is defined further down

    def handler(event: "Any", context: "Any" = None) -> "dict[str, Any] | None":
        nonlocal bound
        if bound is None:
            try:
                bound = _bind(function, {})
            except (NameError, AttributeError) as error:
                raise AnnotationError(name, error.name, "is not defined in the function's module") from error
        records = records_of(event)
        batch = batch_of(records)
        run = _Run(batch, name=name, call=bound[0], parse=bound[1], context=context, margin=margin)
        run.try_all(records)
        return run.answer(partial=partial)

    take_over(handler, function)
    return handler  # type: ignore[return-value]


def _names_around() -> "dict[str, Any]":
    """Return the local names where a function is being decorated; its annotations may use them."""
    frame = sys._getframe(2)
    while frame.f_globals is globals() and frame.f_back is not None:
        frame = frame.f_back
    return frame.f_locals


def _bind(function: "Callable[..., Any]", namespace: "Mapping[str, Any]") -> "Bound":
    return _caller(function), record_parser(function, namespace) or _itself


def _caller(function: "Callable[..., Any]") -> "Call":
    with_context = wants_context(function)

    def call(record: "Any", context: "Any") -> object:
        result = function(record, context) if with_context else function(record)
        return _loop.run(result) if hasattr(result, "__await__") else result

    return call


def _itself(raw: "Any") -> "Iterable[Any]":
    return (raw,)


class _Run:
    """One invocation: tries the records, watches the time, collects what failed."""

    def __init__(
        self,
        batch: "Batch",
        *,
        name: str,
        call: "Call",
        parse: "Callable[[Any], Iterable[Any]]",
        context: "Any",
        margin: float,
    ) -> None:
        self.batch = batch
        self.name = name
        self.call = call
        self.parse = parse
        self.context = context
        self.margin = margin
        self.longest = 0.0
        self.failed: list[Any] = []
        self.errors: list[Exception] = []
        self.blocked: set[str] = set()

    def try_all(self, records: "list[Any]") -> None:
        for position, raw in enumerate(records):
            group = self.batch.group(raw)
            if group is not None and group in self.blocked:
                self.failed.append(raw)
                continue
            try:
                self._try(raw)
            except DeadlineError as error:
                self._stop(records[position:], error)
                return
            except Exception as error:  # noqa: BLE001  (every failure is reported, none ends the others)
                self._note(raw, error)
                if group is not None:
                    self.blocked.add(group)
                if self.batch.ordered:
                    return

    def _try(self, raw: "Any") -> None:
        origin = enter(raw, self.context)
        try:
            for record in self.parse(raw):
                self._check_time()
                started = perf_counter()
                self.call(record, self.context)
                self.longest = max(self.longest, perf_counter() - started)
        finally:
            leave(origin)

    def _check_time(self) -> None:
        left = getattr(self.context, "get_remaining_time_in_millis", None)
        if left is None:
            return
        remaining, margin = left() / 1000, max(self.margin, _LONGEST_TIMES * self.longest)
        if remaining < margin:
            raise DeadlineError(remaining=remaining, margin=margin)

    def _note(self, raw: "Any", error: Exception) -> None:
        import logging

        self.failed.append(raw)
        self.errors.append(error)
        identifier = self.batch.identifier(raw) if isinstance(raw, dict) else None
        logging.getLogger("kit.handler").error("%s failed for record %s", self.name, identifier, exc_info=error)

    def _stop(self, rest: "list[Any]", error: DeadlineError) -> None:
        import logging

        self.failed.extend(rest)
        self.errors.append(error)
        logging.getLogger("kit.handler").warning("%s did not start %d records: %s", self.name, len(rest), error)

    def answer(self, *, partial: bool) -> "dict[str, Any] | None":
        partial = partial and self.batch.partial
        identifiers = [self.batch.identifier(raw) for raw in self.failed] if partial else []
        if self.failed and not (partial and all(isinstance(each, str) and each for each in identifiers)):
            raise ExceptionGroup(f"{self.name} failed for {len(self.failed)} records", self.errors)
        if not self.batch.partial:
            return None
        if self.batch.ordered:
            identifiers = identifiers[:1]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in identifiers]}
