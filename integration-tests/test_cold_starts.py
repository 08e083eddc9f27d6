"""What the example's functions load: everything in the init phase, nothing in the first invocation, boto3 never."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
from backend_process import ROOT
from kit_testing.events import authorizer_event, http_event
from kit_testing.servers import Postgres, Redis, apply_migrations

LOANS = ROOT / "docs/examples/loans"
AWS = ROOT / "integration-tests/benchmarks/_cold_aws.py"
PROFILE, LOAN = "5b1f3c1e-6f0b-4f0e-9d0a-000000000001", "5b1f3c1e-6f0b-4f0e-9d0a-00000000aaaa"
TOKENS = {"demo-officer": {"profile_id": PROFILE, "roles": ["LOAN_CREATE", "LOAN_VIEW"]}}
CALLER = {"profile_id": PROFILE, "roles": "LOAN_CREATE,LOAN_VIEW"}
BODY = {"profile_id": PROFILE, "amount": "1500.00", "term_months": 12}
EVENTS: dict[str, Any] = {
    "loans.authorizers.http": authorizer_event(headers={"authorization": "Bearer demo-officer"}),
    "loans.http.create_loan": http_event("POST", "/loans", body=BODY, authorizer=CALLER),
    "loans.http.get_loan": http_event("GET", f"/loans/{LOAN}", path_params={"id": LOAN}, authorizer=CALLER),
}
PROGRAM = """
import importlib, json, sys
handler, event, result = sys.argv[1:4]

class Context:
    function_name, aws_request_id, function_version, memory_limit_in_mb = "loans", "request-1", "$LATEST", 256
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:loans"
    def get_remaining_time_in_millis(self): return 9000

module, name = handler.rsplit(".", 1)
function = getattr(importlib.import_module(module), name)
imported = set(sys.modules)
answers = [function(json.loads(event), Context()) for _ in range(2)]
with open(result, "w") as file:
    json.dump([answers, sorted(imported), sorted(set(sys.modules) - imported)], file)
"""


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    with Postgres() as postgres, Redis() as cache:
        postgres.ensure_database("loans", "loans", "secretpassword")
        url = postgres.url_for("loans", "loans", "secretpassword")
        apply_migrations(url, LOANS / "migrations")
        connection = psycopg2.connect(url)
        with connection, connection.cursor() as cursor:
            row = "insert into loans (id, profile_id, amount, term_months) values (%s, %s, 1500, 12)"
            cursor.execute(row, (LOAN, PROFILE))
        connection.close()
        at, cache_at = urlsplit(url), urlsplit(cache.url)
        secret = {"username": "loans", "password": "secretpassword", "host": at.hostname, "port": at.port}
        secrets = {"tokens": json.dumps(TOKENS), "database": json.dumps({**secret, "dbname": "loans"})}
        command = [sys.executable, str(AWS), json.dumps(secrets)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as aws:
            assert aws.stdin
            assert aws.stdout
            port = int(aws.stdout.readline())
            yield {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
                "AWS_REGION": "eu-central-1",
                "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "DB_SECRET_ARN": "database",
                "TOKENS_SECRET": "tokens",
                "EVENT_BUS": "arn:aws:sns:eu-central-1:123456789012:loans",
                "REDIS_HOST": str(cache_at.hostname),
                "REDIS_PORT": str(cache_at.port),
                "SERVICE_NAME": "loans",
            }
            aws.stdin.close()


@pytest.mark.parametrize("handler", EVENTS)
@pytest.mark.parametrize("kind", ["on-demand", "snap-start", ""])
def test_what_a_function_loads(handler: str, kind: str, environment: dict[str, str], tmp_path: Path) -> None:
    on_lambda = {"AWS_LAMBDA_FUNCTION_NAME": "loans", "AWS_LAMBDA_INITIALIZATION_TYPE": kind} if kind else {}
    command = [sys.executable, "-c", PROGRAM, handler, json.dumps(EVENTS[handler]), str(tmp_path / "result")]
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    path = {"PYTHONPATH": str(LOANS / "src")}
    done = subprocess.run(
        command, env={**inherited, **path, **environment, **on_lambda}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    answers, imported, loaded = json.loads((tmp_path / "result").read_text())
    for answer in answers:
        assert answer.get("isAuthorized") or answer["statusCode"] in (200, 201), answer
    names = [*imported, *loaded]
    assert [name for name in names if name.partition(".")[0] in ("boto3", "urllib3", "marshmallow")] == []
    # Powertools imports the bare package, to leave its name in user agents.
    assert [name for name in names if name.startswith("botocore.")] == []
    if kind:
        # The cache opens its disk with the first value.
        tops = {name.partition(".")[0] for name in loaded} - {"kit_cache"}
        assert tops - sys.stdlib_module_names == set()
        assert tops & {"socket", "ssl", "http", "email", "asyncio", "select"} == set()
    else:  # imports stay light everywhere else
        assert {"psycopg2", "redis", "sqlite3", "ssl"}.isdisjoint(imported)
        assert "socket" in loaded
