"""A source of one's own."""

import re
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from kit_events import EventRecord, QueueRecord, Record, RecordShapeError, register_source
from kit_events.records import sources
from kit_testing.events import carried, event_body

GUIDE = Path(__file__).parents[4] / "docs" / "guides" / "events-records.md"


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_registered", [])


class Parcel(Record):
    """What a partner's queue brings: an event in a wrapping of its own."""

    number: str

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        return "parcel" in raw

    @classmethod
    def opened(cls, raw: dict[str, Any]) -> list[Any]:
        return [raw["content"]]

    @classmethod
    def read(cls, fields: Any) -> Iterator["Parcel"]:
        yield cls(number=fields.part("parcel").get("number", str))


def test_a_record_of_ones_own_is_read_out_of_every_carrier() -> None:
    [record] = Parcel.from_record(carried({"parcel": {"number": "7"}}, "sns", "sqs"))
    assert record == Parcel("7")


def test_its_malformed_fields_are_named() -> None:
    with pytest.raises(RecordShapeError, match=r"Parcel: 'parcel.number' has to be a string, not a number") as caught:
        Parcel.from_record(carried({"parcel": {"number": 7}}, "sqs"))
    assert (caught.value.record, caught.value.field) == ("Parcel", "parcel.number")


def test_once_registered_it_is_opened_for_the_other_records() -> None:
    raw = carried({"parcel": {"number": "7"}, "content": event_body()}, "sqs")
    with pytest.raises(RecordShapeError, match="'id' is missing"):
        EventRecord.from_record(raw)
    assert register_source(Parcel) is register_source(Parcel) is Parcel
    assert len(EventRecord.from_record(raw)) == 1
    assert len(QueueRecord.from_record(raw)) == 1


def test_a_record_needs_its_fields_once() -> None:
    for arguments, named in (((), {}), (("7", "8"), {}), (("7",), {"number": "7"}), (("7",), {"colour": "red"})):
        with pytest.raises(TypeError, match="Parcel"):
            Parcel(*arguments, **named)


def test_a_record_without_read_says_so() -> None:
    class Unread(Record):
        @classmethod
        def recognises(cls, raw: dict[str, Any]) -> bool:
            return True

    with pytest.raises(TypeError, match="Unread has to say by `read`"):
        Unread.from_record({"a": 1})


@pytest.mark.skipif(not GUIDE.exists(), reason="the guide is part of the repository, not of the package")
def test_a_source_is_added_as_the_guide_says(tmp_path: Path) -> None:
    """It takes one file, one line in it, and one captured event, for which the guide's own test passes."""
    text = GUIDE.read_text().partition("## Add a source in one file")[2].partition("\n## ")[0]
    code, test = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    [captured] = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    assert [line for line in code.splitlines() if "register_source" in line and "import" not in line] == [
        "@register_source"
    ]
    (tmp_path / "cloud_events.py").write_text(code)
    (tmp_path / "cloud_event.json").write_text(captured)
    spec = spec_from_file_location("cloud_events", tmp_path / "cloud_events.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    namespace: dict[str, Any] = {**vars(module), "__file__": str(tmp_path / "test_cloud_events.py")}
    exec(
        compile("\n".join(line for line in test.splitlines() if "from cloud_events" not in line), "guide", "exec"),
        namespace,
    )
    ran = [value() for name, value in namespace.items() if name.startswith("test_")]
    assert ran == [None]
