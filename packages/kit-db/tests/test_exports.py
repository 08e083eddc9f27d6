import re
import subprocess
import sys
from pathlib import Path

import kit_db
import pytest


def test_all_is_what_is_there():
    for name in kit_db.__all__:
        assert callable(getattr(kit_db, name)), name
    assert set(kit_db.__all__) <= set(dir(kit_db))
    homes = [name for names in kit_db._HOMES.values() for name in names]
    assert sorted(homes) == sorted(kit_db.__all__)


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="Databse"):
        kit_db.Databse  # noqa: B018


def test_every_exported_name_is_met_in_a_test():
    here = Path(__file__)
    text = "\n".join(path.read_text() for path in here.parent.rglob("test_*.py") if path != here)
    assert [name for name in kit_db.__all__ if not re.search(rf"\b{name}\b", text)] == []


def loaded_by(statement):
    code = f"import sys; before = set(sys.modules); {statement}; print(*set(sys.modules) - before)"
    return set(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split())


def test_the_import_loads_nothing():
    assert loaded_by("import kit_db") == {"kit_db"}


def test_using_it_loads_no_driver_before_the_first_connection():
    loaded = loaded_by("from kit_db import *; Database(); transactional(lambda: None)") - loaded_by("import logging")
    heavy = {"psycopg2", "boto3", "botocore", "kit_aws", "asyncio", "inspect", "random", "urllib.request"}
    assert heavy.isdisjoint(loaded)


def test_statements_and_transactions_alone_load_no_stores():
    loaded = loaded_by("from kit_db import Database, transactional")
    stores = {"kit_db.stores.store", "kit_db.entities.shape", "kit_db.unit_of_work"}
    assert {*stores, "pathlib", "uuid", "json"}.isdisjoint(loaded)


def test_the_driver_brings_no_aws_nor_more_of_psycopg2_than_it_needs():
    loaded = loaded_by("import kit_db.driver.psycopg2")
    assert {"boto3", "botocore", "kit_aws", "psycopg2.extras", "psycopg2.errorcodes"}.isdisjoint(loaded)
