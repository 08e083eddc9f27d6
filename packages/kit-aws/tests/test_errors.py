"""Errors of AWS, told apart."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import kit_aws
import pytest


class Answers(ThreadingHTTPServer):
    """An endpoint that refuses everything with the same error."""

    status, code, message = 400, "ValidationException", "no"
    asked = 0


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server: Any = self.server
        server.asked += 1
        request = self.rfile.read(int(self.headers["Content-Length"])).decode()
        body = json.dumps({"__type": server.code, "message": server.message.replace("{request}", request)}).encode()
        self.send_response(server.status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", "request-1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def endpoint(aws: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    server = Answers(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "AccessDeniedException", kit_aws.AccessDeniedError),
        (400, "ExpiredTokenException", kit_aws.AccessDeniedError),
        (403, "SomethingNew", kit_aws.AccessDeniedError),
        (400, "ResourceNotFoundException", kit_aws.ResourceNotFoundError),
        (404, "SomethingNew", kit_aws.ResourceNotFoundError),
        (400, "DecryptionFailure", kit_aws.AwsError),
        (400, "MissingAuthenticationTokenException", kit_aws.AccessDeniedError),
        (400, "com.amazonaws.sqs#QueueDoesNotExist", kit_aws.ResourceNotFoundError),
        (400, "AWS.SimpleQueueService.NonExistentQueue", kit_aws.ResourceNotFoundError),
        (400, "ParameterNotFound", kit_aws.ResourceNotFoundError),
        (404, "NotFound", kit_aws.ResourceNotFoundError),
        (400, "KMSAccessDeniedException", kit_aws.AccessDeniedError),
    ],
)
def test_an_answer_becomes_an_error_of_its_kind(endpoint: Answers, status: int, code: str, kind: type) -> None:
    endpoint.status, endpoint.code = status, code
    with pytest.raises(kit_aws.AwsError) as caught:
        kit_aws.get_secret("tokens")
    error = caught.value
    assert type(error) is kind
    code = code.rpartition("#")[2]
    assert (error.code, error.operation, error.request_id) == (code, "GetSecretValue", "request-1")
    assert error.resource == "tokens"
    assert str(error) == f"GetSecretValue for 'tokens' failed: {code}: no (request request-1)"
    assert error.status == status
    assert endpoint.asked == 1


def test_throttling_is_retried_and_then_an_error(endpoint: Answers) -> None:
    endpoint.code = "ThrottlingException"
    with kit_aws.aws_errors(), pytest.raises(Exception, match="Throttling"):
        kit_aws.client("secretsmanager", max_attempts=2).get_secret_value(SecretId="tokens")
    assert endpoint.asked == 2
    with pytest.raises(kit_aws.ThrottlingError), kit_aws.aws_errors():
        kit_aws.client("secretsmanager", max_attempts=1).get_secret_value(SecretId="tokens")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "RequestThrottled"),
        (400, "KmsThrottled"),
        (400, "ProvisionedThroughputExceededException"),
        (429, "TooManyRequestsException"),
        (429, "SomethingNew"),
        (503, "SlowDown"),
    ],
)
def test_every_service_that_asks_to_slow_down_is_understood(endpoint: Answers, status: int, code: str) -> None:
    endpoint.status, endpoint.code = status, code
    with pytest.raises(kit_aws.ThrottlingError), kit_aws.aws_errors():
        kit_aws.client("secretsmanager", max_attempts=1).get_secret_value(SecretId="tokens")


def test_an_error_that_repeats_the_value_does_not_show_it(endpoint: Answers) -> None:
    endpoint.code, endpoint.message = "ValidationException", "wrong: {request}"
    with pytest.raises(kit_aws.AwsError) as caught:
        kit_aws.put_ssm_parameter("/db/password", 'hunter2"\nü', "SecureString")
    assert caught.value.code == "ValidationException"
    assert "hunter2" not in str(caught.value)
    assert str(caught.value).startswith(
        "PutParameter for '/db/password' failed: ValidationException: the message is withheld"
    )
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert caught.value.details == {}


def test_a_value_of_the_wrong_type_is_not_shown(aws: Any) -> None:
    with pytest.raises(TypeError) as caught:
        kit_aws.put_ssm_parameter("/db/password", 12345)  # type: ignore[arg-type]
    assert "12345" not in str(caught.value)


def test_an_endpoint_that_is_gone_is_a_connection_error(endpoint: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(kit_aws.AwsConnectionError) as caught, kit_aws.aws_errors("GetSecretValue", resource="tokens"):
        kit_aws.client("secretsmanager", max_attempts=1).get_secret_value(SecretId="tokens")
    assert (caught.value.operation, caught.value.resource) == ("GetSecretValue", "tokens")
    assert str(caught.value).startswith("GetSecretValue for 'tokens' failed: ")
    assert caught.value.request_id is None


def test_missing_credentials_are_an_error_of_their_own(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(kit_aws.CredentialsError):
        kit_aws.get_secret("tokens")


def test_other_exceptions_pass() -> None:
    with pytest.raises(ZeroDivisionError), kit_aws.aws_errors():
        raise ZeroDivisionError
