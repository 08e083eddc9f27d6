"""A client that calls jobs with batches of records."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self

from kit_testing.context import LambdaContext
from kit_testing.errors import InvalidAnswerError


class BatchAnswer:
    """A job's answer to a batch.

    failed: the identifiers in the answer, in its order; failed_records: the raw records of these
    error: the first error that kit-handler has logged for a failed record, None if there is none
    """

    def __init__(self, failed: list[Any], failed_records: list[Any], error: BaseException | None) -> None:
        self.failed = failed
        self.failed_records = failed_records
        self.error = error

    def __repr__(self) -> str:
        return f"<BatchAnswer failed={self.failed!r}>"


class JobClient:
    """Call a job with events, as an event source mapping with `ReportBatchItemFailures` does, and read its answers.

    handler: called with an event and a context, such as a `job` of kit-handler
    timeout: the seconds that the context of each call has

    Example:
        >>> from kit_testing.events import sqs_event
        >>> def handler(event, context):
        ...     return {"batchItemFailures": [{"itemIdentifier": event["Records"][1]["messageId"]}]}
        >>> JobClient(handler).send(sqs_event(["a", "b"])).failed
        ['message-2']
    """

    def __init__(self, handler: Callable[..., Any], *, timeout: float = 30.0) -> None:
        self.handler = handler
        self.timeout = timeout

    def send(self, event: Any, *, context: Any = None) -> BatchAnswer:
        """Call the job with an event, and return its answer; errors of the job are raised.

        Raise InvalidAnswerError if the answer is no batch answer, or names a record that the event doesn't have: AWS
        would then treat the whole batch as failed ("Implementing partial batch responses").
        """
        with _LoggedErrors() as logged:
            answer = self.handler(event, context or LambdaContext(timeout=self.timeout))
        failed = [] if answer is None or answer == {} else failed_ids(answer)
        records = list(_identified(event))
        found = [[record for identifier, record in records if identifier == each] for each in failed]
        unknown = [each for each, matching in zip(failed, found, strict=True) if not matching]
        if unknown:
            raise InvalidAnswerError(f"the event has no records {unknown!r}", answer)
        return BatchAnswer(failed, [record for matching in found for record in matching], logged.first_error(failed))


def failed_ids(answer: Any) -> list[Any]:
    """Return the identifiers in a batch answer. Raise InvalidAnswerError if the answer is no batch answer."""
    if not isinstance(answer, dict) or list(answer) != ["batchItemFailures"]:
        raise InvalidAnswerError("a batch answer has the key batchItemFailures alone", answer)
    failures = answer["batchItemFailures"]
    if not all(isinstance(each, dict) and list(each) == ["itemIdentifier"] for each in failures or ()):
        raise InvalidAnswerError("a batch item failure has the key itemIdentifier alone", answer)
    return [each["itemIdentifier"] for each in failures or ()]


def _identified(event: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each record of an event with the identifier that its source knows it by."""
    records = event.get("records") if isinstance(event, Mapping) else None
    if isinstance(records, Mapping):
        for partition, several in records.items():
            yield from (({"partition": partition, "offset": record["offset"]}, record) for record in several)
        return
    for record in event.get("Records", ()) if isinstance(event, Mapping) else event:
        kinesis, dynamodb = record.get("kinesis") or {}, record.get("dynamodb") or {}
        numbers = (record.get("messageId"), record.get("eventID") if isinstance(event, list) else None)  # of a pipe
        yield (
            next(filter(None, (*numbers, kinesis.get("sequenceNumber"), dynamodb.get("SequenceNumber"))), None),
            record,
        )


class _LoggedErrors(logging.Filter):
    """Collect the errors that kit-handler logs: a job answers with identifiers, and its log has the errors."""

    def __init__(self) -> None:
        super().__init__()
        self._logger = logging.getLogger("kit.handler")
        self._lines: list[tuple[str, BaseException]] = []

    def __enter__(self) -> Self:
        self._logger.addFilter(self)
        return self

    def __exit__(self, *raised: object) -> None:
        self._logger.removeFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Note a line that has an error, and let it through."""
        if record.exc_info and record.exc_info[1] is not None:
            self._lines.append((record.getMessage(), record.exc_info[1]))
        return True

    def first_error(self, ids: Sequence[Any]) -> BaseException | None:
        """Return the error of the first line that names one of the identifiers."""
        return next((error for line, error in self._lines if any(str(each) in line for each in ids)), None)
