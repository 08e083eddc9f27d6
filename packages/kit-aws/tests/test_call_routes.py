"""Calls go through boto3 where the environment asks for more, and where a test mocks boto3: each in a fresh process."""

import os
import sys
from collections.abc import Callable
from subprocess import run
from typing import Any

import kit_aws
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
INVOKE = ("lambda", "Invoke", {"FunctionName": "f"})
POST = ("apigatewaymanagementapi", "PostToConnection", {"ConnectionId": "c", "Data": b"x"})
CONTAINER = {"AWS_SECRET_ACCESS_KEY": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/"}
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
        'patch("boto3.client", functools.wraps(boto3.client)(MagicMock()))',
        'patch("boto3.DEFAULT_SESSION", MagicMock())',
        'patch("boto3.session.botocore")',
        'patch("botocore.session.get_session")',
    ],
)
def test_a_patched_session_has_the_calls(patch: str) -> None:
    code = f"""{LOCKED}
import boto3, functools, kit_aws
from unittest.mock import patch, MagicMock
kit_aws.client("sqs")  # made before the test, and not for it
with {patch}:
    print(str({SEND}["MessageId"]) if "lambda" in {patch!r} else type({SEND}).__name__)
"""
    assert output_of(code) in ("patched", "MagicMock")


RECORDED = f"""{LOCKED}
import kit_aws
from botocore import handlers
from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session
class Raw:
    def stream(self, amt=None, **_):
        yield b'{{"MessageId": "recorded"}}'
def answer(request, **_):
    return AWSResponse(request.url, 200, {{}}, Raw())
"""


@pytest.mark.parametrize(
    "hook",
    [
        'URLLib3Session.send = lambda self, request: answer(request); kit_aws.client("sqs")',
        'kit_aws.client("sqs"); handlers.BUILTIN_HANDLERS.append(("before-send", answer))',
        'kit_aws.client("sqs").meta.events.register("before-send.sqs", answer)',
        'kit_aws.client("sqs").meta.events.register_first("before-send", answer)',
    ],
)
def test_an_http_recorder_has_the_calls(hook: str) -> None:
    code = f"""{RECORDED}
{hook}
print({SEND}["MessageId"])
"""
    assert output_of(code) == "recorded"


def test_what_boto3_itself_hooks_leaves_the_calls_alone() -> None:
    code = """
import kit_aws, kit_aws.environment as environment
from boto3.s3.transfer import create_transfer_manager, TransferConfig
from kit_aws.calls import routes
create_transfer_manager(kit_aws.client("s3"), TransferConfig()).shutdown()
print(routes.reason("sqs", environment.fingerprint()))
"""
    assert output_of(code) == "None"


@pytest.mark.parametrize(
    "bucket", ["arn:aws:s3:eu-west-1:123456789012:accesspoint/loans", "loans--euw1-az1--x-s3", "x.mrap"]
)
def test_a_bucket_with_an_endpoint_of_its_own_is_boto3s(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    asked: list[Any] = []
    monkeypatch.setattr("kit_aws.calls.fallback.send", lambda *given, **_: asked.append(given) or {})
    kit_aws.call("s3", "GetObject", {"Bucket": bucket, "Key": "k"})
    assert [given[2]["Bucket"] for given in asked] == [bucket]


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"AWS_PROFILE": "work"}, "AWS_PROFILE is set"),
        ({"AWS_USE_FIPS_ENDPOINT": "1"}, "AWS_USE_FIPS_ENDPOINT is on"),
        ({"AWS_USE_DUALSTACK_ENDPOINT": "true"}, "AWS_USE_DUALSTACK_ENDPOINT is on"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "the environment holds no credentials"),
        ({**CONTAINER, "AWS_WEB_IDENTITY_TOKEN_FILE": "/token"}, "AWS_WEB_IDENTITY_TOKEN_FILE is set"),
        ({**CONTAINER, "AWS_SHARED_CREDENTIALS_FILE": "{plain}"}, "{plain} may hold credentials"),
        (CONTAINER, None),
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


@pytest.mark.parametrize("call", [INVOKE, POST])
def test_boto3_does_not_repeat_work_that_may_be_done(
    call: tuple[str, str, dict[str, Any]], serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(lambda _: (500, {}, b"{}"))
    for name, value in {**KEYS, "AWS_USE_DUALSTACK_ENDPOINT": "false", "AWS_ENDPOINT_URL": server.url}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("kit_aws.calls.routes.reason", lambda *_: "a test")
    with pytest.raises(kit_aws.AwsError):
        kit_aws.call(*call)
    assert len(server.calls) == 1
