"""Events as they come in."""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from kit_events import BusRecord, EventRecord, IotRecord, RecordShapeError
from kit_testing.events import carried, event_body

LOAN = UUID("9d6b3c2e-7a4f-4c9e-8a57-3f1f0f2d9c20")


def in_sqs(body: Any) -> dict[str, Any]:
    return {"messageId": "1", "eventSource": "aws:sqs", "body": body if isinstance(body, str) else json.dumps(body)}


@pytest.mark.parametrize("name", ["sns_in_sqs", "sns_raw_in_sqs", "sns", "rispack_enqueue"])
def test_an_event_is_found_in_whatever_it_came_in(captured: Callable[[str], Any], name: str) -> None:
    [raw] = captured(name)["Records"]
    [record] = EventRecord.from_record(raw)
    assert record == EventRecord(
        id=UUID("0f8b8f3a-2b1e-4c55-8d35-6a5a5f0a7a11"),
        aggregate_id=LOAN,
        payload={"id": str(LOAN), "amount": "1500.00", "status": "requested"},
        type="loan.requested",
        origin="rispar.loans",
        at=datetime(2026, 3, 1, 12, 30, 45, 0 if name == "rispack_enqueue" else 123456, tzinfo=UTC),
        version="1",
    )


def test_an_event_that_a_function_is_invoked_with_is_read(captured: Callable[[str], Any]) -> None:
    [record] = EventRecord.from_record(captured("event_record"))
    assert record.aggregate_id == LOAN


def test_fields_are_typed(captured: Callable[[str], Any]) -> None:
    [record] = EventRecord.from_record(captured("event_record"))
    assert isinstance(record.id, UUID)
    assert record.at.utcoffset() == timedelta(0)
    assert record.payload["amount"] == "1500.00"


def test_an_offset_is_kept(captured: Callable[[str], Any]) -> None:
    [record] = EventRecord.from_record({**captured("event_record"), "at": "2026-03-01T12:00:00-03:00"})
    assert record.at == datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=-3)))


def test_unknown_fields_are_ignored(captured: Callable[[str], Any]) -> None:
    assert len(list(EventRecord.from_record({**captured("event_record"), "trace": 1}))) == 1


@pytest.mark.parametrize("field", ["id", "aggregate_id", "payload", "type", "origin", "at", "version"])
@pytest.mark.parametrize("value", ["missing", None, 1, [], "", True])
def test_a_wrong_field_is_named(captured: Callable[[str], Any], field: str, value: Any) -> None:
    event = {**captured("event_record"), field: value}
    if value == "missing":
        del event[field]
    with pytest.raises(RecordShapeError, match=f"EventRecord: '{field}'") as caught:
        list(EventRecord.from_record(in_sqs(event)))
    assert (caught.value.record, caught.value.field) == ("EventRecord", field)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "0f8b8f3a2b1e4c558d356a5a5f0a7a11"),
        ("id", "{0f8b8f3a-2b1e-4c55-8d35-6a5a5f0a7a11}"),
        ("id", "0f8b8f3a-2b1e-4c55-8d35-6a5a5f0a7a11\n"),
        ("aggregate_id", "loan-1"),
        ("at", "2026-03-01T12:00:00"),
        ("at", "2026-03-01"),
        ("at", "yesterday"),
        ("payload", "{}"),
    ],
)
def test_what_only_looks_right_is_refused(captured: Callable[[str], Any], field: str, value: str) -> None:
    with pytest.raises(RecordShapeError) as caught:
        list(EventRecord.from_record({**captured("event_record"), field: value}))
    assert caught.value.field == field


@pytest.mark.parametrize("body", ["poison", "", "[1]", "null", "7", '"text"', "true", "[" * 100_000])
def test_a_body_that_is_no_event_is_a_shape_error(body: str) -> None:
    with pytest.raises(RecordShapeError) as caught:
        list(EventRecord.from_record(in_sqs(body)))
    assert caught.value.field is None


def test_a_message_with_an_empty_list_of_records_is_not_passed_over() -> None:
    with pytest.raises(RecordShapeError, match="'id' is missing"):
        list(EventRecord.from_record(in_sqs({"Records": []})))


def test_what_a_message_says_is_not_repeated_in_the_error(captured: Callable[[str], Any]) -> None:
    with pytest.raises(RecordShapeError) as caught:
        list(EventRecord.from_record({**captured("event_record"), "id": "hunter2"}))
    assert "hunter2" not in str(caught.value)


def test_carriers_nested_without_end_are_refused(captured: Callable[[str], Any]) -> None:
    raw = captured("event_record")
    for _ in range(50):
        raw = {"Records": [raw]}
    with pytest.raises(RecordShapeError):
        list(EventRecord.from_record(raw))


def test_a_file_is_no_event(captured: Callable[[str], Any]) -> None:
    [raw] = captured("s3_in_sqs")["Records"]
    with pytest.raises(RecordShapeError, match="'id' is missing"):
        list(EventRecord.from_record(raw))


def test_a_record_does_not_change(captured: Callable[[str], Any]) -> None:
    [record] = EventRecord.from_record(captured("event_record"))
    with pytest.raises(AttributeError, match="cannot be changed"):
        record.type = "other"
    with pytest.raises(AttributeError, match="cannot be changed"):
        del record.type


def test_a_record_can_be_copied(captured: Callable[[str], Any]) -> None:
    [record] = EventRecord.from_record(captured("event_record"))
    copied = copy.deepcopy(record)
    assert copied == record
    assert copied.payload is not record.payload
    assert copied != captured("event_record")


def test_a_record_shows_what_it_is_but_not_what_it_carries(captured: Callable[[str], Any]) -> None:
    [record] = EventRecord.from_record(captured("event_record"))
    assert "loan.requested" in repr(record)
    assert "1500.00" not in repr(record)


NO_NUMBERS = ["NaN", "Infinity", "-Infinity", "1e999", "-1E+999", f"1{'0' * 400}.0"]


@pytest.mark.parametrize("way", [("sqs",), ("sns", "sqs"), ("kinesis",), ("gzip", "kinesis"), ("kafka",)])
@pytest.mark.parametrize("number", NO_NUMBERS)
def test_a_number_that_json_has_not_is_named(way: tuple[str, ...], number: str) -> None:
    body = json.dumps(event_body({"rates": [1.5, "RATE"]})).replace('"RATE"', number)
    with pytest.raises(RecordShapeError, match="is no number in JSON") as caught:
        EventRecord.from_record(carried(body, *way))
    assert (caught.value.record, caught.value.field) == ("EventRecord", "payload.rates.1")


@pytest.mark.parametrize("number", NO_NUMBERS)
def test_a_number_that_json_has_not_is_named_among_many(number: str) -> None:
    body = json.dumps(event_body({"rates": [1.5] * 50 + ["RATE"]})).replace('"RATE"', number)
    with pytest.raises(RecordShapeError, match=r"'payload\.rates\.50' is no number in JSON"):
        EventRecord.from_record(carried(body, "sqs"))


def test_what_lambdas_runtime_reads_as_infinity_is_named() -> None:
    """The runtime reads a function's event with json.loads: a detail of EventBridge, an event that is sent directly."""
    infinite = json.loads(json.dumps(event_body({"rates": ["RATE"]})).replace('"RATE"', "1e999"))
    with pytest.raises(RecordShapeError, match=r"EventRecord: 'payload\.rates\.0' is no number in JSON"):
        EventRecord.from_record(infinite)
    for kind in (EventRecord, BusRecord):
        with pytest.raises(RecordShapeError, match=r"BusRecord: 'detail\.payload\.rates\.0' is no number in JSON"):
            kind.from_record(carried(infinite, "eventbridge"))
    with pytest.raises(RecordShapeError, match=r"IotRecord: 'payload\.rates\.0' is no number in JSON"):
        IotRecord.from_record(infinite)


def test_large_and_small_numbers_are_numbers() -> None:
    rates = [1e308, -1e308, 5e-324, 0.0, 10**400, 1.0] * 4
    [record] = EventRecord.from_record(carried(event_body({"rates": rates}), "sns", "sqs"))
    assert record.payload["rates"] == rates


def test_a_text_that_is_malformed_is_not_called_a_number() -> None:
    with pytest.raises(RecordShapeError, match="a JSON object is expected, this is a string"):
        EventRecord.from_record(carried('{"rates": [NaN}', "sqs"))
