import json
import re
import subprocess
import sys
import types
from pathlib import Path

import kit_cache


def test_everything_exported_is_there_and_everything_there_is_exported():
    public = {
        name
        for name, value in vars(kit_cache).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert public == set(kit_cache.__all__)
    assert kit_cache.__all__ == sorted(kit_cache.__all__)


def test_every_public_name_says_what_it_is():
    for name in kit_cache.__all__:
        assert getattr(kit_cache, name).__doc__, name


def test_every_exported_name_is_met_in_a_test():
    here = Path(__file__)
    text = "\n".join(path.read_text() for path in here.parent.glob("test_*.py") if path != here)
    assert [name for name in kit_cache.__all__ if not re.search(rf"\b{name}\b", text)] == []


def test_libraries_are_imported_when_a_call_needs_them(tmp_path):
    code = """
import json, logging, sys  # logging loads some of these itself from Python 3.14 on
before = set(sys.modules)
import kit_cache

HEAVY = ("redis", "diskcache", "sqlite3", "asyncio", "inspect", "pickle", "tempfile")
loaded = lambda: [name for name in HEAVY if name in sys.modules and name not in before]

@kit_cache.method_cache(tiers=("memory",))
def load(x):
    return x

@kit_cache.hybrid_cache(tiers=("memory", "redis"))
async def later(x):
    return x

imported = loaded()
load(1)
print(json.dumps([imported, loaded()]))
"""
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    imported, called = json.loads(shown)
    assert imported == []
    assert "redis" not in called
    assert "diskcache" not in called
