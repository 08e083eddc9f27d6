"""What the package shows, and what its import costs."""

import sys
from subprocess import run
from types import ModuleType

import kit_events


def test_all_is_what_is_there() -> None:
    found = {name: getattr(kit_events, name) for name in dir(kit_events) if name[0] != "_" and name != "TYPE_CHECKING"}
    assert set(kit_events.__all__) == {name for name, value in found.items() if not isinstance(value, ModuleType)}
    assert list(kit_events.__all__) == sorted(kit_events.__all__)


def test_everything_public_is_described() -> None:
    assert [name for name in kit_events.__all__ if not getattr(kit_events, name).__doc__] == []


def test_the_import_is_light() -> None:
    heavy = ["kit_aws", "logging", "boto3", "botocore", "asyncio", "inspect", "dataclasses", "urllib.parse", "ssl"]
    code = f"import sys, kit_events; found = set({heavy}) & set(sys.modules); assert not found, found"
    assert run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_record_loads_no_other_source() -> None:
    code = "import sys, kit_events; kit_events.FileRecord; "
    code += "loaded = {name.rpartition('.')[2] for name in sys.modules if name.startswith('kit_events.records.')}; "
    code += "assert loaded & set(source[0] for source in kit_events.records.SOURCES.values()) == {'s3'}, loaded"
    assert run([sys.executable, "-c", code], check=False).returncode == 0
