"""Generated calls by `kit_aws.call` and by botocore: the same requests, the same answers, the same errors.

The differences that are meant are taken out in `request_of_botocore` and `answers`, each with its reason.
"""

import base64
import json
import os
import random
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import botocore.auth
import botocore.session
import kit_aws
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from jmespath.exceptions import JMESPathError
from kit_aws.calls import retries, sending
from kit_aws.calls.model import NAMES, Operation, Service, service_of
from kit_core.connections import Answer, Request

# integration-tests/differential_calls.py asks for thousands.
CALLS = int(os.environ.get("KIT_DIFFERENTIAL_CALLS", "25"))
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ENDPOINT = "http://127.0.0.1:4566"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "SECRETEXAMPLE", "AWS_SESSION_TOKEN": "TOKEN/+="}
OPERATIONS = [(name, each) for name in NAMES for each in service_of(name).operations]
WORDS = [
    "",
    "a",
    "loans",
    "h\u00e9",
    "a b+c&d=~*",
    "x" * 40,
    "\U0001f600 \u2028",
    "arn:aws:sns:eu-west-1:1:t",
    "{}",
    "1",
    "%41/..",
]
# An address that fits into a path, a name of a bucket: these are read by rules beyond the model's.
NAMES_OF = {"Bucket": ["papers", "old-papers-1"], "Key": ["k", "a b/\u00e9+=~(1).txt", "../k//x/", "/lead?q#f%41"]}
# botocore demands a form of these before it asks, from rules of its own.
FIXED = {
    "ChecksumAlgorithm": ["SHA256", "SHA1", "CRC32"],
    "ChecksumSHA256": [base64.b64encode(b"0" * 32).decode()],
    "TableName": ["loans", "old-loans"],
}


class Generator:
    """Make parameters and answers of a service's shapes."""

    def __init__(self, service: Service, seed: str) -> None:
        self.shapes = service.shapes
        self.random = random.Random(seed)

    def parameters(self, operation: Operation) -> dict[str, Any]:
        """Return parameters that fit, most of the time."""
        made: dict[str, Any] = self.value(operation.input) if operation.input else {}
        if "Bucket" in made:
            made |= {name: self.random.choice(values) for name, values in NAMES_OF.items() if name in made}
        made |= {name: self.random.choice(values) for name, values in FIXED.items() if name in made}
        if self.random.random() < 0.15:
            self.spoil(made)
        return made

    def spoil(self, made: dict[str, Any]) -> None:
        """Take a member away, or put something else in its place."""
        chance = self.random.random()
        name = self.random.choice(list(made)) if made else "Unknown"
        if chance < 0.3:
            made.pop(name, None)
        elif chance < 0.4:
            made["Unknown"] = "x"
        else:
            made[name] = self.random.choice([None, "", [], {}, 1, 1.5, True, b"\xff", "text", MOMENT, -1])

    def value(self, name: str, depth: int = 0, *, answer: bool = False) -> Any:
        """Return a value of a shape; of an answer, as it is on the wire in JSON."""
        shape = self.shapes[name]
        return getattr(self, f"_{shape[0]}")(shape, depth, answer)

    def _string(self, shape: Any, depth: int, answer: bool) -> str:
        word = self.random.choice(WORDS)
        return word if len(shape) < 2 or len(word) >= shape[1] else "a" * shape[1]

    def _integer(self, shape: Any, depth: int, answer: bool) -> int:
        return max(self.random.choice([0, 1, 7, 2**40]), shape[1] if len(shape) > 1 else 0)

    def _float(self, shape: Any, depth: int, answer: bool) -> float:
        return self.random.choice([0, 0.5, 1e21, 7])

    def _boolean(self, shape: Any, depth: int, answer: bool) -> bool:
        return self.random.random() < 0.5

    def _blob(self, shape: Any, depth: int, answer: bool) -> Any:
        blob = self.random.choice([b"", b"\x00\xff", b"text", b"x" * 100])
        if answer:
            return base64.b64encode(blob).decode()
        return self.random.choice([blob, bytearray(blob), "h\u00e9"])

    def _timestamp(self, shape: Any, depth: int, answer: bool) -> Any:
        seconds = self.random.choice([0, 1767323045, 1767323045.678901, 1.5e9])
        if answer:
            return self.random.choice([seconds, "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05Z"])
        at = datetime.fromtimestamp(seconds, UTC)
        elsewhere = at.astimezone(timezone(timedelta(hours=2)))
        return self.random.choice([at, elsewhere, at.replace(tzinfo=None), "2026-01-02T03:04:05.5Z", seconds])

    def _list(self, shape: Any, depth: int, answer: bool) -> list[Any]:
        length = max(self.random.choice([0, 1, 2, 3]) if depth < 5 else 0, 0 if answer else shape[2])
        return [self.value(shape[1], depth + 1, answer=answer) for _ in range(length)]

    def _map(self, shape: Any, depth: int, answer: bool) -> dict[str, Any]:
        length = self.random.choice([0, 1, 2]) if depth < 5 else 0
        keys = [self.value(shape[1], depth + 1) for _ in range(length)]
        return {key: self.value(shape[2], depth + 1, answer=answer) for key in keys}

    def _structure(self, shape: Any, depth: int, answer: bool) -> dict[str, Any]:
        chance = 0.5 if depth < 4 else 0.1
        places = shape[3] if len(shape) > 3 else {}
        chosen = [name for name in shape[1] if name in shape[2] or self.random.random() < chance]
        self.random.shuffle(chosen)
        made = {name: self.value(shape[1][name], depth + 1, answer=answer) for name in chosen}
        if not answer:
            return made
        named = {
            places.get(name, ("", name))[1]: value for name, value in made.items() if not places.get(name, ("",))[0]
        }
        if self.random.random() < 0.2:
            named |= {"Unknown": 1, **{name: None for name in shape[1] if name not in named}}
        return named

    def answer(self, service: Service, operation: Operation) -> Answer:
        """Return a whole answer of a service, or an error."""
        if self.random.random() < 0.35:
            return self.error(service, operation)
        headers = {"x-amzn-RequestId": "request-1", "Date": "Fri, 02 Jan 2026 03:04:05 GMT"}
        if not operation.output:
            return whole(200, headers, b"")
        shape = service.shapes[operation.output]
        if service.protocol == "query":
            return whole(200, headers, self.document(service, operation).encode())
        places, payload = shape[3:] or ({}, "")
        if not payload and service.protocol != "rest-xml":
            return whole(200, headers, json.dumps(self._structure(shape, 0, True)).encode())
        for name, (location, field) in places.items():
            if location == "header" and self.random.random() < 0.5 and field.lower() != "content-length":
                if field.startswith("x-amz-checksum-"):  # test_call_faults.py has wrong ones
                    continue
                headers[field] = self.field(service.shapes[shape[1][name]][0])
            elif location == "headers":
                headers |= {f"{field}Key-One": "v", f"{field.upper()}two": "w"}
        return whole(200, headers, self.random.choice([b"", b"{}", b"\x00\xff"]) if payload else b"")

    def field(self, kind: str) -> str:
        """Return a header's value."""
        return {"integer": "7", "boolean": "true", "timestamp": "Fri, 02 Jan 2026 03:04:05 GMT"}.get(kind, "value")

    def document(self, service: Service, operation: Operation) -> str:
        """Return the XML of an answer."""
        inside = "".join(self.elements(operation.output))
        result = f"<{operation.name}Result>{inside}</{operation.name}Result>"
        identity = "<ResponseMetadata><RequestId>r-2</RequestId></ResponseMetadata>"
        return f'<{operation.name}Response xmlns="http://x/">{result}{identity}</{operation.name}Response>'

    def elements(self, name: str) -> Iterator[str]:
        """Return the elements inside of one of a shape."""
        shape = self.shapes[name]
        if shape[0] == "structure":
            for member, inner in shape[1].items():
                if self.random.random() < 0.7:
                    yield f"<{member}>{''.join(self.elements(inner))}</{member}>"
        elif shape[0] == "list":
            for _ in range(self.random.choice([0, 1, 2])):
                yield f"<member>{''.join(self.elements(shape[1]))}</member>"
        elif shape[0] == "boolean":
            yield self.random.choice(["true", "false"])
        else:
            yield escape(self.random.choice(["a", "h\u00e9 <&>", "x y"]))

    def error(self, service: Service, operation: Operation) -> Answer:
        """Return an error as the service's protocol has it."""
        code = self.random.choice([*operation.errors, "AccessDeniedException", "ValidationException", "Odd"])
        status = self.random.choice([400, 403, 404, 409, 413, 429, 500, 503])
        headers = {"x-amzn-RequestId": "request-1", "Retry-After": "3"}
        if service.name == "s3":
            xml = f"<Error><Code>{code}</Code><Message>m</Message><RequestId>r</RequestId></Error>"
            return whole(status, {"x-amz-request-id": "request-1"}, b"" if operation.method == "HEAD" else xml.encode())
        if service.protocol == "query":
            inside = f"<Type>Sender</Type><Code>{code}</Code>" + self.random.choice(
                ["", "<Message>m &amp; n</Message>"]
            )
            xml = f"<ErrorResponse><Error>{inside}</Error><RequestId>r-2</RequestId></ErrorResponse>"
            return whole(status, headers, xml.encode())
        body: dict[str, Any] = {}
        if (shape := service.errors.get(code)) and self.random.random() < 0.7:
            body = self.value(shape, answer=True)
        for name in ("message", "Message"):
            body.pop(name, None)
        body[self.random.choice(["message", "Message"])] = self.random.choice(["", "m", "h\u00e9"])
        form = self.random.choice(["{}", "com.amazonaws.x#{}", "{}:http://internal.amazon.com/coral/"])
        if service.protocol == "rest-json" and self.random.random() < 0.8:
            headers["x-amzn-ErrorType"] = form.format(code)
        elif self.random.random() < 0.9:
            body["__type"] = form.format(code)
        if service.is_query_compatible and self.random.random() < 0.5:
            headers["x-amzn-query-error"] = self.random.choice(["AWS.Old.Code;Sender", "Just.One", ";Sender"])
        odd = self.random.choice([None] * 8 + [b"", b"text", b"<html>no</html>"])
        if status >= 500 and odd in (b"", b"<html>no</html>"):
            # Named: botocore does not look at these headers then.
            headers = {name: value for name, value in headers.items() if name in ("x-amzn-RequestId", "Retry-After")}
        return whole(status, headers, json.dumps(body).encode() if odd is None else odd)


def whole(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    return Answer(status, {**headers, "Content-Length": str(len(body))}, body)


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    hold_still(monkeypatch)


def hold_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time stand, attempts be one, and tokens be equal."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    variables = {**KEYS, "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": ENDPOINT, "AWS_CONFIG_FILE": os.devnull}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: MOMENT.replace(tzinfo=None))
    monkeypatch.setattr(sending, "time", SimpleNamespace(**{**vars(time), "time": MOMENT.timestamp}))
    monkeypatch.setattr(retries, "MOST_ATTEMPTS", 1)
    monkeypatch.setattr(sending, "random_id", lambda: "token")
    monkeypatch.setattr("botocore.handlers.uuid.uuid4", lambda: "token")


class Both:
    """Make the same call in both ways, with the same answer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, service: str) -> None:
        self.service = service_of(service)
        session = botocore.session.Session()
        options: dict[str, Any] = {"retries": {"total_max_attempts": 1}, "s3": {"addressing_style": "path"}}
        names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        keys = dict(zip(names, KEYS.values(), strict=True))
        self.client = session.create_client(
            service, "eu-west-1", endpoint_url=ENDPOINT, config=Config(**options), **keys
        )
        self.client.meta.events.register("before-send", self._answer_botocore)
        self.sent: list[Any] = []
        self.answer: Answer
        monkeypatch.setattr(sending._connections, "send", self._answer_kit)

    def _answer_botocore(self, request: Any, **_: Any) -> AWSResponse:
        self.sent.append(request)
        body = self.answer.body
        raw = SimpleNamespace(stream=lambda *_, **__: iter([body]), read=lambda *_, **__: body, close=lambda: None)
        response = AWSResponse(request.url, self.answer.status, dict(self.answer.headers), raw)
        response._content = None
        return response

    def _answer_kit(self, request: Request) -> Answer:
        self.sent.append(request)
        return self.answer

    def by_botocore(self, operation: str, parameters: Any) -> tuple[Any, Any]:
        self.sent.clear()
        method = getattr(self.client, botocore.xform_name(operation))
        try:
            answer = method(**parameters)
            for name, value in answer.items():
                if hasattr(value, "read"):
                    # Named: streams are bytes.
                    answer[name] = self.answer.body
            result: Any = normal(answer)
        except ClientError as error:
            result = error_of_botocore(error)
        except (BotoCoreError, JMESPathError, TypeError, ValueError, AttributeError):
            result = "refused"
        return (request_of_botocore(self.sent[0]) if self.sent else None), result

    def by_kit(self, operation: str, parameters: Any) -> tuple[Any, Any]:
        self.sent.clear()
        try:
            answer = kit_aws.call(self.service.name, operation, parameters)
            answer["ResponseMetadata"].pop("HostId", None)
            result: Any = normal(answer)
        except kit_aws.ParameterError:
            result = "refused"
        except kit_aws.AwsConnectionError as error:
            result = ("broken", str(error))
        except kit_aws.AwsError as error:
            details = normal(dict(error.details))
            result = ("error", error.code, said(error), error.status, error.request_id, details)
        return (request_of_kit(self.sent[0]) if self.sent else None), result


def said(error: kit_aws.AwsError) -> str:
    """Return AWS's message, from the text of an error."""
    text = str(error).partition(f" failed: {error.code}: ")[2].rpartition(" (request ")[0]
    return "" if text == "no message" else text


def error_of_botocore(error: ClientError) -> tuple[Any, ...]:
    answer: dict[str, Any] = dict(error.response)
    problem, metadata = answer.pop("Error"), answer.pop("ResponseMetadata")
    details = {name: value for name, value in answer.items() if name not in ("message", "Message")}
    message = problem.get("Message") or ""
    return (
        "error",
        problem["Code"],
        str(message),
        metadata["HTTPStatusCode"],
        metadata.get("RequestId"),
        normal(details),
    )


# Named: counters of attempts, which differ in number; headers, which hold the same in both.
NOT_RETURNED = {"HTTPHeaders", "HostId", "MaxAttemptsReached", "RetryAttempts", "ChecksumAlgorithm"}


def normal(value: Any) -> Any:
    """Return a value whose times are in UTC (named: botocore's are in the local zone)."""
    if isinstance(value, dict):
        if isinstance(metadata := value.get("Metadata"), dict):
            # Named: header names are in lower case, as S3 itself keeps them.
            value["Metadata"] = {key.lower(): each for key, each in metadata.items()}
        return {key: normal(each) for key, each in value.items() if key not in NOT_RETURNED}
    if isinstance(value, list):
        return [normal(each) for each in value]
    return value.astimezone(UTC) if isinstance(value, datetime) else value


# Named: botocore's own name; counters of attempts; how a body is announced, which http.client writes for both.
NOT_COMPARED = {
    *("accept-encoding", "amz-sdk-invocation-id", "amz-sdk-request", "connection", "content-length", "expect"),
    *("host", "user-agent"),
}


def request_of_botocore(request: Any) -> tuple[Any, ...]:
    headers = {name.lower(): text(value) for name, value in request.headers.items()}
    body = request.body or b""
    if hasattr(body, "read"):
        body.seek(0)
        body = body.read()
    return (request.method, request.url, compared(headers), body.encode() if isinstance(body, str) else bytes(body))


def request_of_kit(request: Request) -> tuple[Any, ...]:
    assert request.headers["host"] == urlsplit(ENDPOINT).netloc
    return (request.method, request.url, compared(request.headers), request.body)


def text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def compared(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in NOT_COMPARED}


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_calls_are_botocores(service: str, operation: str, still: None, monkeypatch: pytest.MonkeyPatch) -> None:
    compare(monkeypatch, service, operation, CALLS)


def compare(monkeypatch: pytest.MonkeyPatch, service: str, operation: str, calls: int) -> None:
    """Compare so many calls of an operation; the first difference is an AssertionError with its seed."""
    both = Both(monkeypatch, service)
    described = both.service.operations[operation]
    for number in range(calls):
        seed = f"{service} {operation} {number}"
        made = Generator(both.service, seed)
        parameters = made.parameters(described)
        both.answer = made.answer(both.service, described)
        theirs = both.by_botocore(operation, parameters)
        mine = both.by_kit(operation, parameters)
        if isinstance(theirs[1], tuple) and theirs[1][4] is None:
            # Named: of an error without a body, botocore does not tell the request's id.
            mine = (mine[0], (*mine[1][:4], None, *mine[1][5:]))
        for own, other in zip(mine, theirs, strict=True):
            assert own == other, f"{seed}: {parameters} answered by {both.answer}"
