"""Lambda's init phase and SnapStart: psycopg2 is loaded ahead there, and connections are not part of a snapshot."""

import json
import os
import subprocess
import sys

import pytest

LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "loans", "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"}
STORE = """
import json, sys
from dataclasses import dataclass
from kit_db import Store, transactional

@dataclass
class Loan:
    id: int

class LoanStore(Store[Loan]):
    entity = Loan
    table = "loans"

{declared}
print(json.dumps([name in sys.modules for name in ("psycopg2", "kit_db.driver.psycopg2")]))
"""
# The runtime's own hooks, by the names of its module: `register_before_snapshot` and `register_after_restore`.
SNAPSHOT = """
import sys, types
before, after = [], []
hooks = types.ModuleType("snapshot_restore_py")
hooks.register_before_snapshot, hooks.register_after_restore = before.append, after.append
sys.modules["snapshot_restore_py"] = hooks
from kit_db import Database

database = Database.from_url(sys.argv[1])
backend = lambda: database.execute("select pg_backend_pid() as pid")[0]["pid"]
pids = [backend(), backend()]
for hook in before:
    hook()
others = Database.from_url(sys.argv[1])
left = others.execute("select count(*) as left from pg_stat_activity where pid = %s", [pids[0]])[0]["left"]
pids.append(backend())  # another hook, before the snapshot
for hook in after:
    hook()
pids.append(backend())
print(pids[0] == pids[1], left, len(set(pids)))
"""


def run(code: str, *arguments: str, **environment: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "PYTHONPATH", "HOME")}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("declared", ["LoanStore()", "transactional(print)", "import kit_db; kit_db.Database()"])
def test_the_driver_is_loaded_ahead_on_lambda_alone(declared: str) -> None:
    code = STORE.format(declared=declared)
    assert json.loads(run(code, **LAMBDA)) == [True, True]
    assert json.loads(run(code, **LAMBDA, KIT_PRELOAD="0")) == [False, False]
    assert json.loads(run(code)) == [False, False]


def test_a_store_that_cannot_be_prepared_says_so_at_its_first_use_as_ever() -> None:
    code = STORE.format(declared="LoanStore.columns = ['nothing']; LoanStore.key = 'other'; LoanStore()")
    assert json.loads(run(code, **LAMBDA)) == [True, True]


def test_a_snapshot_holds_no_connection(postgres_url: str) -> None:
    snap_start = {**LAMBDA, "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}
    assert run(SNAPSHOT, postgres_url, **snap_start) == "True 0 3"
