"""Programs written for the older route and job decorators, with nothing but their import lines changed."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import pytest
from kit_handler import BaseInterceptor, Request, Response, add_interceptor, job, route
from kit_handler.http import options
from kit_testing import LambdaContext
from kit_testing.events import http_event, sqs_event

PROFILE = "5b1f3c1e-6f0b-4f0e-9d0a-000000000001"


@dataclass
class Profile:
    id: UUID
    name: str


class GetProfileParams:
    @classmethod
    def load(cls, data: Any) -> str:
        return str(data["id"])


class GetProfile:
    @classmethod
    def run(cls, params: str) -> Profile:
        return Profile(UUID(params), "Ada")


@route
def get_profile(request: Request):  # type: ignore[no-untyped-def]
    params = GetProfileParams.load(request.params)
    profile = GetProfile.run(params)

    return Response.ok(profile)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_the_route_example(version: str) -> None:
    event = http_event("GET", f"/profiles/{PROFILE}", path_params={"id": PROFILE}, version=version)
    answer = get_profile(event, LambdaContext())
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"data": {"id": PROFILE, "name": "Ada"}})


@route(token=True)
def create_loan(request: Request):  # type: ignore[no-untyped-def]
    return Response.created({"caller": request.authorizer and request.authorizer["profile_id"]})


@pytest.fixture
def token_endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, str]]]:
    asked: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append({**question, "signed": self.headers["Authorization"].partition(" ")[0]})
            self.send_response(200 if question["token"] == "good" else 403)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("TOKEN_AUTHORIZATION_URL", f"http://127.0.0.1:{server.server_address[1]}/token")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    yield asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_token_example(token_endpoint: list[dict[str, str]]) -> None:
    def call(token: str | None) -> int:
        headers = {"X-Authorization-Token": token} if token else {}
        event = http_event("POST", "/loans", headers=headers, authorizer={"profile_id": PROFILE})
        return int(create_loan(event, LambdaContext())["statusCode"])

    assert [call("good"), call("bad"), call(None)] == [201, 403, 401]
    signed = "AWS4-HMAC-SHA256"
    assert token_endpoint == [{"token": t, "profile_id": PROFILE, "signed": signed} for t in ("good", "bad")]


@route(role="PROFILE_VIEW")
def guarded_profile(request: Request):  # type: ignore[no-untyped-def]
    return Response.ok(GetProfile.run(request.params["id"]))


@pytest.mark.parametrize(
    ("authorizer", "status"),
    [({"roles": "A,PROFILE_VIEW"}, 200), ({"roles": "A"}, 403), ({"a": "b"}, 403), (None, 401)],
)
def test_the_role_example(authorizer: Any, status: int) -> None:
    for version in ("1.0", "2.0"):
        event = http_event(path_params={"id": PROFILE}, authorizer=authorizer, version=version)
        assert guarded_profile(event, LambdaContext())["statusCode"] == status


def test_an_interceptor_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "_registered", {})

    class PinInterceptor(BaseInterceptor):
        SETTINGS = {"param_name": "pin", "header": "X-Authorization-Pin"}  # noqa: RUF012

        def __init__(self, param):  # type: ignore[no-untyped-def]
            self.param = param

        def __call__(self, request):  # type: ignore[no-untyped-def]
            if request.headers.get(self.SETTINGS["header"]) != "1234":
                return Response.forbidden("Invalid PIN")
            return None

    add_interceptor(PinInterceptor)

    @route(pin=True)
    def transfer(request: Request):  # type: ignore[no-untyped-def]
        return Response.no_content()

    assert transfer(http_event(headers={"x-authorization-pin": "1234"}))["statusCode"] == 204
    assert json.loads(transfer(http_event())["body"])["errors"] == [{"id": "forbidden", "message": "Invalid PIN"}]


def test_the_job_examples() -> None:
    kit_events = pytest.importorskip("kit_events", reason="the records are those of kit-events")
    seen: list[Any] = []
    FileRecord, EventRecord = kit_events.FileRecord, kit_events.EventRecord  # noqa: N806

    @job
    def process_file(record: FileRecord):  # type: ignore[no-untyped-def,valid-type]
        seen.append((record.bucket, record.key))  # type: ignore[attr-defined]

    @job
    def process_event(record: EventRecord):  # type: ignore[no-untyped-def,valid-type]
        seen.append((record.aggregate_id, record.payload))  # type: ignore[attr-defined]

    file = {"bucket": {"name": "papers"}, "object": {"key": "a+b%20c", "size": 7}}
    process_file({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": file}]}, None)
    happened = {
        "id": PROFILE,
        "aggregate_id": PROFILE,
        "payload": {"loan": 1},
        "type": "loan_created",
        "origin": "loans",
        "at": "2025-01-02T03:04:05Z",
        "version": "1",
    }
    topic = "arn:aws:sns:eu-central-1:123456789012:events"
    fanned_out = {"Type": "Notification", "MessageId": "n-1", "TopicArn": topic, "Message": json.dumps(happened)}
    assert process_event(sqs_event([fanned_out]), LambdaContext()) == {"batchItemFailures": []}
    assert seen == [("papers", "a b c"), (UUID(PROFILE), {"loan": 1})]
