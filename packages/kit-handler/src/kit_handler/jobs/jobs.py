"""`job`: a function of one record, or of all, becomes a Lambda handler for batches of them."""

from kit_core.invocation import begin, end, outcome
from kit_core.parameters import is_async, refuse_unknown

from kit_handler._naming import name_of, names_around, refuse_handlers, take_over
from kit_handler.jobs.annotations import (
    context_parameter,
    is_plain,
    parse_early,
    parse_late,
    prepare_early,
    record_parser,
    with_context,
)
from kit_handler.jobs.batches import OTHER, batch_of, pipe_batch_of
from kit_handler.jobs.runs import JobSettings, Run, drive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, overload

    from kit_handler.jobs.annotations import Parse
    from kit_handler.jobs.batches import Batch
    from kit_handler.jobs.failures import Backoff, Policy
    from kit_handler.jobs.types import DeadLetter, JobHandler, Visibility

_TEST_EVENT, _WINDOW = "s3:TestEvent", "isFinalInvokeForWindow"
# The members of events that hold many records elsewhere than in Records.
_INNER = frozenset({"awslogs", "events", "logEvents", "messages", "records", "rmqMessagesByQueue", "tasks"})
_POLICY = ("backoff", "dead_letter", "max_receives", "permanent")
OPTIONS = ("concurrency", "margin", "partial", "raise_if_all_failed", *_POLICY)

if TYPE_CHECKING:

    @overload
    def job(function: Callable[..., Any], /) -> JobHandler: ...
    @overload
    def job(
        *,
        margin: float = 1.0,
        partial: bool = True,
        raise_if_all_failed: bool = False,
        concurrency: int = 1,
        dead_letter: DeadLetter | None = None,
        permanent: type[Exception] | Iterable[type[Exception]] = (),
        max_receives: int | None = None,
        backoff: Backoff | Visibility | None = None,
    ) -> Callable[[Callable[..., Any]], JobHandler]: ...


def job(
    function: "Callable[..., Any] | None" = None,
    /,
    *,
    margin: float = 1.0,
    partial: bool = True,
    raise_if_all_failed: bool = False,
    concurrency: int = 1,
    dead_letter: "DeadLetter | None" = None,
    permanent: "type[Exception] | Iterable[type[Exception]]" = (),
    max_receives: int | None = None,
    backoff: "Backoff | Visibility | None" = None,
    **unknown: "Any",
) -> "Any":
    """Make `f(record)`, plain or `async def`, a Lambda handler that calls it once per record of an event.

    The annotation of the first parameter says the record: a class with `from_record(raw) -> Iterable[Self]`, or a plain
    dict without one; `list[...]` of these is the whole batch.
    A parameter that is annotated with a `...Context`, is called context, or is the second and has no default gets the
    Lambda context. An annotation that can't be used is an AnnotationError, at import where that can be told.

    Use it bare, as `@job()`, or with options:
    margin=: seconds; no record is started with less time left, nor with less than 1.5 times the longest so far
    partial=: False for an event source mapping without ReportBatchItemFailures: raise instead of naming failures
    raise_if_all_failed=: True to raise when not one record is done, so that Lambda counts an error
    concurrency=: how many records at a time, in threads, or in tasks if the function is `async def`; the order within
    a message group or shard is kept
    dead_letter=: `(raw, error)`, given the records that will never succeed; once it has taken one, that is done
    permanent=: types of errors that mean so, besides PermanentError
    max_receives=: treat a message as permanently failed after this many receives
    backoff=: a Backoff, or its port, to let failed messages of a queue wait longer each time

    Queues and streams are answered `{"batchItemFailures": [...]}`: SQS with each failed message, of a FIFO queue also
    every later one of its group; Kafka likewise, by partition and offset; Kinesis and DynamoDB Streams with the first
    failure, where the job stops; behind EventBridge Pipes, these with each record from there on. Firehose and S3 Batch
    Operations get an item for each record, from the function's result. The state of a tumbling window is answered as it
    came. For every other source an ExceptionGroup is raised after all records were tried. A record that was not started
    has failed.

    Example:
        >>> @job
        ... def import_row(record: dict) -> None:
        ...     int(record["body"])
        >>> message = {"eventSource": "aws:sqs", "messageId": "m-1", "body": "7"}
        >>> import_row({"Records": [message]}, None)
        {'batchItemFailures': []}
    """
    values = locals()
    options = {name: values[name] for name in OPTIONS}
    refuse_unknown("job", unknown, sorted(OPTIONS))
    if function is None:
        return lambda function: _handler(function, **options)
    return _handler(function, **options)


def _handler(
    function: "Callable[..., Any]",
    *,
    margin: float,
    partial: bool,
    raise_if_all_failed: bool,
    concurrency: int,
    **policy: "Any",
) -> "JobHandler":
    if not callable(function) or not is_plain(function):
        raise TypeError(f"job takes a function and keywords: {function!r}")
    refuse_handlers(function, "job")
    if concurrency < 1:
        raise ValueError(f"concurrency is at least 1, not {concurrency!r}")
    settings = JobSettings(name_of(function), margin=margin, policy=_policy(policy))
    where, in_tasks = context_parameter(function), is_async(function, follow_wrapped=True)
    bound: tuple[Parse | None, bool] | None = parse_early(record_parser, function, names_around())
    prepare_early(bound and bound[0])

    def handler(event: "Any", context: "Any" = None) -> "dict[str, Any] | None":
        nonlocal bound
        if bound is None:
            bound = parse_late(record_parser, function)
        parse, together = bound
        token = begin(event, context)
        try:
            records, batch = _records_of(event)
            call = function if where is None else with_context(function, where, context)
            run = Run(settings, records, batch, call, parse, context)
            if together:
                drive(run.together())
            elif concurrency == 1 or run.batch.ordered or len(records) < 2:
                drive(run.in_order(enumerate(records)))
            else:
                _at_the_same_time(run, concurrency, in_tasks=in_tasks)
            if run.delays:
                drive(run.delay())
            if run.items is not None:
                from kit_handler.jobs.responders import respond

                return respond(run, event, raise_if_all_failed=raise_if_all_failed)
            failed = run.failed()
            noted = outcome()
            if noted is not None:  # for metrics
                noted["records"], noted["failures"] = len(records), len(failed)
            answer = _answer(run, failed, partial, raise_if_all_failed)
            if (run.batch.ordered or not records) and _WINDOW in event:  # an answer without a state is a failure
                return {**(answer or {"batchItemFailures": []}), "state": event.get("state") or {}}
            return answer
        finally:
            end(token)

    take_over(handler, function)
    handler.__kit_handler__ = "job"  # type: ignore[attr-defined]
    handler.__kit_partial__ = partial  # type: ignore[attr-defined]
    return handler  # type: ignore[return-value]


def _records_of(event: "Any") -> "tuple[list[Any], Batch]":
    """Return the raw records of an event, and how their source wants its failures.

    They are the event's Records, the items of a list (EventBridge Pipes), or the records of a source that puts them
    elsewhere (`splitting`); none for the test event that S3 sends, and the event itself for anything else.
    """
    if isinstance(event, dict):
        records = event.get("Records")
        if isinstance(records, list):
            return records, batch_of(records)
        if not _INNER.isdisjoint(event):
            from kit_handler.jobs.splitting import split

            found = split(event)
            if found is not None:
                return found
        elif event.get("Event") == _TEST_EVENT and records is None:
            return [], OTHER
    elif isinstance(event, list) and any(isinstance(item, dict) for item in event):
        return event, pipe_batch_of(event)
    return [event], batch_of([event])


def _policy(options: "dict[str, Any]") -> "Policy | None":
    if all(value is None or value == () for value in options.values()):
        return None
    from kit_handler.jobs.failures import Policy

    return Policy(**options)


def _at_the_same_time(run: Run, number: int, *, in_tasks: bool) -> None:
    from kit_handler.jobs import concurrency

    (concurrency.in_tasks if in_tasks else concurrency.in_threads)(run, number)


def _answer(run: Run, failed: "list[Any]", partial: bool, raise_if_all_failed: bool) -> "dict[str, Any] | None":
    batch = run.batch
    if not failed:
        return {"batchItemFailures": []} if batch.partial else None
    identifiers = [run.identifier(raw) for raw in failed] if partial and batch.partial else []
    if not identifiers or not all(identifiers):
        raise ExceptionGroup(f"{run.job.name} failed for {len(failed)} record{'s' * (len(failed) != 1)}", run.errors)
    if raise_if_all_failed and len(failed) == len(run.records):
        raise ExceptionGroup(f"{run.job.name} failed for all {len(failed)} records", run.errors)
    if batch.resumes:
        identifiers = identifiers[:1]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in identifiers]}
