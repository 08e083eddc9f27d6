"""Calls as they are written for rispack: only the import lines are different."""

import json
from datetime import UTC, datetime
from inspect import Parameter, signature
from typing import Any
from uuid import UUID

import httpx
import kit_aws
import pytest
import requests
from kit_aws import enqueue, get_secret, get_signed_auth, get_ssm_parameter, get_url, invoke, put_ssm_parameter

REQUIRED = Parameter.empty


@pytest.fixture(autouse=True)
def fresh(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kit_aws.clear_caches()
    # A busy machine may need more than a function would wait.
    monkeypatch.setitem(kit_aws.client.__kwdefaults__, "read_timeout", 60)


@pytest.mark.parametrize(
    ("function", "documented"),
    [
        (get_signed_auth, {}),
        (get_ssm_parameter, {"name": REQUIRED, "encrypted": False}),
        (put_ssm_parameter, {"name": REQUIRED, "value": REQUIRED, "param_type": "String", "overwrite": True}),
        (get_secret, {"name": REQUIRED}),
        (enqueue, {"queue_name": REQUIRED, "message": REQUIRED}),
        (get_url, {"bucket_name": REQUIRED, "object": REQUIRED, "expiration_in_seconds": 300}),
        (invoke, {"arn": REQUIRED, "payload": REQUIRED, "invocation_type": "RequestResponse"}),
    ],
)
def test_a_function_has_its_documented_parameters_first(function: Any, documented: dict[str, Any]) -> None:
    parameters = list(signature(function).parameters.values())
    first, more = parameters[: len(documented)], parameters[len(documented) :]
    assert {parameter.name: parameter.default for parameter in first} == documented
    assert all(parameter.kind is Parameter.POSITIONAL_OR_KEYWORD for parameter in first)
    assert all(parameter.default is not REQUIRED for parameter in more)


def test_parameters() -> None:
    assert put_ssm_parameter("/loans/limit", "100") == 1
    assert put_ssm_parameter("/loans/limit", "200", "String", True) == 2
    assert put_ssm_parameter(name="/loans/key", value="s3cret", param_type="SecureString", overwrite=False) == 1
    assert get_ssm_parameter("/loans/limit") == "200"
    assert get_ssm_parameter("/loans/key", True) == "s3cret"
    assert get_ssm_parameter(name="/loans/key", encrypted=True) == "s3cret"


def test_secrets(aws: Any) -> None:
    aws.client("secretsmanager").create_secret(Name="loans/database", SecretString='{"username": "loans"}')
    assert json.loads(get_secret("loans/database")) == json.loads(get_secret(name="loans/database"))


def test_queues(aws: Any) -> None:
    url = aws.client("sqs").create_queue(QueueName="loans")["QueueUrl"]
    assert enqueue("loans", {"id": 7}) is None  # type: ignore[func-returns-value]
    enqueue(queue_name="loans", message="text")
    received = aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert {message["Body"] for message in received} == {'{"id":7}', '"text"'}


def test_urls(aws: Any) -> None:
    aws.client("s3").create_bucket(Bucket="documents")
    aws.client("s3").put_object(Bucket="documents", Key="loans/7/pay slip.pdf", Body=b"%PDF")
    for url in (
        get_url("documents", "loans/7/pay slip.pdf"),
        get_url("documents", "loans/7/pay slip.pdf", 60),
        get_url(bucket_name="documents", object="loans/7/pay slip.pdf", expiration_in_seconds=60),
    ):
        assert httpx.get(url).content == b"%PDF"


def test_signed_auth_is_what_a_client_calls_or_a_signed_url(aws: Any) -> None:
    url = "https://abc.execute-api.us-east-1.amazonaws.com/live/loans"
    scope = f"/{aws.region}/execute-api/aws4_request"
    prepared = requests.Request("POST", url, json={"id": 7}, auth=get_signed_auth()).prepare()
    assert scope in prepared.headers["Authorization"]
    sent: list[httpx.Request] = []
    with httpx.Client(auth=get_signed_auth(), transport=httpx.MockTransport(lambda r: sent.append(r) or _ok())) as http:
        http.post(url, json={"id": 7})
    called = get_signed_auth()(httpx.Request("POST", url, json={"id": 7}))
    for request in (sent[0], called):
        assert scope in request.headers["Authorization"]
    assert "X-Amz-Signature=" in get_signed_auth().presign("GET", url)


def _ok() -> httpx.Response:
    return httpx.Response(200)


def test_a_bare_url_is_signed_as_well(aws: Any) -> None:
    """A1: the older text promised a signed URI, and gave an object for requests alone."""
    assert "X-Amz-Signature=" in kit_aws.presign("GET", "https://abc.execute-api.us-east-1.amazonaws.com/live/loans")


def test_reading_again_asks_aws_no_more(aws: Any, operations: list[str]) -> None:
    """A2, A4: each use was a call, by a client of its own."""
    aws.client("secretsmanager").create_secret(Name="loans/database", SecretString="text")
    put_ssm_parameter("/loans/limit", "100")
    operations.clear()
    for _ in range(5):
        assert (get_secret("loans/database"), get_ssm_parameter("/loans/limit")) == ("text", "100")
    assert operations == ["GetSecretValue", "GetParameter"]


def test_a_binary_secret_is_no_key_error(aws: Any) -> None:
    """A4."""
    aws.client("secretsmanager").create_secret(Name="loans/key", SecretBinary=b"text")
    assert get_secret("loans/key") == "text"


def test_the_queues_url_is_asked_for_once_and_the_body_is_not_wrapped(aws: Any, operations: list[str]) -> None:
    """A5: two calls for a message, which was JSON in JSON, and dates and UUIDs an error."""
    url = aws.client("sqs").create_queue(QueueName="loans")["QueueUrl"]
    for _ in range(2):
        enqueue("loans", {"id": UUID(int=7), "at": datetime(2026, 3, 1, tzinfo=UTC)})
    assert operations == ["GetQueueUrl", "SendMessage", "SendMessage"]
    [message, *_] = aws.client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"]) == {"id": str(UUID(int=7)), "at": "2026-03-01T00:00:00Z"}


def test_errors_of_aws_are_one_family() -> None:
    """A7: whatever boto3 raised went through."""
    with pytest.raises(kit_aws.AwsError) as caught:
        get_secret("none")
    assert isinstance(caught.value, kit_aws.ResourceNotFoundError)


def test_invocations(aws: Any, serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """L1: waits unless told otherwise, as documented; nothing is made while the module is imported."""
    kinds: list[str] = []

    def answer(call: Any) -> Any:
        kinds.append(call.headers["X-Amz-Invocation-Type"])
        return (202, {}, b"") if kinds[-1] == "Event" else (200, {}, call.body)

    monkeypatch.setenv("AWS_ENDPOINT_URL", serve(answer).url)
    arn = f"arn:aws:lambda:{aws.region}:{aws.account}:function:score"
    assert invoke(arn, {"loan": 7}) == {"loan": 7}
    assert invoke(arn=arn, payload={"loan": 7}, invocation_type="Event") is None
    assert kinds == ["RequestResponse", "Event"]
