import subprocess
import sys
from types import ModuleType

import kit_db


def test_all_is_what_is_there():
    public = {
        name for name, value in vars(kit_db).items() if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert sorted(public) == sorted(kit_db.__all__)


def test_every_error_of_the_package_is_exported():
    import kit_db.errors

    defined = {
        name
        for name, value in vars(kit_db.errors).items()
        if isinstance(value, type) and value.__module__ == "kit_db.errors"
    }
    assert defined <= set(kit_db.__all__)


def test_the_import_is_light():
    code = "import sys, kit_db; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    heavy = {"psycopg2", "boto3", "botocore", "kit_aws", "asyncio", "inspect", "dataclasses", "urllib.request"}
    assert heavy.isdisjoint(loaded)
