"""Calls as they are written for rispack: only the import lines are different."""

import json
from inspect import Parameter, signature
from typing import Any

import httpx
import kit_aws
import pytest
import requests
from kit_aws import enqueue, get_secret, get_signed_auth, get_ssm_parameter, get_url, put_ssm_parameter

REQUIRED = Parameter.empty


@pytest.fixture(autouse=True)
def fresh(aws: Any) -> None:
    kit_aws.clear_caches()


@pytest.mark.parametrize(
    ("function", "documented"),
    [
        (get_signed_auth, {}),
        (get_ssm_parameter, {"name": REQUIRED, "encrypted": False}),
        (put_ssm_parameter, {"name": REQUIRED, "value": REQUIRED, "param_type": "String", "overwrite": True}),
        (get_secret, {"name": REQUIRED}),
        (enqueue, {"queue_name": REQUIRED, "message": REQUIRED}),
        (get_url, {"bucket_name": REQUIRED, "object": REQUIRED, "expiration_in_seconds": 300}),
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
