"""The ASGI door under a real server: requests, invocations, streams, disconnects, the server's own life."""

import asyncio
import contextlib
import http.client
import json
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

import pytest
import uvicorn
from kit_core import invocation
from kit_handler import (
    Dispatcher,
    HttpError,
    NotFoundError,
    Request,
    Response,
    Router,
    ServerSentEvent,
    aws_lambda_handler,
    route,
)
from kit_handler.asgi import AsgiApp

TENANT: ContextVar[str] = ContextVar("tenant", default="nobody")
PATIENCE = 10.0


class Server(uvicorn.Server):
    """A server in a thread, on a port that was free."""

    def __init__(self, application: Any, **options: Any) -> None:
        super().__init__(uvicorn.Config(application, port=0, log_config=None, lifespan="on", **options))
        self.up = threading.Event()
        self.thread = threading.Thread(target=self.live)
        self.thread.start()

    def live(self) -> None:
        with contextlib.suppress(SystemExit):  # where the application can't start; older ones of uvicorn return
            self.run()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @property
    def port(self) -> int:
        assert self.up.wait(PATIENCE)
        return int(self.servers[0].sockets[0].getsockname()[1])

    def stop(self) -> None:
        self.should_exit = True
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> "Got":
        connection = self.connect()
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        try:
            return Got(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)


class Got:
    def __init__(self, status: int, headers: Any, content: bytes) -> None:
        self.status = status
        self.headers = headers
        self.content = content

    def json(self) -> Any:
        return json.loads(self.content)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def start(handler: Any, **options: Any) -> Server:
        server = Server(handler if isinstance(handler, AsgiApp) else AsgiApp(handler, **options))
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


app = Router(cors=["https://a.example"], exception_handlers={KeyError: lambda error, request: Response.text("no key")})


@app.get("/loans/{name}")
def get_loan(name: str, request: Request) -> Response:
    return Response.ok([name, request.multi_query, request.path, request.source_ip, request.user_agent])


@app.post("/echo")
async def echo(request: Request) -> Response:
    await asyncio.sleep(0)
    return Response(201, request.raw_body, {"Content-Type": request.headers["content-type"]})


@app.get("/cookies")
def cookies(request: Request) -> Response:
    return Response.ok(request.cookies).set_cookie("c", "3").set_cookie("d", "4")


@app.get("/guarded", role="ADMIN")
def guarded() -> Response:
    return Response.ok("secret")


@route(role=None)
def alone(request: Request) -> Response:
    return Response.ok([request.method, request.path])


def plain(event: Any, context: Any) -> Any:
    return {"statusCode": 200, "multiValueHeaders": {"X-A": ["1", "2"], "Set-Cookie": ["a=1"]}, "body": event["path"]}


async def plain_async(event: Any, context: Any) -> Any:
    await asyncio.sleep(0)
    return plain(event, context)


def test_a_request_and_its_answer(serve: Any) -> None:
    server = serve(app)
    got = server.ask("GET", "/loans/a%2Fb%20%C3%A4?q=1&q=%C3%A4&r=", headers={"User-Agent": "test"})
    assert got.json()["data"] == ["a/b ä", {"q": ["1", "ä"], "r": [""]}, "/loans/a%2Fb%20%C3%A4", "127.0.0.1", "test"]
    assert got.headers["content-type"] == "application/json"
    got = server.ask("GET", "/loans/x", headers={"Origin": "https://a.example"})
    assert got.headers["access-control-allow-origin"] == "https://a.example"
    assert [server.ask(method, "/loans/x").status for method in ("HEAD", "PUT", "OPTIONS")] == [200, 405, 204]
    assert (server.ask("GET", "/nowhere").status, server.ask("GET", "/guarded").status) == (404, 401)
    assert server.ask("HEAD", "/loans/x").content == b""


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"a": 1}'),
        ("application/octet-stream", bytes(range(256))),
        ("text/plain; charset=utf-8", "ä".encode()),
        ("image/png", b""),
    ],
)
def test_bodies_go_in_and_out_as_they_are(kind: str, body: bytes, serve: Any) -> None:
    got = serve(app).ask("POST", "/echo", body, {"Content-Type": kind})
    assert (got.status, got.content, got.headers["content-type"]) == (201, body, kind)
    assert got.headers["content-length"] == str(len(body))


def test_cookies_in_both_directions(serve: Any) -> None:
    got = serve(app).ask("GET", "/cookies", headers={"Cookie": "a=1; b=2"})
    assert got.json() == {"data": {"a": "1", "b": "2"}}
    assert [each[:4] for each in got.headers.get_all("set-cookie")] == ["c=3;", "d=4;"]


@pytest.mark.parametrize(
    ("handler", "content"),
    [
        (alone, b'{"data":["GET","/x"]}'),
        (plain, b"/x"),
        (plain_async, b"/x"),
        (Dispatcher(http=plain), b"/x"),
        (aws_lambda_handler()(lambda event, context: event["path"]), b"/x"),
    ],
)
def test_every_handler_of_http_events_can_be_served(handler: Any, content: bytes, serve: Any) -> None:
    got = serve(handler).ask("GET", "/x")
    assert (got.status, got.content) == (200, content)
    if handler is plain:
        assert (got.headers.get_all("x-a"), got.headers["set-cookie"]) == (["1", "2"], "a=1")


@pytest.mark.parametrize(
    "broken", [lambda event, context: 1 / 0, lambda event, context: "text", lambda event, context: {}]
)
def test_a_handler_that_fails_is_a_500_without_its_text(
    broken: Any, serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    got = serve(broken).ask("GET", "/")
    assert (got.status, got.json()["errors"][0]["id"]) == (500, "internal_server_error")
    assert "the handler behind the ASGI door failed" in caplog.text


def test_the_stream_of_an_enveloped_function_goes_out_or_is_a_500(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    handler = aws_lambda_handler()(lambda event, context: Response.stream(["a", "b"] if event["path"] == "/" else [7]))
    server = serve(handler)
    assert server.ask("GET", "/").content == b"ab"
    assert server.ask("GET", "/broken").status == 500
    assert "a chunk of a stream is text or bytes" in caplog.text


def test_requests_at_the_same_time_are_invocations_of_their_own(serve: Any) -> None:
    together = threading.Barrier(6)
    met: list[Any] = []

    @app_of(met)
    def both(request: Request, wait: Callable[[], None]) -> Any:
        mine = invocation.current()
        assert mine is not None
        before = mine.correlation_id
        TENANT.set(request.headers["x-tenant"])
        wait()
        again = invocation.current()
        assert again is not None
        return [before, again.correlation_id, again.request_id == request.context.aws_request_id, TENANT.get()]

    server = serve(both(lambda: together.wait(PATIENCE)))

    def ask(number: int) -> Any:
        headers = {"X-Correlation-Id": f"c-{number}", "X-Tenant": f"t-{number}"}
        path = "/sync" if number % 2 else "/async"
        return server.ask("GET", path, headers=headers).json()["data"]

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(6)))
    assert answers == [[f"c-{number}", f"c-{number}", True, f"t-{number}"] for number in range(6)]
    assert len({id(loop) for loop in met}) == 1
    assert TENANT.get() == "nobody"


def app_of(met: list[Any]) -> Callable[[Any], Callable[[Any], Router]]:
    """Return a router that calls a function in a plain route and in a coroutine, which meet in the same barrier."""

    def decorate(function: Any) -> Callable[[Any], Router]:
        def make(wait: Callable[[], None]) -> Router:
            made = Router()

            @made.get("/sync")
            def sync(request: Request) -> Response:
                return Response.ok(function(request, wait))

            @made.get("/async")
            async def in_loop(request: Request) -> Response:
                met.append(asyncio.get_running_loop())
                mine = function(request, lambda: None)
                await asyncio.get_running_loop().run_in_executor(None, wait)
                return Response.ok([mine[0], invocation.correlation_id(), mine[2], TENANT.get()])

            return made

        return make

    return decorate


def test_coroutines_share_the_servers_loop_and_what_is_bound_to_it(serve: Any) -> None:
    loops: list[Any] = []
    made = Router()

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        loops.append(asyncio.get_running_loop())
        yield
        loops.append("stopped")

    async def check(token: str, request: Request) -> bool:
        loops.append(asyncio.get_running_loop())
        return token == "t"

    async def around(request: Request, call_next: Any) -> Response:
        loops.append(asyncio.get_running_loop())
        response: Response = await call_next(request)
        return response

    async def of_error(error: Exception, request: Request) -> Response:
        loops.append(asyncio.get_running_loop())
        return Response.text(str(error), status_code=409)

    @made.get("/", token=check, interceptors=[around], exception_handlers={ValueError: of_error})
    async def fail(request: Request) -> Response:
        raise ValueError("odd")

    server = serve(made, lifespan=lifespan)
    assert server.ask("GET", "/", headers={"X-Authorization-Token": "no"}).status == 403
    assert server.ask("GET", "/", headers={"X-Authorization-Token": "t"}).content == b"odd"
    server.stop()
    assert len(loops) == 6
    assert {id(loop) for loop in loops[:-1]} == {id(loops[0])}
    assert loops[-1] == "stopped"


def read_line(connection: http.client.HTTPConnection, path: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer, answer.readline()


class Gates:
    """What a stream waits for, and what has become of it; each stream has its own."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.closed = threading.Event()
        self.seen: list[Any] = []
        self._waiting: list[Any] = []

    def open(self) -> None:
        """Let the stream go on, in whichever thread it is."""
        self.go.set()
        for loop, event in self._waiting:
            loop.call_soon_threadsafe(event.set)

    async def opened(self) -> None:
        event = asyncio.Event()
        self._waiting.append((asyncio.get_running_loop(), event))
        if not self.go.is_set():
            await event.wait()


def streaming(gates: Gates, *, fail: Exception | None = None, before: Exception | None = None) -> Router:
    """Return a router with one stream in two forms: a line, then a wait, then another line or an error."""
    made = Router(
        cors="https://a.example",
        exception_handlers={KeyError: lambda error, request: Response.text("no key", status_code=410)},
    )

    def lines() -> Iterator[str]:
        try:
            if before is not None:
                raise before
            TENANT.set(f"{TENANT.get()}!")
            yield f"{invocation.correlation_id()}\n"
            gates.go.wait(PATIENCE)
            if fail is not None:
                raise fail
            yield f"{TENANT.get()}\n"
        finally:
            gates.closed.set()

    async def lines_async() -> AsyncIterator[str]:
        try:
            if before is not None:
                raise before
            TENANT.set(f"{TENANT.get()}!")
            async with asyncio.timeout(PATIENCE):  # it has to be left in the task that it was entered in
                yield f"{invocation.correlation_id()}\n"
                await gates.opened()
            if fail is not None:
                raise fail
            yield f"{TENANT.get()}\n"
        finally:
            gates.closed.set()

    @made.get("/sync")
    def sync(request: Request) -> Response:
        TENANT.set("acme")
        return Response.stream(lines(), headers={"X-A": "1"}).set_cookie("a", "1")

    @made.get("/async")
    def in_loop(request: Request) -> Response:
        TENANT.set("acme")
        return Response.stream(lines_async(), headers={"X-A": "1"}).set_cookie("a", "1")

    return made


KINDS = pytest.mark.parametrize("kind", ["sync", "async"])


@KINDS
def test_each_chunk_goes_out_when_it_is_there(kind: str, serve: Any) -> None:
    gates = Gates()
    connection = serve(streaming(gates)).connect()
    connection.request("GET", f"/{kind}", headers={"Origin": "https://a.example", "X-Correlation-Id": "c-7"})
    answer = connection.getresponse()
    assert (answer.status, answer.readline()) == (200, b"c-7\n")
    assert (answer.headers["x-a"], answer.headers["set-cookie"][:4]) == ("1", "a=1;")
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    assert not gates.closed.is_set()
    gates.open()
    assert answer.read() == b"acme!\n"
    assert gates.closed.wait(PATIENCE)
    connection.close()


def test_events_go_out_when_they_are_there(serve: Any) -> None:
    gates, made = Gates(), Router(etag=True, compress=True)

    @made.get("/")
    async def progress() -> Response:
        async def steps() -> AsyncIterator[Any]:
            yield ServerSentEvent({"done": 1}, id="1")
            await gates.opened()
            yield "end"

        return Response.events(steps())

    connection = serve(made).connect()
    connection.request("GET", "/", headers={"Accept-Encoding": "gzip", "If-None-Match": "*"})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
    assert [answer.readline() for _ in range(3)] == [b"id: 1\n", b'data: {"done":1}\n', b"\n"]
    gates.open()
    assert answer.read() == b"data: end\n\n"
    connection.close()


@pytest.mark.parametrize("chunks", [[], [""], iter([])])
def test_an_empty_stream_is_an_empty_answer(chunks: Any, serve: Any) -> None:
    got = serve(route(lambda request: Response.stream(chunks, status_code=203))).ask("GET", "/")
    assert (got.status, got.content) == (203, b"")


def test_a_stream_larger_than_lambda_takes_goes_out(serve: Any) -> None:
    got = serve(route(lambda request: Response.stream(b"x" * 100_000 for _ in range(100)))).ask("GET", "/")
    assert len(got.content) == 10_000_000
    got = serve(route(lambda request: Response.text("x" * 7_000_000))).ask("GET", "/")
    assert len(got.content) == 7_000_000


@KINDS
@pytest.mark.parametrize(
    ("before", "status", "content"),
    [
        (NotFoundError("No report"), 404, b"No report"),
        (HttpError(429, "Later", headers={"Retry-After": "7"}), 429, b"Later"),
        (KeyError("secret"), 410, b"no key"),
        (ValueError("secret"), 500, b"An unexpected error"),
    ],
)
def test_an_error_before_the_first_chunk_is_answered(
    kind: str, before: Exception, status: int, content: bytes, serve: Any
) -> None:
    gates = Gates()
    got = serve(streaming(gates, before=before)).ask("GET", f"/{kind}", headers={"Origin": "https://a.example"})
    assert (got.status, content in got.content, b"secret" in got.content) == (status, True, False)
    assert got.headers["access-control-allow-origin"] == "https://a.example"
    assert gates.closed.is_set()


@KINDS
def test_an_error_after_the_first_chunk_breaks_the_connection_off(
    kind: str, serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    gates = Gates()
    connection = serve(streaming(gates, fail=ValueError("the disk is full"))).connect()
    answer, first = read_line(connection, f"/{kind}")
    assert first.endswith(b"\n")
    gates.open()
    with pytest.raises(http.client.IncompleteRead):
        answer.read()
    assert gates.closed.wait(PATIENCE)
    assert "has broken off" in caplog.text
    assert "the disk is full" in caplog.text
    connection.close()


@KINDS
def test_a_client_that_goes_away_ends_the_stream(kind: str, serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    gates = Gates()
    server = serve(streaming(gates))
    connection = server.connect()
    answer, _ = read_line(connection, f"/{kind}")
    answer.close()
    connection.close()
    if kind == "sync":
        gates.open()  # a thread can't be interrupted: the generator is closed when its step is over
    assert gates.closed.wait(PATIENCE)
    assert server.ask("GET", "/nowhere").status == 404
    assert "broken off" not in caplog.text


def test_a_client_that_goes_away_does_not_undo_what_its_request_does(serve: Any) -> None:
    gates, made = Gates(), Router()

    @made.post("/")
    async def pay() -> Response:
        gates.seen.append("begun")
        gates.closed.set()
        await gates.opened()
        gates.seen.append("done")
        return Response.ok()

    server = serve(made)
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        assert gates.closed.wait(PATIENCE)
    gates.open()
    server.stop()  # waits for the requests that are on their way
    assert gates.seen == ["begun", "done"]


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_stream_is_cut_before_its_time_is_over(kind: str, serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    gates = Gates()
    connection = serve(streaming(gates), timeout=0.5).connect()
    answer, _ = read_line(connection, f"/{kind}")
    with pytest.raises(http.client.IncompleteRead):
        answer.read()
    gates.open()
    assert gates.closed.wait(PATIENCE)
    assert "TimeUpError" in caplog.text
    connection.close()


def test_a_stream_whose_time_is_over_before_it_began_is_503(serve: Any) -> None:
    gates, made = Gates(), Router()

    async def never() -> AsyncIterator[str]:
        try:
            await asyncio.Event().wait()
            yield ""
        finally:
            gates.closed.set()

    made.get("/stream")(lambda request: Response.stream(never()))

    @made.get("/coroutine")
    async def wait() -> Response:
        try:
            await asyncio.Event().wait()
        finally:
            gates.seen.append("cancelled")
        return Response.ok()

    server = serve(made, timeout=0.4)
    assert server.ask("GET", "/stream").status == 503
    assert gates.closed.is_set()
    assert (server.ask("GET", "/coroutine").status, gates.seen) == (503, ["cancelled"])


def test_a_request_without_a_limit_has_none(serve: Any) -> None:
    handler = route(lambda request: Response.ok([invocation.remaining_ms(), hasattr(request.context, "function_name")]))
    assert serve(handler).ask("GET", "/").json()["data"] == [None, True]


def test_head_of_a_stream_reads_nothing(serve: Any) -> None:
    gates = Gates()
    got = serve(streaming(gates)).ask("HEAD", "/sync")
    assert (got.status, got.content, got.headers["x-a"]) == (200, b"", "1")


def test_a_body_that_is_too_large_is_413(serve: Any) -> None:
    server = serve(app, most_bytes=1000)
    headers = {"Content-Type": "text/plain"}
    assert server.ask("POST", "/echo", b"x" * 1000, headers).status == 201
    assert server.ask("POST", "/echo", b"x" * 1001, headers).status == 413
    assert server.ask("POST", "/echo", (b"x" * 600 for _ in range(2)), headers).status == 413


WEB_ADAPTER = {
    "x-amzn-request-context": {
        "http": {"method": "GET", "path": "/", "sourceIp": "198.51.100.9", "userAgent": "browser"},
        "requestId": "gateway-1",
        "stage": "$default",
        "authorizer": {"lambda": {"roles": "ADMIN"}, "jwt": None, "iam": None},
    },
    "x-amzn-lambda-context": {
        "request_id": "lambda-1",
        "invoked_function_arn": "arn:aws:lambda:eu-west-1:123456789012:function:shop",
        "env_config": {"function_name": "shop", "memory": 256, "version": "7", "log_stream": "s", "log_group": "g"},
    },
}


def web_adapter(seconds: float, **request_context: Any) -> dict[str, str]:
    """Return the header fields that the Lambda Web Adapter writes."""
    made: dict[str, Any] = json.loads(json.dumps(WEB_ADAPTER))
    made["x-amzn-request-context"] = request_context or made["x-amzn-request-context"]
    made["x-amzn-lambda-context"]["deadline"] = int((time.time() + seconds) * 1000)
    return {name: json.dumps(value) for name, value in made.items()}


def who(request: Request) -> Response:
    context = request.context
    known = [context.aws_request_id, context.function_name, getattr(context, "memory_limit_in_mb", None)]
    told = any(name.startswith("x-amzn-") for name in request.headers)
    remaining = invocation.remaining_ms()
    return Response.ok(
        [request.authorizer, request.source_ip, known, remaining is not None and remaining <= 9000, told]
    )


def test_the_lambda_web_adapter_tells_caller_and_time(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "shop")
    server = serve(AsgiApp(route(who)))
    got = server.ask("GET", "/", headers=web_adapter(9)).json()["data"]
    assert got == [{"roles": "ADMIN"}, "198.51.100.9", ["lambda-1", "shop", 256], True, True]
    identity = {"sourceIp": "192.0.2.1", "userAgent": "x"}
    rest = web_adapter(9, identity=identity, authorizer={"claims": {"sub": "ada"}}, requestId="r", stage="prod")
    assert server.ask("GET", "/", headers=rest).json()["data"][:2] == [{"sub": "ada"}, "192.0.2.1"]
    balancer = web_adapter(9, elb={"targetGroupArn": "arn"}) | {"X-Forwarded-For": "10.0.0.1, 192.0.2.7"}
    assert server.ask("GET", "/", headers=balancer).json()["data"][:2] == [None, "192.0.2.7"]
    nonsense = {"x-amzn-request-context": "[", "x-amzn-lambda-context": "7"}
    assert server.ask("GET", "/", headers=nonsense).json()["data"][:2] == [None, "127.0.0.1"]


@pytest.mark.parametrize("options", [{}, {"lambda_web_adapter": False}])
def test_without_the_adapter_its_fields_are_anybodys(options: Any, serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    server = serve(AsgiApp(route(who), **options))
    authorizer, address, known, limited, told = server.ask("GET", "/", headers=web_adapter(9)).json()["data"]
    assert (authorizer, address, known[0] == "lambda-1", limited, told) == (None, "127.0.0.1", False, False, False)
    assert serve(AsgiApp(app, **options)).ask("GET", "/guarded", headers=web_adapter(9)).status == 401


def test_a_coroutine_is_cancelled_before_lambda_ends_the_invocation(serve: Any) -> None:
    @route
    async def slow(request: Request) -> Response:
        await asyncio.Event().wait()
        return Response.ok()

    server = serve(AsgiApp(slow, lambda_web_adapter=True))
    assert server.ask("GET", "/", headers=web_adapter(0.4)).status == 503


def test_a_server_that_cannot_start_does_not(caplog: pytest.LogCaptureFixture) -> None:
    @asynccontextmanager
    async def broken() -> AsyncIterator[None]:
        raise OSError("no database")
        yield

    server = Server(AsgiApp(app, lifespan=broken))
    server.thread.join(PATIENCE)
    assert (server.started, server.thread.is_alive()) == (False, False)
    assert "the application can't start" in caplog.text


def test_a_server_that_cannot_stop_well_says_so(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    @asynccontextmanager
    async def broken() -> AsyncIterator[None]:
        yield
        raise OSError("no database")

    server = serve(app, lifespan=broken)
    assert server.ask("GET", "/nowhere").status == 404
    server.stop()
    assert "the application can't stop" in caplog.text


@pytest.mark.parametrize(
    ("root", "path", "reached"),
    [("/shop", "/shop/loans/a%2Fb", "/loans/a%2Fb"), ("/shop", "/loans/x", "/loans/x"), ("", "/loans/x", "/loans/x")],
)
def test_below_another_application_the_path_is_its_own_part(root: str, path: str, reached: str) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    from urllib.parse import unquote

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": root,
        "query_string": b"",
        "headers": [(b"host", b"x")],
        "client": None,
    }
    asyncio.run(AsgiApp(app)(scope, receive, send))
    assert json.loads(sent[1]["body"])["data"][2] == reached
    del scope["raw_path"]
    asyncio.run(AsgiApp(app)(scope, receive, send))
    assert sent[3]["body"] == sent[1]["body"] or "%2F" in path


def test_a_websocket_is_refused_and_other_protocols_are_an_error() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(AsgiApp(app)({"type": "websocket"}, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1000}]
    with pytest.raises(ValueError, match="carrier"):
        asyncio.run(AsgiApp(app)({"type": "carrier"}, receive, send))
    with pytest.raises(TypeError, match="AsgiApp takes a handler"):
        AsgiApp("shop.api:app")  # type: ignore[arg-type]


def test_nothing_is_sent_to_a_client_that_has_gone_before_its_body_came() -> None:
    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise AssertionError(message)

    asyncio.run(AsgiApp(app)({"type": "http", "method": "POST", "path": "/", "headers": []}, receive, send))


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("uvicorn").setLevel(logging.NOTSET)
