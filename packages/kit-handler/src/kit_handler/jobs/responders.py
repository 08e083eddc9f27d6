"""Sources that wait for an answer to each record: the transformation of Firehose, and S3 Batch Operations.

Sources: Amazon Data Firehose Developer Guide, "Transform source data in Amazon Data Firehose"; Amazon S3 User Guide,
"Invoke AWS Lambda function" of S3 Batch Operations.
"""

from kit_handler.errors import PermanentError
from kit_handler.jobs.batches import Batch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kit_handler.jobs.batches import Raw
    from kit_handler.jobs.runs import Run

_MOST_TEXT = 1024  # characters of a result's text in a completion report


class Responder(Batch):
    """Describe a source that gets an answer with one item for each record."""

    waits = True
    place = name = ""  # the member of the answer that holds the items, and that of a record with its id

    def success(self, raw: "Raw", result: "Any") -> "Raw":
        """Return the item for a function's result; TypeError or ValueError if it has no form there."""
        raise NotImplementedError

    def failure(self, raw: "Raw", error: Exception, *, kept: bool) -> "Raw":
        """Return the item for an error; kept: whether a dead letter hook has taken the record."""
        raise NotImplementedError

    def answer(self, event: "Raw", items: "list[Raw]") -> "Raw":
        """Return the answer."""
        return {self.place: items}

    def items(self, raws: "list[Raw]", result: "Any") -> "list[Raw]":
        """Return the items for the result of a function that got all records: a list, or an answer with each id.

        Raises ValueError where a record has none.
        """
        listed = result.get(self.place) if isinstance(result, dict) else result
        if listed is None:
            listed = [None] * len(raws)
        if not isinstance(listed, list):
            raise ValueError(f"the result for all records is a list, or a mapping with {self.place!r}")
        by_id = {item[self.name]: item for item in listed if isinstance(item, dict) and self.name in item}
        if listed and len(by_id) == len(listed):
            missing = [raw.get(self.name) for raw in raws if raw.get(self.name) not in by_id]
            if missing:
                raise ValueError(f"there is no result for {missing!r}")
            listed = [by_id[raw[self.name]] for raw in raws]
        if len(listed) != len(raws):
            raise ValueError(f"there are {len(listed)} results for {len(raws)} records")
        return [self.success(raw, each) for raw, each in zip(raws, listed, strict=True)]

    def _item(self, raw: "Raw", result: "Any", mark: str) -> "Raw | None":
        """Return the item that a function has made by itself, alone or in a whole answer; None for another result."""
        if not isinstance(result, dict):
            return None
        listed = result.get(self.place)
        if isinstance(listed, list) and all(isinstance(item, dict) for item in listed):
            [result] = [item for item in listed if item.get(self.name) == raw.get(self.name)] or [{}]
        return {**result, self.name: raw.get(self.name)} if mark in result else None


class Firehose(Responder):
    """Firehose: bytes, text, or a value for JSON is the new content; None keeps the record; an error is its failure."""

    place, name = "records", "recordId"

    def success(self, raw: "Raw", result: "Any") -> "Raw":
        """Return the item that delivers the record."""
        made = self._item(raw, result, "result")
        data = raw.get("data") if result is None else _base64(result) if made is None else None
        return made or {"recordId": raw.get("recordId"), "result": "Ok", "data": data}

    def failure(self, raw: "Raw", error: Exception, *, kept: bool) -> "Raw":
        """Return the item that sends the record to the stream's place for errors, or drops a dead letter."""
        result = "Dropped" if kept else "ProcessingFailed"
        return {"recordId": raw.get("recordId"), "result": result, "data": raw.get("data")}


class FileTasks(Responder):
    """S3 Batch Operations: text is the result of a task; an error is a temporary failure, a PermanentError is none."""

    place, name = "results", "taskId"

    def success(self, raw: "Raw", result: "Any") -> "Raw":
        """Return the item of a task that succeeded."""
        made = self._item(raw, result, "resultCode")
        text = "" if result is None else result if isinstance(result, str) else _json(result) if made is None else ""
        return made or {"taskId": raw.get("taskId"), "resultCode": "Succeeded", "resultString": text[:_MOST_TEXT]}

    def failure(self, raw: "Raw", error: Exception, *, kept: bool) -> "Raw":
        """Return the item of a task that S3 tries again, or that has failed for good."""
        code = "PermanentFailure" if kept or isinstance(error, PermanentError) else "TemporaryFailure"
        return {"taskId": raw.get("taskId"), "resultCode": code, "resultString": type(error).__name__}

    def answer(self, event: "Raw", items: "list[Raw]") -> "Raw":
        """Return the answer."""
        return {
            "invocationSchemaVersion": event.get("invocationSchemaVersion"),
            "treatMissingKeysAs": "PermanentFailure",
            "invocationId": event.get("invocationId"),
            "results": items,
        }


FIREHOSE, FILE_TASKS = Firehose(), FileTasks()


def respond(run: "Run", event: "Any", *, raise_if_all_failed: bool) -> "Raw":
    """Return the answer with an item for each record.

    Raises an ExceptionGroup where a record of Firehose was not started, since only a failed invocation comes again; and
    for raise_if_all_failed.
    """
    batch, items, failed = run.batch, run.items or {}, len(run.failed())
    for position, raw in enumerate(run.records):
        if position in items:
            continue
        if not run.is_untried(position):
            items[position] = batch.success(raw, None)
        elif batch is FIREHOSE:
            raise ExceptionGroup(f"{run.job.name} did not start every record", run.errors)
        else:
            items[position] = batch.failure(raw, run.errors[-1], kept=False)
    if raise_if_all_failed and failed == len(run.records):
        raise ExceptionGroup(f"{run.job.name} failed for all {failed} records", run.errors)
    answer: Raw = batch.answer(event, [items[position] for position in range(len(run.records))])
    return answer


def _base64(content: "Any") -> str:
    from binascii import b2a_base64

    data = content if isinstance(content, bytes) else content.encode() if isinstance(content, str) else None
    return b2a_base64(_json(content).encode() if data is None else data, newline=False).decode()


def _json(value: "Any") -> str:
    from kit_core.json import dumps

    return dumps(value)
