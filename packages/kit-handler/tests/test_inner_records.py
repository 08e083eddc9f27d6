"""Events that hold many records elsewhere than in `Records`, and raw records that hold several."""

import base64
import json
from collections.abc import Callable, Iterable
from typing import Any, Self

import pytest
from kit_core.invocation import correlation_id
from kit_handler import Backoff, PermanentError, job
from kit_testing import JobClient, LambdaContext, failed_ids
from kit_testing.events import (
    activemq_event,
    documentdb_event,
    dynamodb_record,
    kafka_event,
    kinesis_record,
    logs_event,
    rabbitmq_event,
    sqs_event,
    sqs_record,
)

VALUES = ["a", "bad", "c", "d"]


def decoded(data: str) -> str:
    return base64.b64decode(data).decode()


# Each event, and the way from a raw record to its value.
EVENTS: dict[str, tuple[Any, Callable[[dict[str, Any]], str]]] = {
    "kafka": (kafka_event(VALUES), lambda raw: decoded(raw["value"])),
    "self-managed kafka": (kafka_event(VALUES, self_managed=True), lambda raw: decoded(raw["value"])),
    "activemq": (activemq_event(VALUES), lambda raw: decoded(raw["data"])),
    "rabbitmq": (rabbitmq_event(VALUES), lambda raw: decoded(raw["data"])),
    "documentdb": (
        documentdb_event([{"_id": value} for value in VALUES]),
        lambda raw: raw["event"]["documentKey"]["_id"],
    ),
    "logs": (logs_event(VALUES), lambda raw: raw["logEvents"][0]["message"]),
    "pipes": ([sqs_record(value) for value in VALUES], lambda raw: raw["body"]),
}
NO_PARTIAL_ANSWERS = ("activemq", "rabbitmq", "documentdb", "logs")


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("concurrency", [1, 3])
def test_each_inner_record_is_a_dead_letter_by_itself(name: str, concurrency: int) -> None:
    event, value = EVENTS[name]
    tried, dead = [], []

    @job(dead_letter=lambda raw, error: dead.append(value(raw)), concurrency=concurrency)
    def process(record: dict[str, Any]) -> None:
        tried.append(value(record))
        if tried[-1] == "bad":
            raise PermanentError

    answer = process(event, LambdaContext())
    assert sorted(tried) == VALUES
    assert dead == ["bad"]
    assert answer in (None, {"batchItemFailures": []})


@pytest.mark.parametrize("name", NO_PARTIAL_ANSWERS)
def test_a_failure_hides_none_behind_it_where_the_whole_batch_comes_again(name: str) -> None:
    event, value = EVENTS[name]
    tried = []

    @job
    def process(record: dict[str, Any]) -> None:
        tried.append(value(record))
        if tried[-1] == "bad":
            raise ValueError

    with pytest.raises(ExceptionGroup) as caught:
        process(event)
    assert tried == VALUES
    assert len(caught.value.exceptions) == 1


@pytest.mark.parametrize("name", EVENTS)
def test_a_batch_can_be_taken_whole(name: str) -> None:
    event, value = EVENTS[name]
    seen = []

    @job
    def process(records: list[dict[str, Any]]) -> None:
        seen.append([value(record) for record in records])

    process(event)
    assert seen == [VALUES]


def two_partitions() -> dict[str, Any]:
    event = kafka_event(["1", "x", "3"], topic="loans", partition=0)
    event["records"] |= kafka_event(["4", "5"], topic="loans", partition=1)["records"]
    return event


@pytest.mark.parametrize("concurrency", [1, 4])
def test_kafka_is_answered_with_partition_and_offset_and_keeps_the_order_of_a_partition(concurrency: int) -> None:
    tried = []

    @job(concurrency=concurrency)
    def process(record: dict[str, Any]) -> None:
        tried.append((record["eventSourceKey"], record["offset"]))
        int(decoded(record["value"]))

    answer = process(two_partitions(), LambdaContext())
    # The record behind the failed one is named, too: it was not tried, and may not overtake.
    assert answer == {
        "batchItemFailures": [
            {"itemIdentifier": {"partition": "loans-0", "offset": 1}},
            {"itemIdentifier": {"partition": "loans-0", "offset": 2}},
        ]
    }
    assert sorted(tried) == [("loans-0", 0), ("loans-0", 1), ("loans-1", 0), ("loans-1", 1)]
    assert JobClient(process).send(two_partitions()).failed[0] == {"partition": "loans-0", "offset": 1}


def test_kafka_without_partial_answers_raises() -> None:
    @job(partial=False)
    def process(record: dict[str, Any]) -> None:
        int(decoded(record["value"]))

    with pytest.raises(ExceptionGroup):
        process(two_partitions())


def test_kafka_in_a_pipe_takes_no_partial_answer() -> None:
    [record] = kafka_event(["x"])["records"]["topic-0"]

    @job
    def process(record: dict[str, Any]) -> None:
        raise ValueError

    with pytest.raises(ExceptionGroup):
        process([{**record, "eventSource": "aws:kafka", "eventSourceKey": "topic-0"}])


def test_a_pipe_is_answered_with_message_ids() -> None:
    records = [sqs_record(value, message_id=f"m-{value}") for value in VALUES]

    @job
    def process(record: dict[str, Any]) -> None:
        if record["body"] == "bad":
            raise ValueError

    assert failed_ids(process(records)) == ["m-bad"]


@pytest.mark.parametrize("make", [kinesis_record, lambda value: dynamodb_record({"id": value})])
def test_a_pipe_knows_the_records_of_streams_by_their_event_ids(make: Any) -> None:
    records = [{**make(value), "eventID": f"e-{value}"} for value in VALUES]
    tried = []

    @job
    def process(record: dict[str, Any]) -> None:
        tried.append(record["eventID"])
        if record["eventID"] == "e-bad":
            raise ValueError

    # Pipes tries again what is named: the records behind the failed one, which were not tried, are named, too.
    assert failed_ids(process(records)) == ["e-bad", "e-c", "e-d"][: len(VALUES) - 1]
    assert tried == ["e-a", "e-bad"]  # a shard is one line


def test_a_pipe_whose_enrichment_has_left_out_the_ids_comes_again_whole() -> None:
    @job
    def process(record: dict[str, Any]) -> None:
        raise ValueError

    with pytest.raises(ExceptionGroup):
        process([{"loan": "7"}])


def test_the_message_by_which_cloudwatch_tries_a_destination_is_no_record() -> None:
    @job
    def process(record: dict[str, Any]) -> None:
        raise AssertionError

    assert process(logs_event(["x"], control=True)) is None


@pytest.mark.parametrize(
    "event",
    [
        {"awslogs": {"data": "no base64"}},
        {"awslogs": None},
        {"awslogs": {"data": base64.b64encode(b"no gzip").decode()}},
        {"eventSource": "aws:kafka", "records": {}},
        {"eventSource": "aws:kafka", "records": {"topic-0": None}},
        {"eventSource": "aws:mq", "messages": []},
        {"eventSource": "aws:rmq", "rmqMessagesByQueue": "x"},
        {"deliveryStreamArn": "arn", "records": []},
    ],
)
def test_an_event_that_cannot_be_split_is_a_record_that_fails(event: Any) -> None:
    seen = []

    @job
    def process(record: dict[str, Any]) -> None:
        seen.append(record)
        raise ValueError

    with pytest.raises(ExceptionGroup):
        process(event)
    assert seen == [event]


def test_each_inner_record_has_its_own_correlation_id() -> None:
    event = rabbitmq_event(["a", "b"])
    [messages] = event["rmqMessagesByQueue"].values()
    for number, message in enumerate(messages):
        message["basicProperties"]["correlationId"] = f"c-{number}"
    seen = []

    @job
    def process(record: dict[str, Any]) -> None:
        seen.append(correlation_id())

    process(event)
    assert seen == ["c-0", "c-1"]


class Word(str):
    """One of several words that a message may hold; "?" can't be read."""

    @classmethod
    def from_record(cls, raw: dict[str, Any]) -> list[Self]:
        words = raw["body"].split("+")
        if "?" in words:
            raise ValueError("unreadable")
        return [cls(word) for word in words]

    @classmethod
    def split_record(cls, raw: dict[str, Any]) -> list[Any]:
        return [{**raw, "body": word} for word in raw["body"].split("+")]


class Lazy(Word):
    """The same, read one by one, without a way to split."""

    split_record = None  # type: ignore[assignment]

    @classmethod
    def from_record(cls, raw: dict[str, Any]) -> Iterable[Self]:  # type: ignore[override]
        return (cls(word) for word in raw["body"].split("+"))


def work(tried: list[str]) -> Callable[[str], None]:
    def process(record: str) -> None:
        tried.append(str(record))
        if record == "bad":
            raise PermanentError
        if record == "later":
            raise ConnectionError

    return process


@pytest.mark.parametrize("kind", [Word, Lazy])
def test_a_failure_hides_none_of_the_records_in_the_same_message(kind: Any) -> None:
    tried: list[str] = []
    process = work(tried)
    process.__annotations__["record"] = kind
    assert failed_ids(job(process)(sqs_event(["a+bad+c", "d"]))) == ["message-1"]
    assert tried == ["a", "bad", "c", "d"]


def test_of_several_records_in_a_message_one_is_the_dead_letter() -> None:
    tried: list[str] = []
    dead = []
    process = work(tried)
    process.__annotations__["record"] = Word
    handler = job(dead_letter=lambda raw, error: dead.append((raw["messageId"], raw["body"])))(process)
    assert failed_ids(handler(sqs_event(["a+bad+c", "bad+later+bad"]))) == ["message-2"]
    assert tried == ["a", "bad", "c", "bad", "later", "bad"]
    assert dead == [("message-1", "bad"), ("message-2", "bad"), ("message-2", "bad")]


def test_a_record_that_cannot_be_read_hides_none_in_the_same_message() -> None:
    tried: list[str] = []
    dead = []
    process = work(tried)
    process.__annotations__["record"] = Word
    handler = job(dead_letter=lambda raw, error: dead.append(raw["body"]), permanent=ValueError)(process)
    assert failed_ids(handler(sqs_event(["a+?+c"]))) == []
    assert tried == ["a", "c"]
    assert dead == ["?"]


def test_the_records_of_a_fifo_message_stay_in_order() -> None:
    tried: list[str] = []
    process = work(tried)
    process.__annotations__["record"] = Word
    answer = job(process)(sqs_event(["a+later+c", "d", "e"], groups=["g", "g", "h"]))
    assert failed_ids(answer) == ["message-1", "message-2"]
    assert tried == ["a", "later", "e"]


def test_a_message_is_delayed_once_however_many_of_its_records_fail() -> None:
    asked: list[Any] = []
    process = work([])
    process.__annotations__["record"] = Word
    job(backoff=Backoff(asked.append))(process)(sqs_event(["later+later+c"], receives=2))
    assert [[raw["messageId"] for raw, _ in each] for each in asked] == [["message-1"]]


def test_the_time_is_watched_between_the_records_of_a_message_that_has_failed() -> None:
    tried: list[str] = []

    class Context:
        left = 60_000

        def get_remaining_time_in_millis(self) -> int:
            return self.left

    def process(record: Word) -> None:
        tried.append(str(record))
        Context.left = 10
        raise PermanentError

    # The first is a dead letter; the message comes again for the second, which was not started.
    handler = job(dead_letter=lambda raw, error: None)(process)
    assert failed_ids(handler(sqs_event(["a+b"]), Context())) == ["message-1"]
    assert tried == ["a"]


def test_a_log_batch_is_json_for_each_line() -> None:
    seen = []

    @job
    def process(record: dict[str, Any]) -> None:
        seen.append((record["logGroup"], json.loads(record["logEvents"][0]["message"])))

    process(logs_event([{"n": 1}, {"n": 2}], group="loans"))
    assert seen == [("loans", {"n": 1}), ("loans", {"n": 2})]


@pytest.mark.parametrize(("body", "tried"), [("!+a", []), ("a+!+b", ["a"])])
def test_a_reader_that_fails_on_its_way_is_a_failure_of_its_message(body: str, tried: list[str]) -> None:
    class Fragile(Word):
        @classmethod
        def from_record(cls, raw: dict[str, Any]) -> Iterable[Self]:  # type: ignore[override]
            for word in raw["body"].split("+"):
                if word == "!":
                    raise ValueError
                yield cls(word)

    seen: list[str] = []
    process = work(seen)
    process.__annotations__["record"] = Fragile
    assert failed_ids(job(process)(sqs_event([body, "z"]))) == ["message-1"]
    assert seen[: len(tried)] == tried
    assert seen[-1] == "z"
