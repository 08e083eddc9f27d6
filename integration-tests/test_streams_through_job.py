"""Aggregated records and tumbling windows, given to kit-handler's jobs, triggers and Dispatcher."""

import json
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
from kit_events import EventRecord, InvocationRecord, StreamRecord, WindowTrigger
from kit_handler import Dispatcher, PermanentError, job, trigger
from kit_testing.events import event_body, kinesis_event, kinesis_record

EVENTS = Path(__file__).parents[1] / "packages" / "kit-events" / "tests" / "events"


def aggregated(*contents: Any) -> bytes:
    """Return the data of a record that holds several, of one partition key; each is shorter than 128 bytes."""
    records = b""
    for content in contents:
        data = json.dumps(content).encode()
        inner = bytes([8, 0, 26, *_size(data)]) + data
        records += bytes([26, *_size(inner)]) + inner
    message = bytes([10, 6]) + b"loan-7" + records
    return b"\xf3\x89\x9a\xc2" + message + md5(message).digest()


def _size(data: bytes) -> list[int]:
    return [len(data)] if len(data) < 128 else [len(data) & 0x7F | 0x80, len(data) >> 7]


def batch(*datas: Any) -> dict[str, Any]:
    return kinesis_event(datas)


def test_each_user_record_is_worked_on() -> None:
    seen: list[int] = []

    @job
    def count(record: StreamRecord) -> None:
        seen.append(record.json["n"])

    event = batch({"n": 0}, aggregated({"n": 1}, {"n": 2}, {"n": 3}), {"n": 4})
    assert count(event, None) == {"batchItemFailures": []}
    assert seen == [0, 1, 2, 3, 4]


def test_a_failure_in_an_aggregate_names_the_whole() -> None:
    """Nothing smaller has a sequence number; what is behind the failure comes again with it."""
    seen: list[int] = []

    @job
    def count(record: StreamRecord) -> None:
        seen.append(record.json["n"])
        if record.json["n"] == 2:
            raise ConnectionError

    event = batch({"n": 0}, aggregated({"n": 1}, {"n": 2}, {"n": 3}), {"n": 4})
    assert count(event, None) == {"batchItemFailures": [{"itemIdentifier": "seq-2"}]}
    assert seen == [0, 1, 2]


def test_a_dead_letter_is_the_user_record_alone_and_the_others_go_on() -> None:
    seen: list[int] = []
    dead: list[Any] = []

    @job(dead_letter=lambda raw, error: dead.append(raw))
    def count(record: StreamRecord) -> None:
        seen.append(record.json["n"])
        if record.json["n"] == 2:
            raise PermanentError("no")

    event = batch(aggregated({"n": 1}, {"n": 2}, {"n": 3}), {"n": 4})
    assert count(event, None) == {"batchItemFailures": []}
    assert seen == [1, 2, 3, 4]
    [letter] = dead
    [again] = StreamRecord.from_record(letter)
    assert (again.json, again.sequence_number, again.sub_sequence_number) == ({"n": 2}, "seq-1", 1)


def test_a_malformed_event_in_an_aggregate_hides_no_other() -> None:
    seen: list[Any] = []
    dead: list[Any] = []

    @job(dead_letter=lambda raw, error: dead.append(raw), permanent=ValueError)
    def count(record: EventRecord) -> None:
        seen.append(record.payload["n"])

    event = batch(aggregated(event_body({"n": 1}), event_body({"n": 2}, at="noon"), event_body({"n": 3})))
    assert count(event, None) == {"batchItemFailures": []}
    assert seen == [1, 3]
    assert [letter["payload"] for letter in dead] == [{"n": 2}]


@pytest.fixture
def window() -> Any:
    return json.loads((EVENTS / "window.json").read_text())


def test_a_window_is_a_trigger_whose_answer_is_the_state(window: Any) -> None:
    @trigger
    def total(window: WindowTrigger) -> Any:
        amounts = [record.json["n"] for record in window.read_all(StreamRecord)]
        return window.answer({"total": window.state.get("total", 0) + sum(amounts)})

    first = window | {"state": {}, "Records": [kinesis_record({"n": 1}), kinesis_record({"n": 2})]}
    state = total(first, None)["state"]
    assert state == {"total": 3}
    assert total(window | {"state": state, "Records": [], "isFinalInvokeForWindow": True}, None) == {
        "state": {"total": 3},
        "batchItemFailures": [],
    }


@pytest.mark.parametrize("records", [[kinesis_record({"n": 1})], []])
def test_a_job_passes_the_state_of_a_window_on(window: Any, records: list[Any]) -> None:
    @job
    def look(record: StreamRecord) -> None: ...

    assert look(window | {"Records": records}, None) == {"batchItemFailures": [], "state": {"total": "282.00"}}


def test_a_dispatcher_knows_windows_and_destinations(window: Any) -> None:
    app, seen = Dispatcher(), []

    @app.trigger("loans")
    def total(window: WindowTrigger) -> Any:
        seen.append(window.is_final)
        return window.answer({})

    @app.trigger("underwrite")
    def failed(record: InvocationRecord) -> None:
        seen.append(record.condition)

    app(window, None)
    app(window | {"Records": [], "isFinalInvokeForWindow": True}, None)
    app(json.loads((EVENTS / "invocation_result_InvocationRecord.json").read_text()), None)
    assert seen == [False, True, "RetriesExhausted"]
