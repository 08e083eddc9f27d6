"""Calls go through boto3 where the environment asks for more, and where a test mocks boto3: each in a fresh process."""

import os
import sys
from collections.abc import Callable
from subprocess import run
from typing import Any

import pytest

KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "SECRETEXAMPLE",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
# Any connection out of the process is an error that names it.
LOCKED = """
import socket
def refuse(self, address, *rest):
    raise AssertionError(f"a connection to {address}")
socket.socket.connect = refuse
"""
SEND = 'kit_aws.call("sqs", "SendMessage", {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/1/q", "MessageBody": "m"})'


def output_of(code: str, **variables: str) -> str:
    """Return what the code prints in a process whose environment has nothing else of AWS."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    clean = {name: value for name, value in clean.items() if not name.upper().endswith("_PROXY")}
    done = run([sys.executable, "-c", code], env={**clean, **KEYS, **variables}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_moto_in_the_process_has_the_calls() -> None:
    code = f"""{LOCKED}
import boto3, kit_aws
from moto import mock_aws
with mock_aws():
    boto3.client("sqs").create_queue(QueueName="q")
    boto3.client("secretsmanager").create_secret(Name="s", SecretString="text")
    url = kit_aws.call("sqs", "GetQueueUrl", {{"QueueName": "q"}})["QueueUrl"]
    kit_aws.call("sqs", "SendMessage", {{"QueueUrl": url, "MessageBody": "m"}})
    kit_aws.enqueue("q", {{"n": 1}})
    print(len(kit_aws.call("sqs", "ReceiveMessage", {{"QueueUrl": url, "MaxNumberOfMessages": 10}})["Messages"]))
    print(kit_aws.get_secret("s"), kit_aws.get_account_id())
"""
    assert output_of(code).split() == ["2", "text", "123456789012"]


def test_botocores_stubber_has_the_calls() -> None:
    code = f"""{LOCKED}
import kit_aws
from botocore.stub import Stubber
with Stubber(kit_aws.client("sqs")) as stubber:
    stubber.add_response("send_message", {{"MessageId": "stubbed"}})
    print({SEND}["MessageId"])
    stubber.add_client_error("send_message", "AccessDenied", "no", 403)
    try:
        {SEND}
    except kit_aws.AccessDeniedError as error:
        print(error.code)
"""
    assert output_of(code).split() == ["stubbed", "AccessDenied"]


@pytest.mark.parametrize(
    "patch",
    [
        'patch("botocore.client.BaseClient._make_api_call", lambda *given: {"MessageId": "patched"})',
        'patch("boto3.session.Session.client")',
        'patch("boto3.session.Session")',
        'patch("botocore.session.Session.create_client")',
        'patch("boto3.Session")',
        'patch("boto3.client")',
    ],
)
def test_a_patched_session_has_the_calls(patch: str) -> None:
    code = f"""{LOCKED}
import boto3, kit_aws
from unittest.mock import patch, MagicMock
kit_aws.client("sqs")  # made before the test, and not for it
with {patch}:
    print(str({SEND}["MessageId"]) if "lambda" in {patch!r} else type({SEND}).__name__)
"""
    assert output_of(code) in ("patched", "MagicMock")


def test_an_http_recorder_has_the_calls() -> None:
    code = f"""{LOCKED}
import kit_aws
from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session
class Raw:
    def stream(self, amt=None, **_):
        yield b'{{"MessageId": "recorded"}}'
URLLib3Session.send = lambda self, request: AWSResponse(request.url, 200, {{}}, Raw())
kit_aws.client("sqs")
print({SEND}["MessageId"])
"""
    assert output_of(code) == "recorded"


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"AWS_PROFILE": "work"}, "AWS_PROFILE is set"),
        ({"AWS_USE_FIPS_ENDPOINT": "1"}, "AWS_USE_FIPS_ENDPOINT is on"),
        ({"AWS_USE_DUALSTACK_ENDPOINT": "true"}, "AWS_USE_DUALSTACK_ENDPOINT is on"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "the environment holds no credentials"),
        ({"HTTPS_PROXY": "http://127.0.0.1:9"}, "HTTPS_PROXY is set"),
        ({"AWS_CONFIG_FILE": "{file}"}, "{file} has endpoint_url"),
        ({"AWS_USE_FIPS_ENDPOINT": "false", "AWS_CONFIG_FILE": "{plain}"}, None),
        ({}, None),
    ],
)
def test_an_unusual_environment_is_boto3s(variables: Any, reason: str | None, tmp_path: Any) -> None:
    files = {"file": tmp_path / "config", "plain": tmp_path / "plain"}
    files["file"].write_text("[default]\nendpoint_url = http://127.0.0.1:9\n")
    files["plain"].write_text("[default]\nregion = eu-west-1\n")
    code = """
import kit_aws.environment as environment
from kit_aws.calls import routes
print(routes.reason("sqs", environment.fingerprint()))
"""
    given = {name: value.format(**files) for name, value in variables.items()}
    assert output_of(code, **given) == str(None if reason is None else reason.format(**files))


def test_it_is_said_once_at_debug_level() -> None:
    code = """
import logging
logging.basicConfig(level=logging.DEBUG, format="%(name)s %(message)s")
logging.getLogger().handlers[0].setStream(__import__("sys").stdout)
import kit_aws.environment as environment
from kit_aws.calls import routes
for service in ("sqs", "sns"):
    routes.reason(service, environment.fingerprint())
"""
    assert output_of(code, AWS_PROFILE="work") == "kit.aws calls of sqs go through boto3: AWS_PROFILE is set"


def test_fips_is_taken_as_meant() -> None:
    code = 'import kit_aws; print(kit_aws.client("sqs").meta.endpoint_url)'
    assert output_of(code, AWS_USE_FIPS_ENDPOINT="1") == "https://sqs-fips.eu-west-1.amazonaws.com"


def test_boto3_gives_the_same_answer_and_error(serve: Callable[..., Any]) -> None:
    said = [(200, {"x-amzn-RequestId": "r"}, b'{"MessageId":"m"}'), (400, {}, b'{"__type":"X","message":"m"}')]
    server = serve(lambda call: said[0] if len(server.calls) % 2 else said[1])
    code = f"""
import kit_aws
answer = {SEND}
print(answer["MessageId"], answer["ResponseMetadata"]["RequestId"], answer["ResponseMetadata"]["RetryAttempts"])
try:
    {SEND}
except kit_aws.AwsError as error:
    print(error, error.code, error.operation, error.resource, error.status, error.details)
try:
    kit_aws.call("sqs", "SendMessage", {{"QueueUrl": "q"}})
except kit_aws.ParameterError as error:
    print(error.code, error.operation)
"""
    own = output_of(code, AWS_ENDPOINT_URL=server.url)
    assert len(server.calls) == 2
    assert output_of("import botocore.stub\n" + code, AWS_ENDPOINT_URL=server.url) == own
