"""Tumbling windows: a function's calls carry a state from one to the next."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from kit_events import RecordShapeError, StreamRecord, TableRecord, WindowTrigger
from kit_testing.events import dynamodb_event

Captured = Callable[[str], Any]


def test_a_call_has_the_state_and_the_records(captured: Captured) -> None:
    [window] = WindowTrigger.from_record(captured("window"))
    assert (window.start, window.end) == (
        datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
        datetime(2026, 3, 1, 12, 32, tzinfo=UTC),
    )
    assert (window.state, window.is_final, window.is_terminated_early) == ({"total": "282.00"}, False, False)
    assert window.shard_id == "shardId-000000000006"
    assert [record.json for record in window.read_all(StreamRecord)] == [{"amount": "1500.00"}]
    assert [record.json for record in StreamRecord.from_record(captured("window"))] == [{"amount": "1500.00"}]


def test_the_last_call_has_no_records(captured: Captured) -> None:
    event = captured("window") | {"Records": [], "isFinalInvokeForWindow": True}
    [window] = WindowTrigger.from_record(event)
    assert (window.is_final, window.read_all(StreamRecord)) == (True, [])
    assert StreamRecord.from_record(event) == []


def test_the_answer_is_the_state_as_json_holds_it(captured: Captured) -> None:
    [window] = WindowTrigger.from_record(captured("window"))
    assert window.answer({"total": Decimal("1782.00")}) == {"state": {"total": "1782.00"}, "batchItemFailures": []}
    assert window.answer({}, failed=["49"]) == {"state": {}, "batchItemFailures": [{"itemIdentifier": "49"}]}
    with pytest.raises(ValueError, match="nan"):
        window.answer({"total": float("nan")})


def test_windows_of_tables_are_the_same(captured: Captured) -> None:
    event = captured("window") | dynamodb_event([{"id": "7"}]) | {"state": None}
    [window] = WindowTrigger.from_record(event)
    assert window.state == {}
    assert [record.keys for record in window.read_all(TableRecord)] == [{"id": "7"}]


def test_a_window_without_its_bounds_is_malformed(captured: Captured) -> None:
    with pytest.raises(RecordShapeError, match=r"WindowTrigger: 'window\.end' is missing"):
        WindowTrigger.from_record(captured("window") | {"window": {"start": "2026-03-01T12:30:00Z"}})
