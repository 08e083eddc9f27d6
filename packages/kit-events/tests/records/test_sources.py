"""What every source has in common: the table of them is walked, with a captured event of each."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kit_events
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit_events import EventRecord, FileRecord, Record, RecordShapeError, records
from kit_events.records.sources import MAX_DEPTH, SOURCES
from kit_testing.events import carried, dynamodb_record, event_body, s3_record

EVENTS = Path(__file__).parents[1] / "events"
CARRIERS = ["sqs", "sns", "eventbridge", "kinesis", "firehose", "kafka", "activemq", "rabbitmq"]
# These read any object, or what another source is a kind of.
LENIENT = {
    "IotRecord": None,
    "BusRecord": {"schedule", "s3_eventbridge", "s3_eventbridge_deleted"},
    "StreamRecord": {"window"},
}


def captured_of(name: str) -> Path:
    """Return the captured event of a record: its file's name, and its own where the file has several."""
    file = SOURCES[name][0]
    alone = [each for each, (of, *_) in SOURCES.items() if of == file] == [name]
    return EVENTS / (f"{file}.json" if alone else f"{file}_{name}.json")


def raws(path: Path) -> list[Any]:
    event = json.loads(path.read_text())
    return event["Records"] if isinstance(event, dict) and "Records" in event and "window" not in event else [event]


def load(name: str) -> type[Record]:
    found: type[Record] = getattr(kit_events, name)
    return found


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_reads_what_aws_sends(name: str) -> None:
    for raw in raws(captured_of(name)):
        records = load(name).from_record(copy.deepcopy(raw))
        assert records
        assert all(type(record) is load(name) for record in records)


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_refuses_what_others_send(name: str) -> None:
    allowed = LENIENT.get(name, set())
    for other in SOURCES:
        if other == name or allowed is None or captured_of(other).stem in allowed:
            continue
        for raw in raws(captured_of(other)):
            if name == "EventRecord":
                continue  # most of them carry one
            with pytest.raises(RecordShapeError) as caught:
                load(name).from_record(raw)
            assert caught.value.record == name


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize(
    "way", [("sqs",), ("sns", "sqs"), ("kinesis",), ("gzip", "kinesis"), ("gzip", "sqs"), ("firehose",)]
)
def test_a_source_is_found_in_whatever_carries_it(name: str, way: tuple[str, ...]) -> None:
    outermost = {"sqs": "QueueRecord", "kinesis": "StreamRecord", "firehose": "FirehoseRecord", "sns": "TopicRecord"}
    if name in {outermost[step] for step in way if step in outermost}:
        pytest.skip("the carrier itself is such a record")
    for raw in raws(captured_of(name)):
        assert load(name).from_record(carried(raw, *way)) == load(name).from_record(raw)


@pytest.mark.parametrize("name", SOURCES)
def test_a_record_is_copied_compared_and_kept_as_it_is(name: str) -> None:
    [record, *_] = load(name).from_record(raws(captured_of(name))[0])
    assert copy.deepcopy(record) == record
    assert record != object()
    with pytest.raises(AttributeError, match="cannot be changed"):
        record.anything = 1


@pytest.mark.parametrize("name", SOURCES)
def test_a_record_prints_nothing_of_what_it_carries(name: str) -> None:
    for raw in raws(captured_of(name)):
        for record in load(name).from_record(raw):
            shown = repr(record)
            assert not any(secret in shown for secret in ("1500", "ada@example.com", "correct horse", "AYADeK8"))


def test_every_file_is_in_the_table() -> None:
    shared = {"__init__", "aggregated", "claimed_payload", "content", "data", "fields", "frozen", "record", "sources"}
    files = {path.stem for path in Path(str(records.__file__)).parent.glob("*.py")}
    assert files - shared == {file for file, *_ in SOURCES.values()}


@pytest.mark.parametrize("inner", CARRIERS)
@pytest.mark.parametrize("outer", CARRIERS)
def test_any_carrier_is_opened_in_any_other(inner: str, outer: str) -> None:
    event = event_body({"amount": 1})
    [record] = EventRecord.from_record(carried(event, inner, outer))
    assert str(record.id) == event["id"]
    [file] = FileRecord.from_record(carried({"Records": [s3_record("a b.pdf")]}, inner, outer))
    assert file.key == "a b.pdf"


@pytest.mark.parametrize(
    "way", [("gzip", "kinesis"), ("gzip", "sqs"), ("gzip", "sns", "sqs"), ("sns", "gzip", "firehose")]
)
def test_what_is_packed_is_unpacked(way: tuple[str, ...]) -> None:
    event = event_body()
    [record] = EventRecord.from_record(carried(event, *way))
    assert str(record.id) == event["id"]


def test_a_list_of_records_is_a_carrier_too() -> None:
    """EventBridge Pipes calls a function with a list."""
    bodies = [event_body(), event_body()]
    records = EventRecord.from_record([carried(body, "sqs") for body in bodies])  # type: ignore[arg-type]
    assert [str(record.id) for record in records] == [body["id"] for body in bodies]


def test_what_is_packed_too_well_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit_events.records.content.MAX_BYTES", 1000)
    with pytest.raises(RecordShapeError):
        EventRecord.from_record(carried(event_body({"text": "x" * 10_000}), "gzip", "kinesis"))


def test_what_is_packed_in_what_is_packed_stays_so() -> None:
    with pytest.raises(RecordShapeError):
        EventRecord.from_record(carried(event_body(), "gzip", "gzip", "gzip", "sqs"))


def test_what_is_nested_too_deeply_is_a_shape_error() -> None:
    value: Any = {"S": "1"}
    for _ in range(2000):
        value = {"L": [value]}
    raw = dynamodb_record({"id": "1"})
    raw["dynamodb"]["NewImage"] = {"a": value}
    with pytest.raises(RecordShapeError, match="TableRecord: it is nested too deeply"):
        kit_events.TableRecord.from_record(raw)


def test_the_depth_is_bounded() -> None:
    event = event_body()
    assert EventRecord.from_record(carried(event, *["sqs"] * MAX_DEPTH))
    with pytest.raises(RecordShapeError):
        EventRecord.from_record(carried(event, *["sqs"] * (MAX_DEPTH + 1)))


def test_one_malformed_part_lets_none_of_a_message_through() -> None:
    good, bad = event_body(), event_body(id="loan-1")
    with pytest.raises(RecordShapeError, match="'id' is not a UUID"):
        EventRecord.from_record(carried([good, bad], "sqs"))


@pytest.mark.parametrize(
    ("raw", "record", "field"),
    [
        ({"eventSource": "aws:sqs", "body": 1}, "QueueRecord", "body"),
        ({"eventSource": "aws:sqs"}, "QueueRecord", "body"),
        ({"EventSource": "aws:sns"}, "TopicRecord", "Sns"),
        ({"EventSource": "aws:sns", "Sns": {"TopicArn": "a"}}, "TopicRecord", "Sns.Message"),
        ({"eventSource": "aws:kinesis", "kinesis": {"data": "%"}}, "StreamRecord", "kinesis.data"),
        ({"eventSource": "aws:kafka", "records": {}}, "KafkaRecord", "records"),
        ({"eventSource": "aws:kafka", "records": {"a-0": [{"value": 1}]}}, "KafkaRecord", "records.a-0.0.value"),
        ({"eventSource": "aws:mq", "messages": []}, "ActiveMQRecord", "messages"),
        ({"eventSource": "aws:rmq", "rmqMessagesByQueue": []}, "RabbitMQRecord", "rmqMessagesByQueue"),
        ({"deliveryStreamArn": "a", "records": [1]}, "FirehoseRecord", "records.0"),
    ],
)
def test_a_malformed_carrier_is_named(raw: Any, record: str, field: str) -> None:
    with pytest.raises(RecordShapeError) as caught:
        EventRecord.from_record(raw)
    assert (caught.value.record, caught.value.field) == (record, field)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where in JSON everything is."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from paths(inner, (*path, key))


ALL = [(name, raw, path) for name in SOURCES for raw in raws(captured_of(name)) for path in paths(raw)]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["9" * 400, "e30=", "H4sI"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(ALL), st.booleans(), JSON)
def test_what_is_malformed_is_a_shape_error_that_names_the_field(where: Any, gone: bool, value: Any) -> None:
    name, raw, path = where
    raw = copy.deepcopy(raw)
    *parents, last = path
    inner = raw
    for parent in parents:
        inner = inner[parent]
    if gone:
        del inner[last]
    else:
        inner[last] = value
    error = refused(load(name), raw)
    assert error is None or error.record in SOURCES
    if error and error.field is not None and name != "EventRecord":
        changed = ".".join(map(str, path))
        assert f"{changed}.".startswith(f"{error.field}.") or f"{error.field}.".startswith(f"{changed}.")


def refused(record: type[Record], raw: Any) -> RecordShapeError | None:
    """Return the error of a record that is malformed, and print one that is not."""
    try:
        found = record.from_record(raw)
    except RecordShapeError as error:
        return error
    assert all(repr(each) for each in found)
    return None


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(SOURCES)), JSON, st.sampled_from([(), ("sqs",), ("sns", "sqs"), ("kinesis",)]))
def test_anything_at_all_is_read_or_a_shape_error(name: str, value: Any, way: tuple[str, ...]) -> None:
    error = refused(load(name), carried(value, *way))
    assert error is None or error.record in SOURCES
