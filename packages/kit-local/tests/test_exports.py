"""What the package shows, and what its import costs."""

import sys
from subprocess import run
from types import ModuleType

import kit_local


def test_all_is_what_is_there() -> None:
    for name in kit_local.__all__:
        assert getattr(kit_local, name).__doc__
    public = {name for name, value in vars(kit_local).items() if name[0] != "_" and not isinstance(value, ModuleType)}
    assert public - {"TYPE_CHECKING"} <= set(kit_local.__all__)
    assert list(kit_local.__all__) == sorted(kit_local.__all__)


def test_the_import_is_light() -> None:
    heavy = ["asyncio", "aiohttp", "boto3", "botocore", "moto", "psycopg2", "samtranslator", "threading", "yaml"]
    for module in ("kit_local", "kit_local.cli"):
        code = f"import sys, {module}; found = set({heavy}) & set(sys.modules); assert not found, found"
        assert run([sys.executable, "-c", code], check=False).returncode == 0
