"""What the package shows, and what its import costs."""

import re
import sys
from pathlib import Path
from subprocess import run
from types import ModuleType

import kit_events
import pytest
from kit_events import dead_letters, inbox, outbox, publishing, records

ROOMS = [kit_events, dead_letters, inbox, outbox, publishing, records]
TESTS = Path(__file__).parent


def test_all_is_what_is_there() -> None:
    found = {name: getattr(kit_events, name) for name in dir(kit_events) if name[0] != "_" and name != "TYPE_CHECKING"}
    assert set(kit_events.__all__) == {name for name, value in found.items() if not isinstance(value, ModuleType)}
    assert list(kit_events.__all__) == sorted(kit_events.__all__)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
def test_everything_public_is_described_and_tested(room: ModuleType) -> None:
    assert [name for name in room.__all__ if not getattr(room, name).__doc__] == []
    words = {word for path in TESTS.rglob("*.py") for word in re.findall(r"\w+", path.read_text())}
    assert [name for name in room.__all__ if name not in words] == []


def test_the_import_is_light() -> None:
    heavy = ["kit_aws", "logging", "boto3", "botocore", "asyncio", "inspect", "dataclasses", "urllib.parse", "ssl"]
    code = f"import sys, kit_events; found = set({heavy}) & set(sys.modules); assert not found, found"
    assert run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_record_loads_no_other_source() -> None:
    code = "import sys, kit_events; kit_events.FileRecord; "
    code += "loaded = {name.rpartition('.')[2] for name in sys.modules if name.startswith('kit_events.records.')}; "
    code += "assert loaded & set(source[0] for source in kit_events.records.SOURCES.values()) == {'s3'}, loaded"
    assert run([sys.executable, "-c", code], check=False).returncode == 0
