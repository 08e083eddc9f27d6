"""Functions that are invoked, over HTTP to an endpoint that speaks as Lambda does."""

import json
import threading
from base64 import b64decode
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import kit_aws
import pytest
from kit_core import invocation

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:score:live"


class Lambda:
    """An endpoint of one function, which answers as a test says."""

    def __init__(self, serve: Any) -> None:
        self.content: Any = None
        self.headers: dict[str, str] = {}
        self.status = 200
        self.hold: threading.Event | None = None
        self.server = serve(self.answer)

    @property
    def calls(self) -> list[Any]:
        return list(self.server.calls)

    def answer(self, call: Any) -> Any:
        assert self.hold is None or self.hold.wait(10)
        kind = call.headers["X-Amz-Invocation-Type"]
        status = {"Event": 202, "DryRun": 204}.get(kind, self.status)
        content = json.dumps(self.content).encode() if status not in (202, 204) else b""
        return status, {"Content-Type": "application/json", "x-amzn-RequestId": "request-1", **self.headers}, content


@pytest.fixture
def function(aws: Any, serve: Any, monkeypatch: pytest.MonkeyPatch) -> Lambda:
    endpoint = Lambda(serve)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.server.url)
    return endpoint


def test_an_answer_is_parsed(function: Lambda) -> None:
    function.content = {"score": 7}
    assert kit_aws.invoke(ARN, {"loan": 1}) == {"score": 7}
    [call] = function.calls
    assert unquote(call.path) == f"/2015-03-31/functions/{ARN}/invocations"
    assert call.headers["X-Amz-Invocation-Type"] == "RequestResponse"
    assert json.loads(call.body) == {"loan": 1}
    assert "/eu-west-1/lambda/" in call.headers["Authorization"]


@pytest.mark.parametrize("name", ["score", "score:live", "123456789012:function:score", ARN])
def test_a_function_is_known_by_name_and_by_arn(function: Lambda, name: str) -> None:
    assert kit_aws.invoke(name, None) is None
    assert unquote(function.calls[0].path) == f"/2015-03-31/functions/{name}/invocations"


@pytest.mark.parametrize("kind", ["Event", "DryRun"])
def test_what_is_not_waited_for_is_none(function: Lambda, kind: Any) -> None:
    function.content = {"not": "seen"}
    assert kit_aws.invoke("score", {}, kind) is None
    assert function.calls[0].headers["X-Amz-Invocation-Type"] == kind


@pytest.mark.parametrize(
    ("content", "kind", "message", "trace"),
    [
        (
            {
                "errorMessage": "amount",
                "errorType": "ValueError",
                "stackTrace": ['  File "a.py", line 1, in run\n    check()\n', '  File "b.py", line 2, in check\n'],
            },
            "ValueError",
            "amount",
            ['  File "a.py", line 1, in run', "    check()", '  File "b.py", line 2, in check'],
        ),
        (
            {"errorType": "Error", "errorMessage": "no", "trace": ["Error: no", "    at x.js:1"]},
            "Error",
            "no",
            ["Error: no", "    at x.js:1"],
        ),
        ({"errorMessage": "Task timed out after 3.00 seconds"}, None, "Task timed out after 3.00 seconds", []),
        ({"errorType": "Runtime.ExitError", "errorMessage": None}, "Runtime.ExitError", "", []),
        ("text alone", None, "text alone", []),
    ],
)
def test_a_function_that_fails_is_an_error_with_what_it_said(
    function: Lambda, content: Any, kind: str | None, message: str, trace: list[str]
) -> None:
    function.content, function.headers = content, {"X-Amz-Function-Error": "Unhandled"}
    with pytest.raises(kit_aws.FunctionError) as caught:
        kit_aws.invoke(ARN, {})
    error = caught.value
    assert (error.function, error.error_type, error.error_message, error.trace) == (ARN, kind, message, trace)
    assert (error.code, error.operation, error.resource, error.request_id) == (kind, "Invoke", ARN, "request-1")
    assert isinstance(error, kit_aws.AwsError)


def test_the_text_of_a_remote_error_is_not_this_errors_text(function: Lambda) -> None:
    function.content = {"errorType": "ValueError", "errorMessage": "password is hunter2"}
    function.headers = {"X-Amz-Function-Error": "Unhandled"}
    with pytest.raises(kit_aws.FunctionError) as caught:
        kit_aws.invoke("score", {})
    assert str(caught.value) == "'score' failed: ValueError (request request-1)"


def test_an_invocation_whose_answer_is_late_is_not_repeated(function: Lambda) -> None:
    function.hold = threading.Event()
    with pytest.raises(kit_aws.AwsConnectionError):
        kit_aws.invoke("score", {}, timeout=0.25)
    assert len(function.calls) == 1
    function.hold.set()


def test_an_answer_is_not_waited_for_beyond_the_invocation(function: Lambda) -> None:
    function.hold = threading.Event()
    with invocation.enter(remaining_ms=1_200), pytest.raises(kit_aws.AwsConnectionError):
        kit_aws.invoke("score", {}, timeout=900)
    function.hold.set()


def test_the_correlation_id_goes_with_an_invocation_that_is_waited_for(function: Lambda) -> None:
    with invocation.enter(correlation_id="id-1"):
        kit_aws.invoke("score", {})
        kit_aws.invoke("score", {}, "Event")
    kit_aws.invoke("score", {})
    sent = [call.headers.get("X-Amz-Client-Context") for call in function.calls]
    assert sent[1:] == [None, None]
    # As the runtime client hands it to the function.
    context = SimpleNamespace(client_context=SimpleNamespace(custom=json.loads(b64decode(sent[0]))["custom"]))
    with invocation.enter({}, context) as current:
        assert current.correlation_id == "id-1"


@pytest.mark.parametrize("content", [float("nan"), float("inf")])
def test_an_answer_that_is_not_json_is_an_error_with_the_function(function: Lambda, content: float) -> None:
    function.content = {"score": content}
    with pytest.raises(kit_aws.AwsError, match="The answer of 'score' is not JSON") as caught:
        kit_aws.invoke("score", {})
    assert (caught.value.resource, caught.value.request_id) == ("score", "request-1")


def test_timeouts_share_clients(function: Lambda) -> None:
    kit_aws.invoke("score", {}, timeout=29.98)
    kit_aws.invoke("score", {}, timeout=25)
    assert function.server.connections == 1
    with pytest.raises(ValueError, match="at least"):
        kit_aws.invoke("score", {}, timeout=0)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "ResourceNotFoundException", kit_aws.ResourceNotFoundError),
        (429, "TooManyRequestsException", kit_aws.ThrottlingError),
        (403, "AccessDeniedException", kit_aws.AccessDeniedError),
        (502, "EC2ThrottledException", kit_aws.ThrottlingError),
        (500, "ServiceException", kit_aws.AwsError),
    ],
)
def test_what_lambda_refuses_is_an_error_and_not_repeated(
    function: Lambda, status: int, code: str, kind: type[Exception]
) -> None:
    function.status, function.headers = status, {"x-amzn-ErrorType": code}
    function.content = {"Message": "no", "Type": "User"}
    with pytest.raises(kit_aws.AwsError) as caught:
        kit_aws.invoke("score", {})
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert len(function.calls) == 1


def test_a_payload_above_the_limit_is_not_sent(function: Lambda) -> None:
    kit_aws.invoke("score", "x" * (1024 * 1024 - 2), "Event")
    with pytest.raises(kit_aws.PayloadTooLargeError) as caught:
        kit_aws.invoke("score", "x" * (1024 * 1024 - 1), "Event")
    assert caught.value.resource == "score"
    kit_aws.invoke("score", "x" * (6 * 1024 * 1024 - 2))
    with pytest.raises(kit_aws.PayloadTooLargeError, match="1048578 bytes"):
        kit_aws.invoke("score", "é" * (512 * 1024), "Event")
    with pytest.raises(kit_aws.PayloadTooLargeError, match="6291457 bytes, at most 6291456"):
        kit_aws.invoke("score", "x" * (6 * 1024 * 1024 - 1))
    assert len(function.calls) == 2


def test_another_type_of_invocation_is_refused(function: Lambda) -> None:
    with pytest.raises(ValueError, match="RequestResponse, Event, DryRun"):
        kit_aws.invoke("score", {}, "Async")  # type: ignore[arg-type]
