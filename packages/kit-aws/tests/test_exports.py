"""What the package shows, and what its import costs."""

import sys
from subprocess import run
from types import ModuleType

import kit_aws


def test_all_is_what_is_there() -> None:
    public = {name for name, value in vars(kit_aws).items() if name[0] != "_" and not isinstance(value, ModuleType)}
    assert set(kit_aws.__all__) == public
    assert list(kit_aws.__all__) == sorted(kit_aws.__all__)


def test_everything_public_is_described() -> None:
    assert [name for name in kit_aws.__all__ if not getattr(kit_aws, name).__doc__] == []


def test_the_import_is_light() -> None:
    heavy = ["boto3", "botocore", "urllib3", "requests", "httpx", "asyncio", "inspect", "dataclasses", "ssl"]
    code = f"import sys, kit_aws; found = set({heavy}) & set(sys.modules); assert not found, found"
    assert run([sys.executable, "-c", code], check=False).returncode == 0
