"""`token=`: callables, and the remote check against a real HTTP server that is stopped and started."""

import contextlib
import json
import logging
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from kit_core import invocation
from kit_handler import ConfigurationError, RemoteToken, Request, Response, Router, route

CALLER = {"profile_id": "p-1"}


class Endpoint:
    """A token endpoint that knows one token per profile and notes what it is asked."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.connections: set[Any] = set()
        self.status: int | None = None
        self.hold = threading.Event()
        self.hold.set()
        self.close_after_answer = False
        self.length = 2
        self.pause = 0.0
        self.between_drops = threading.Event()
        self.dead: set[Any] = set()  # connections that a NAT has forgotten: what is sent on them gets no answer
        self.over = threading.Event()
        self.port = 0
        self.start()

    def start(self) -> None:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                endpoint.requests.append(body)
                endpoint.headers.append(dict(self.headers.items()))
                if self.client_address in endpoint.dead:
                    endpoint.over.wait(20)
                    return
                endpoint.connections.add(self.client_address)
                endpoint.hold.wait(10)
                valid = body == {"token": "good", "profile_id": "p-1"}
                with contextlib.suppress(ConnectionError):  # the client may have given up
                    self.send_response(endpoint.status or (200 if valid else 403))
                    self.send_header("Content-Length", str(endpoint.length))
                    self.end_headers()
                    for _ in range(endpoint.length // 2):
                        self.wfile.write(b"{}")
                        endpoint.between_drops.wait(endpoint.pause)
                # Without a word to the client, as servers do with connections that have been idle.
                self.close_connection = endpoint.close_after_answer

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/tokens?kind=session"


class Signer:
    def sign(self, method: str, url: str, headers: dict[str, str], body: bytes) -> dict[str, str]:
        return {**headers, "Authorization": f"signed {method} {len(body)}"}


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    yield endpoint
    endpoint.hold.set()
    endpoint.between_drops.set()
    endpoint.stop()


@pytest.fixture
def remote(endpoint: Endpoint) -> Iterator[RemoteToken]:
    check = RemoteToken(endpoint.url, auth=Signer(), timeout=5)
    yield check
    check.close()


def ask(check: Any, token: str | None = "good", header: str = "X-Authorization-Token", **options: Any) -> Response:
    handler = route(token=check)(lambda request: Response.ok())
    headers = {} if token is None else {header: token}
    return handler(Request(headers=headers, **{"authorizer": CALLER, **options}))


def test_a_valid_token_passes(endpoint: Endpoint, remote: RemoteToken) -> None:
    assert ask(remote).status_code == 200
    assert endpoint.requests == [{"token": "good", "profile_id": "p-1"}]
    sent = endpoint.headers[0]
    assert sent["Authorization"].startswith("signed POST")
    assert sent["Content-Type"] == "application/json"


def test_a_wrong_token_is_403(remote: RemoteToken) -> None:
    assert ask(remote, "bad").status_code == 403


def test_the_token_of_somebody_else_is_403(remote: RemoteToken) -> None:
    assert ask(remote).status_code == 200
    assert ask(remote, authorizer={"profile_id": "p-2"}).status_code == 403


@pytest.mark.parametrize(
    ("token", "authorizer", "status"),
    [(None, CALLER, 401), ("", CALLER, 401), ("good", None, 401), ("good", {}, 403), ("good", {"profile_id": ""}, 403)],
)
def test_without_token_or_caller_nobody_is_asked(
    token: str | None, authorizer: Any, status: int, endpoint: Endpoint, remote: RemoteToken
) -> None:
    assert ask(remote, token, authorizer=authorizer).status_code == status
    assert endpoint.requests == []


def test_a_bearer_token_is_not_sent_to_the_endpoint(endpoint: Endpoint, remote: RemoteToken) -> None:
    assert ask(remote, "Bearer good", "Authorization").status_code == 401
    assert endpoint.requests == []


def test_a_yes_is_remembered_and_a_no_is_not(endpoint: Endpoint, remote: RemoteToken) -> None:
    assert [ask(remote, token).status_code for token in ("good", "good", "bad", "bad")] == [200, 200, 403, 403]
    assert [request["token"] for request in endpoint.requests] == ["good", "bad", "bad"]


def test_a_yes_is_forgotten_after_its_time(
    endpoint: Endpoint, remote: RemoteToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    ask(remote)
    now[0] += 29
    ask(remote)
    assert len(endpoint.requests) == 1
    now[0] += 2
    ask(remote)
    assert len(endpoint.requests) == 2


def test_a_one_time_password_is_asked_for_every_time(endpoint: Endpoint, remote: RemoteToken) -> None:
    for _ in range(2):
        assert ask(remote, header="x-authorization-OTP").status_code == 200
    assert len(endpoint.requests) == 2


def test_the_cache_holds_no_token_and_stays_small(endpoint: Endpoint, remote: RemoteToken) -> None:
    endpoint.status = 200
    for number in range(1100):
        assert ask(remote, f"secret-{number}").status_code == 200
    assert "secret" not in repr(vars(remote))
    assert len(remote._known) <= 1024


def test_the_connection_is_kept(endpoint: Endpoint, remote: RemoteToken) -> None:
    for token in ("bad", "worse", "worst"):
        ask(remote, token)
    assert len(endpoint.connections) == 1


def test_a_connection_that_the_server_has_closed_is_replaced(endpoint: Endpoint, remote: RemoteToken) -> None:
    endpoint.close_after_answer = True
    assert [ask(remote, "good", "X-Authorization-Otp").status_code for _ in range(3)] == [200] * 3


@pytest.mark.parametrize("status", [500, 503, 429, 302])
def test_an_endpoint_in_trouble_is_503(
    status: int, endpoint: Endpoint, remote: RemoteToken, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.status = status
    assert ask(remote).status_code == 503
    assert str(status) in caplog.text


def test_a_stopped_endpoint_is_503_and_its_return_is_noticed(
    endpoint: Endpoint, remote: RemoteToken, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.close_after_answer = True
    assert ask(remote, "good", "X-Authorization-Otp").status_code == 200
    endpoint.stop()
    refused = ask(remote, "good", "X-Authorization-Otp")
    assert (refused.status_code, refused.body["errors"][0]["id"]) == (503, "service_unavailable")
    assert "ConnectionRefusedError" in caplog.text
    endpoint.start()
    assert ask(remote, "good", "X-Authorization-Otp").status_code == 200


def test_an_endpoint_that_does_not_answer_in_time_is_503(endpoint: Endpoint) -> None:
    endpoint.hold.clear()
    check = RemoteToken(endpoint.url, auth=Signer(), timeout=0.1)
    assert ask(check).status_code == 503


def test_an_endpoint_that_answers_drop_by_drop_is_503(endpoint: Endpoint) -> None:
    endpoint.length, endpoint.pause = 2_000, 0.01
    check = RemoteToken(endpoint.url, auth=Signer(), timeout=0.1)
    assert ask(check).status_code == 503
    endpoint.between_drops.set()


def test_a_long_answer_is_read_no_further_than_needed_and_the_connection_given_up(
    endpoint: Endpoint, remote: RemoteToken
) -> None:
    endpoint.between_drops.set()
    endpoint.length = 200_000
    assert [ask(remote, header="X-Authorization-Otp").status_code for _ in range(2)] == [200, 200]
    assert len(endpoint.connections) == 2


def test_the_remaining_time_bounds_the_timeout(endpoint: Endpoint) -> None:
    endpoint.hold.clear()
    check = RemoteToken(endpoint.url, auth=Signer(), timeout=60)
    with invocation.enter(remaining_ms=600):
        assert ask(check).status_code == 503
    endpoint.hold.set()


def test_a_kept_connection_that_died_without_a_word_is_no_503(endpoint: Endpoint) -> None:
    check = RemoteToken(endpoint.url, auth=Signer(), timeout=4)
    assert ask(check, header="X-Authorization-Otp").status_code == 200
    endpoint.dead = set(endpoint.connections)
    assert ask(check, header="X-Authorization-Otp").status_code == 200
    assert len(endpoint.connections) == 2
    endpoint.over.set()


def test_the_token_is_in_no_log_line(endpoint: Endpoint, remote: RemoteToken, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        endpoint.status = 500
        ask(remote, "hush")
        endpoint.status = 403
        ask(remote, "hush")
    assert "hush" not in caplog.text


def test_true_reads_the_environment_when_it_is_first_used(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("TOKEN_AUTHORIZATION_URL", raising=False)
    check = RemoteToken()
    assert [ask(True).status_code, ask(check).status_code] == [500, 500]
    assert "TOKEN_AUTHORIZATION_URL" in caplog.text

    monkeypatch.setenv("TOKEN_AUTHORIZATION_URL", endpoint.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert ask(check).status_code == 200
    check.close()
    signature = endpoint.headers[0]["Authorization"]
    assert signature.startswith("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/")
    assert "/eu-central-1/execute-api/aws4_request" in signature


@pytest.mark.parametrize(
    "make",
    [
        RemoteToken,
        lambda: RemoteToken("https://tokens.example/"),
        lambda: Router(token=True),
        lambda: Router().get("/", token=True)(lambda: Response.ok()),
        lambda: route(token=True)(lambda request: Response.ok()),
    ],
)
def test_without_kit_aws_the_error_says_what_to_install_when_it_is_made(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "kit_aws", None)
    with pytest.raises(ConfigurationError, match=r"kit_aws.*kit-handler\[token\]"):
        make()


def test_with_a_signer_of_ones_own_kit_aws_is_not_needed(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kit_aws", None)
    check = RemoteToken(endpoint.url, auth=Signer())
    assert ask(check).status_code == 200
    check.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Authorization-Token": "t"},
        {"x-authorization-otp": "t"},
        {"Authorization": "Bearer t"},
        {"authorization": "bearer  t"},
    ],
)
def test_a_callable_decides(headers: dict[str, str]) -> None:
    seen = []

    def verify(token: str, request: Request) -> bool:
        seen.append(token)
        return request.path == "/"

    handler = route(token=verify)(lambda request: Response.ok())
    assert handler(Request(headers=headers)).status_code == 200
    assert handler(Request(headers=headers, path="/x")).status_code == 403
    assert seen == ["t", "t"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic t"}, {"Authorization": "Bearer"}])
def test_without_a_token_the_callable_is_not_asked(headers: dict[str, str]) -> None:
    def verify(token: str, request: Request) -> bool:
        raise AssertionError

    assert route(token=verify)(lambda request: Response.ok())(Request(headers=headers)).status_code == 401


async def refuse(token: str, request: Request) -> bool:
    return False


def fail(token: str, request: Request) -> bool:
    raise LookupError


@pytest.mark.parametrize(
    ("verify", "status"), [(refuse, 403), (fail, 500), (lambda *_: None, 403), (lambda *_: "yes", 403)]
)
def test_only_true_lets_pass(verify: Any, status: int) -> None:
    assert ask(verify).status_code == status


@pytest.mark.parametrize("nonsense", ["secret", 1, ["t"]])
def test_what_can_not_be_called_is_a_type_error(nonsense: Any) -> None:
    with pytest.raises(TypeError, match="callable"):
        route(token=nonsense)(lambda request: Response.ok())


def test_a_router_has_one_memory_for_all_of_its_routes(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_AUTHORIZATION_URL", endpoint.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    app = Router(token=True)
    for path in ("/a", "/b"):
        app.get(path)(lambda request: Response.ok())
        answer = app(Request(path=path, headers={"X-Authorization-Token": "good"}, authorizer=CALLER))
        assert answer.status_code == 200
    assert len(endpoint.requests) == 1
