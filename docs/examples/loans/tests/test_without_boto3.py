"""No function of the example loads boto3, neither for its first request nor for the next."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from kit_testing.events import authorizer_event, http_event, s3_event, schedule_event, sqs_event, websocket_event

SOURCE = Path(__file__).parent.parent / "src"
PROFILE = "5b1f3c1e-6f0b-4f0e-9d0a-000000000001"
CALLER = {"profile_id": PROFILE, "roles": "LOAN_CREATE,LOAN_VIEW"}
NEW = {"profile_id": PROFILE, "amount": "10.00", "term_months": 12}
# Calls the handler with each event, and tells the answers and the modules that were loaded after each. Powertools'
# logger imports the package botocore itself, which is empty, and none of its modules.
CODE = """
import importlib, json, sys
from kit_testing import LambdaContext
module, name = sys.argv[1].rsplit(".", 1)
handler = getattr(importlib.import_module(module), name)
for event in json.load(sys.stdin):
    answer = handler(event, LambdaContext())
    loaded = [name for name in sys.modules if name.startswith(("boto3", "botocore.", "urllib3"))]
    sys.__stdout__.write(json.dumps({"answer": answer, "loaded": sorted(loaded)}, default=str) + "\\n")
"""


@pytest.fixture
def variables(aws: Any, postgres_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of the deployed functions."""
    parts = urlsplit(postgres_url)
    secret = {"host": parts.hostname, "port": parts.port, "dbname": parts.path[1:], "username": parts.username}
    secret |= {"password": parts.password or ""}
    manager = aws.client("secretsmanager")
    tokens = {"good": {"profile_id": PROFILE, "roles": ["LOAN_VIEW"]}}
    manager.create_secret(Name="tokens", SecretString=json.dumps(tokens))
    manager.create_secret(Name="database", SecretString=json.dumps(secret))
    keys = ("connection_id", "user_id")
    aws.client("dynamodb").create_table(
        TableName="connections",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[{"AttributeName": "connection_id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "user_id-index",
                "KeySchema": [{"AttributeName": "user_id", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    return {
        **os.environ,
        "PYTHONPATH": str(SOURCE),
        "AWS_LAMBDA_FUNCTION_NAME": "loans",
        "DB_SECRET_ARN": "database",
        "TOKENS_SECRET": "tokens",
        "DYNAMODB_TABLE": "connections",
        "KIT_WEBSOCKET_ENDPOINT": f"{aws.url}/live",
        "KIT_CACHE_REDIS_URL": redis_url,
        "SERVICE_NAME": "loans",
    }


def announcement(kind: str, loan_id: str) -> dict[str, Any]:
    payload = {"id": loan_id, "profile_id": PROFILE, "status": kind}
    origin = {"origin": "loans", "at": "2026-01-01T00:00:00Z", "version": "1"}
    return {"id": str(uuid4()), "aggregate_id": loan_id, "type": f"loan.{kind}", **origin, "payload": payload}


def called(handler: str, events: list[Any], variables: dict[str, str]) -> list[Any]:
    """Return the answers of a handler in a fresh process, none of which may have loaded boto3."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, handler], input=json.dumps(events), env=variables, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    seen = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"answer"')]
    assert [each["loaded"] for each in seen] == [[]] * len(events)
    return [each["answer"] for each in seen]


def test_the_functions_of_the_http_api(variables: dict[str, str]) -> None:
    allowed = called("loans.authorizers.http", [authorizer_event("2.0", token="Bearer good")] * 2, variables)
    assert [each["isAuthorized"] for each in allowed] == [True, True]
    create = http_event("POST", "/loans", body=NEW, authorizer=CALLER)
    created = called("loans.http.create_loan", [create, create], variables)
    assert [each["statusCode"] for each in created] == [201, 201]
    loan_id = json.loads(created[0]["body"])["data"]["id"]
    get = http_event("GET", f"/loans/{loan_id}", path_params={"id": loan_id}, authorizer=CALLER)
    assert [each["statusCode"] for each in called("loans.http.get_loan", [get, get], variables)] == [200, 200]
    listed = called("loans.http.list_loans", [http_event("GET", "/loans", authorizer=CALLER)] * 2, variables)
    assert [each["statusCode"] for each in listed] == [200, 200]
    document = {"name": "pay slip.pdf"}
    path = f"/loans/{loan_id}/documents"
    add = http_event("POST", path, path_params={"id": loan_id}, body=document, authorizer=CALLER)
    assert [each["statusCode"] for each in called("loans.http.add_document", [add, add], variables)] == [201, 201]


def test_the_jobs(variables: dict[str, str]) -> None:
    create = http_event("POST", "/loans", body=NEW, authorizer=CALLER)
    [created] = called("loans.http.create_loan", [create], variables)
    loan_id = json.loads(created["body"])["data"]["id"]
    batches = [sqs_event([announcement("requested", loan_id)]) for _ in range(2)]
    assert called("loans.jobs.underwrite", batches, variables) == [{"batchItemFailures": []}] * 2
    assert [each["failed"] for each in called("loans.jobs.relay_events", [schedule_event()] * 2, variables)] == [0, 0]
    batches = [sqs_event([announcement("approved", loan_id)]) for _ in range(2)]
    assert called("loans.jobs.notify", batches, variables) == [{"batchItemFailures": []}] * 2
    uploads = [s3_event([f"loans/{loan_id}/{uuid4()}/pay slip.pdf"], bucket="documents") for _ in range(2)]
    assert called("loans.jobs.attach_document", uploads, variables) == [None, None]


def test_the_functions_of_the_websocket(variables: dict[str, str]) -> None:
    event = authorizer_event("websocket", query={"token": "good"})
    allowed = called("loans.authorizers.websocket", [event, event], variables)
    assert [each["principalId"] for each in allowed] == [PROFILE, PROFILE]
    connect = websocket_event("$connect", authorizer=CALLER)
    ping = websocket_event("ping", body={"action": "ping"}, authorizer=CALLER)
    answers = called("loans.websocket.handler", [connect, ping], variables)
    assert [each["statusCode"] for each in answers] == [200, 200]
