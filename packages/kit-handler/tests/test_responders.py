"""Sources that wait for an answer to each record: the answer has every id, whatever a record has come to."""

import base64
from collections.abc import Iterable
from typing import Any, Self

import pytest
from kit_handler import PermanentError, job, trigger
from kit_testing import LambdaContext
from kit_testing.events import firehose_event, s3_batch_event


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class Row:
    """A record class that knows Firehose's records and S3's tasks."""

    def __init__(self, text: str, number: str) -> None:
        self.text = text
        self.number = number

    @classmethod
    def from_record(cls, raw: dict[str, Any]) -> Iterable[Self]:
        for each in raw.get("records", [raw]):
            yield cls(base64.b64decode(each["data"]).decode(), each["recordId"])


def transform(record: Row) -> Any:
    if record.text == "bad":
        raise ValueError("secret")
    if record.text == "poison":
        raise PermanentError
    return {"same": None, "bytes": b"x", "json": {"n": 1}}.get(record.text, record.text.upper())


TEXTS = ["a", "bad", "same", "bytes", "json"]
RECORDS = [
    {"recordId": "1", "result": "Ok", "data": coded("A")},
    {"recordId": "2", "result": "ProcessingFailed", "data": coded("bad")},
    {"recordId": "3", "result": "Ok", "data": coded("same")},
    {"recordId": "4", "result": "Ok", "data": coded("x")},
    {"recordId": "5", "result": "Ok", "data": coded('{"n":1}')},
]


@pytest.mark.parametrize("handler", [job(transform), job(concurrency=3)(transform), trigger(transform)])
def test_each_record_of_firehose_has_its_answer(handler: Any) -> None:
    assert handler(firehose_event(TEXTS), LambdaContext()) == {"records": RECORDS}


def test_a_coroutine_function_transforms_too() -> None:
    @job(concurrency=2)
    async def process(record: dict[str, Any]) -> str:
        return str(record["recordId"])

    answer = process(firehose_event(["a", "b"]), LambdaContext())
    assert [record["data"] for record in answer["records"]] == [coded("1"), coded("2")]


def test_a_function_may_make_the_item_itself() -> None:
    @job
    def process(record: dict[str, Any]) -> Any:
        if record["recordId"] == "1":
            return {"recordId": "1", "result": "Dropped"}
        return {"records": [{"recordId": "2", "result": "Ok", "data": "eA=="}]}

    answer = process(firehose_event(["a", "b"]))
    assert [record["result"] for record in answer["records"]] == ["Dropped", "Ok"]
    assert [record["recordId"] for record in answer["records"]] == ["1", "2"]


def test_a_result_that_has_no_form_is_a_failure_of_its_record() -> None:
    @job
    def process(record: dict[str, Any]) -> Any:
        return object() if record["recordId"] == "1" else "b"

    answer = process(firehose_event(["a", "b"]))
    assert [record["result"] for record in answer["records"]] == ["ProcessingFailed", "Ok"]


def test_a_dead_letter_of_firehose_is_dropped_there() -> None:
    dead = []
    handler = job(dead_letter=lambda raw, error: dead.append(raw["recordId"]))(transform)
    answer = handler(firehose_event(["poison", "a"]))
    assert [record["result"] for record in answer["records"]] == ["Dropped", "Ok"]
    assert dead == ["1"]


@pytest.mark.parametrize("whole", [True, False])
def test_all_records_at_once(whole: bool) -> None:
    @job
    def process(records: list[Row]) -> Any:
        if whole:
            made = [{"recordId": row.number, "result": "Ok", "data": "eA=="} for row in reversed(records)]
            return {"records": made}
        return ["x" for _ in records]

    answer = process(firehose_event(["a", "b"]))
    assert answer == {"records": [{"recordId": number, "result": "Ok", "data": "eA=="} for number in ("1", "2")]}


@pytest.mark.parametrize("result", [{"records": []}, ["x"], {"records": [{"recordId": "1", "result": "Ok"}]}, "x", 7])
def test_all_fail_where_a_function_of_all_does_not_answer_for_each(result: Any) -> None:
    @job
    def process(records: list[dict[str, Any]]) -> Any:
        return result

    answer = process(firehose_event(["a", "b"]))
    assert [(record["recordId"], record["result"]) for record in answer["records"]] == [
        ("1", "ProcessingFailed"),
        ("2", "ProcessingFailed"),
    ]


def test_firehose_comes_again_where_the_time_was_too_short() -> None:
    with pytest.raises(ExceptionGroup):
        job(margin=60)(transform)(firehose_event(["a"]), LambdaContext(timeout=3))


def test_a_task_of_s3_batch_operations_has_its_result() -> None:
    @job
    def process(task: dict[str, Any]) -> Any:
        key = task["s3Key"]
        if key == "later":
            raise ConnectionError("secret")
        if key == "never":
            raise PermanentError("secret")
        return {"none": None, "json": {"n": 1}, "made": {"resultCode": "Succeeded", "resultString": "m"}}.get(key, "ok")

    event = s3_batch_event(["a", "later", "never", "none", "json", "made"])
    answer = process(event, LambdaContext())
    assert [(each["taskId"], each["resultCode"], each["resultString"]) for each in answer["results"]] == [
        ("task-1", "Succeeded", "ok"),
        ("task-2", "TemporaryFailure", "ConnectionError"),
        ("task-3", "PermanentFailure", "PermanentError"),
        ("task-4", "Succeeded", ""),
        ("task-5", "Succeeded", '{"n":1}'),
        ("task-6", "Succeeded", "m"),
    ]
    assert answer["invocationId"] == event["invocationId"]
    assert answer["invocationSchemaVersion"] == "1.0"
    assert answer["treatMissingKeysAs"] == "PermanentFailure"


def test_a_task_that_was_not_started_comes_again() -> None:
    @job(margin=60)
    def process(task: dict[str, Any]) -> None:
        raise AssertionError

    [result] = process(s3_batch_event(["a"]), LambdaContext(timeout=3))["results"]
    assert result["resultCode"] == "TemporaryFailure"


def test_all_that_fail_can_be_an_error() -> None:
    with pytest.raises(ExceptionGroup):
        job(raise_if_all_failed=True)(transform)(firehose_event(["bad"]))
