"""The examples in the README and the guide, run as they stand."""

import json
import re
from pathlib import Path
from typing import Any

import kit_aws
import pytest
from kit_aws.calls.model import NAMES, service_of

PACKAGE = Path(__file__).parents[1]
GUIDE = PACKAGE.parents[1] / "docs" / "guides" / "aws.md"
CALLS = GUIDE.with_name("aws-calls.md")


def run(document: Path) -> dict[str, Any]:
    """Run every Python block in one namespace, with the line numbers of the document in tracebacks."""
    text = document.read_text()
    namespace: dict[str, Any] = {"__name__": document.stem}
    for block in re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        source = "\n" * text.count("\n", 0, block.start(1)) + block[1]
        exec(compile(source, str(document), "exec"), namespace)
    return namespace


@pytest.fixture(autouse=True)
def surroundings(aws: Any, serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kit_aws.clear_caches()
    # A busy machine may need more than a function would wait.
    monkeypatch.setitem(kit_aws.client.__kwdefaults__, "read_timeout", 60)
    for name in ("loans/database", "loans/tokens"):
        aws.client("secretsmanager").create_secret(Name=name, SecretString='{"username": "loans"}')
    aws.client("sqs").create_queue(QueueName="loans")
    aws.client("sqs").create_queue(QueueName="loans.fifo", Attributes={"FifoQueue": "true"})
    aws.client("s3").create_bucket(Bucket="documents")
    aws.client("sns").create_topic(Name="alerts")
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", serve(invoked).url)


def invoked(call: Any) -> Any:
    """Answer as Lambda does for the guide's functions."""
    if call.headers["X-Amz-Invocation-Type"] == "Event":
        return 202, {}, b""
    if "/broken/" not in call.path:
        return 200, {}, call.body
    failure = {
        "errorType": "ValueError",
        "errorMessage": "no such loan",
        "stackTrace": ['  File "/var/task/score.py", line 3, in handler\n    raise ValueError("no such loan")\n'],
    }
    return 200, {"X-Amz-Function-Error": "Unhandled"}, json.dumps(failure).encode()


def test_the_readme_is_true() -> None:
    found = run(PACKAGE / "README.md")
    assert found["limit"] == "10000.00"
    assert found["database"] == {"username": "loans"}
    assert "X-Amz-Signature=" in found["download"]


@pytest.mark.skipif(not GUIDE.exists(), reason="the guide is part of the repository, not of the package")
def test_the_guide_is_true() -> None:
    found = run(GUIDE)
    assert found["key"] == "s3cret"
    assert "X-Amz-Signature=" in found["link"]


@pytest.mark.skipif(not CALLS.exists(), reason="the guide is part of the repository, not of the package")
def test_the_guide_of_calls_is_true(aws: Any) -> None:
    schema = {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    aws.client("dynamodb").create_table(TableName="loans", **schema)
    assert run(CALLS)["sent"]["MessageId"]


@pytest.mark.skipif(not CALLS.exists(), reason="the guide is part of the repository, not of the package")
def test_the_guide_lists_the_operations() -> None:
    rows = re.findall(r"^\| (\w+) \| ([A-Z][\w, ]+?)(?:, with\w* [^|]*)? \|$", CALLS.read_text(), re.MULTILINE)
    told = {service: set(operations.split(", ")) for service, operations in rows if service in NAMES}
    assert told == {name: set(service_of(name).operations) for name in NAMES}
