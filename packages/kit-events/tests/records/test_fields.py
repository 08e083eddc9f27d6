"""What a source of one's own reads its members with."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from kit_events import Fields, RecordShapeError

FIELDS = Fields(
    "Parcel",
    {
        "name": "a",
        "number": 5,
        "rate": 1.5,
        "flag": True,
        "none": None,
        "at": "2026-03-01T12:30:45Z",
        "epoch": 1772368245123,
        "data": "e30=",
        "inner": {"name": "b"},
        "items": [{"name": "c"}, {"name": 7}],
        "texts": {"a": "1"},
    },
)


def test_members_are_read_by_their_kind() -> None:
    assert FIELDS.get("name", str) == "a"
    assert (FIELDS.get("number", int), FIELDS.get("number", float), FIELDS.get("rate", float)) == (5, 5, 1.5)
    assert (FIELDS.find("none", str), FIELDS.find("missing", str), FIELDS.find("name", str)) == (None, None, "a")
    assert ("none" in FIELDS, "missing" in FIELDS) == (True, False)
    assert FIELDS.part("inner").get("name", str) == "b"
    assert FIELDS.parts("items")[0].get("name", str) == "c"
    assert (FIELDS.texts("texts"), FIELDS.texts("missing")) == ({"a": "1"}, {})
    assert FIELDS.data("data") == b"{}"
    assert FIELDS.time("at") == datetime(2026, 3, 1, 12, 30, 45, tzinfo=UTC)
    assert FIELDS.epoch("epoch", per_second=1000) == datetime(2026, 3, 1, 12, 30, 45, 123000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("read", "field", "reason"),
    [
        (lambda: FIELDS.get("missing", str), "missing", "is missing"),
        (lambda: FIELDS.get("name", int), "name", "has to be an integer, not a string"),
        (lambda: FIELDS.get("flag", int), "flag", "has to be an integer, not a boolean"),
        (lambda: FIELDS.part("inner").get("other", str), "inner.other", "is missing"),
        (lambda: FIELDS.parts("items")[1].get("name", str), "items.1.name", "has to be a string, not a number"),
        (lambda: FIELDS.texts("inner") and FIELDS.texts("items"), "items", "has to be a JSON object, not an array"),
        (lambda: FIELDS.data("name"), "name", "is not base64"),
        (lambda: FIELDS.time("name"), "name", "is not a time"),
        (lambda: FIELDS.epoch("epoch"), "epoch", "is not a time"),
    ],
)
def test_a_wrong_member_is_named_by_its_path(read: Callable[[], Any], field: str, reason: str) -> None:
    with pytest.raises(RecordShapeError, match=reason) as caught:
        read()
    assert (caught.value.record, caught.value.field) == ("Parcel", field)
