"""Sending to one connection through the management API, without a table."""

import asyncio
import json
import socket
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from kit_aws import sigv4
from kit_aws.auth import resolved
from kit_core import invocation
from kit_websocket import (
    EndpointNotSetError,
    MessageTooLargeError,
    SendError,
    Status,
    WebSocketResolver,
    WebSocketsError,
    close,
    send,
    status,
)
from kit_websocket.sending import signing


@pytest.mark.parametrize(
    ("message", "sent"),
    [
        ("text as it is", b"text as it is"),
        ("{", b"{"),
        (b"\x00\xff", b"\x00\xff"),
        (bytearray(b"ab"), b"ab"),
        ({"action": "loan", "name": "Škoda"}, '{"action":"loan","name":"Škoda"}'.encode()),
        ([Decimal("1.50")], b'["1.50"]'),
        (None, b"null"),
    ],
)
def test_text_and_bytes_are_sent_as_they_are_and_the_rest_as_json(gateway, message, sent):
    assert asyncio.run(send("a=", message)) is True
    assert gateway.received == [("a=", sent)]


def test_a_message_is_posted_signed_below_the_stage(gateway):
    asyncio.run(send("a=", "hello"))
    assert gateway.requests == ["/live/@connections"]
    assert "/us-east-1/execute-api/aws4_request" in gateway.signed[0]


def test_an_api_elsewhere_is_signed_for_in_its_own_region(gateway, monkeypatch):
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **options: resolve("127.0.0.1", *more, **options))
    url = gateway.url.replace("127.0.0.1", "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com")
    assert asyncio.run(send("a", "hello", endpoint_url=url)) is True
    assert "/eu-west-1/execute-api/aws4_request" in gateway.signed[0]


def test_a_proxy_of_the_environment_is_used(gateway, monkeypatch):
    # The fake stands in as the proxy, so that the endpoint can have the name that it has on AWS.
    for name in ("NO_PROXY", "no_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", gateway.url.removesuffix("/live"))
    url = "http://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/live"
    assert asyncio.run(send("a", "hello", endpoint_url=url)) is True
    assert "/eu-west-1/execute-api/aws4_request" in gateway.signed[0]


@pytest.mark.parametrize("names_errors", [True, False])
def test_a_gone_connection_is_false(gateway, names_errors):
    gateway.names_errors = names_errors
    gateway.answers["a"] = [410]
    assert asyncio.run(send("a", "hello")) is False


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "BadRequestException"), (403, "ForbiddenException"), (413, "PayloadTooLargeException")],
)
def test_any_other_refusal_is_an_error_that_names_the_connection(gateway, status, code):
    gateway.answers["a"] = [status]
    with pytest.raises(SendError, match=rf"could not send to 1 connection\(s\): 'a' \({code}\)") as caught:
        asyncio.run(send("a", "hello"))
    assert caught.value.failures == {"a": code}


@pytest.fixture
def waits(monkeypatch):
    """Return the attempts after which there was a wait, which takes no time."""
    waited = []
    monkeypatch.setattr("kit_core.backoff.Backoff.delay", lambda _, attempt: waited.append(attempt) or 0.0)
    return waited


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_being_throttled_and_a_failing_api_are_survived(gateway, waits, status):
    gateway.answers["a"] = [status] * 4
    assert asyncio.run(send("a", "hello")) is True
    assert gateway.received == [("a", b"hello")]
    assert waits == [1, 2, 3, 4]


def test_being_throttled_to_the_end_is_an_error(gateway, waits):
    gateway.answers["a"] = [429] * 10
    with pytest.raises(SendError, match="LimitExceededException"):
        asyncio.run(send("a", "hello"))
    assert len(gateway.requests) == 5


def test_a_first_request_without_an_answer_is_not_repeated(gateway, monkeypatch):
    gateway.speaks = lambda connection, request: False
    with invocation.enter(remaining_ms=700), pytest.raises(SendError, match="TimeoutError"):
        asyncio.run(send("a", "hello"))
    assert len(gateway.requests) == 1


def test_a_connection_that_does_not_stand_in_time_is_tried_again(gateway, waits):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        others = []
        while len(others) < 16:  # the kernel answers nobody once the queue is full
            others.append(socket.socket())
            others[-1].settimeout(0.1)
            try:
                others[-1].connect(listening.getsockname())
            except TimeoutError:
                break
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/live"
        with invocation.enter(remaining_ms=600), pytest.raises(SendError, match="ConnectTimeoutError"):
            asyncio.run(send("a", "hello", endpoint_url=url))
        for each in others:
            each.close()
    assert waits[0] == 1


def test_after_a_timeout_nothing_is_sent_again(gateway):
    gateway.speaks = lambda connection, request: request == 1
    with invocation.enter(remaining_ms=2_500):
        assert asyncio.run(send("a", "one")) is True
        with pytest.raises(SendError, match="TimeoutError"):
            asyncio.run(send("a", "two"))
    assert (gateway.connections, len(gateway.requests)) == (1, 2)
    gateway.speaks = lambda connection, request: True
    assert asyncio.run(send("a", "three")) is True
    assert gateway.connections == 2


def test_a_kept_connection_that_the_api_has_closed_costs_no_message(gateway):
    assert asyncio.run(send("a", "one")) is True
    gateway.hang_up()
    assert asyncio.run(send("a", "two")) is True
    assert gateway.received == [("a", b"one"), ("a", b"two")]


def test_connections_to_the_api_are_kept(gateway):
    for _ in range(3):
        asyncio.run(send("a", "hello"))
    assert gateway.connections == 1


@pytest.mark.parametrize("connection_id", ["a/b+c==", "@x", "é", "a b", "a%2Fb"])
def test_a_connections_id_is_encoded(gateway, connection_id):
    assert asyncio.run(send(connection_id, "hello")) is True
    assert gateway.received == [(connection_id, b"hello")]


def test_sending_needs_no_boto3(gateway):
    program = (
        "import asyncio, sys, kit_websocket; asyncio.run(kit_websocket.send('a', 'hello'));"
        "print(*{'boto3', 'botocore', 'urllib3'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
    assert gateway.received == [("a", b"hello")]


def test_a_gateway_that_is_down_is_an_error(gateway):
    gateway.stop()
    with pytest.raises(SendError, match="ConnectionRefusedError"):
        asyncio.run(send("a", "hello"))


@pytest.mark.parametrize("message", ["x" * 131_073, b"x" * 131_073, "ü" * 65_537, ["x" * 131_070]])
def test_a_message_over_the_limit_is_refused_before_it_is_sent(gateway, message):
    with pytest.raises(MessageTooLargeError) as caught:
        asyncio.run(send("a", message))
    assert caught.value.size > caught.value.limit == 131_072
    assert gateway.requests == []


def test_a_message_at_the_limit_is_sent(gateway):
    assert asyncio.run(send("a", "x" * 131_072)) is True


def test_the_endpoint_is_the_argument_before_the_environment(gateway, monkeypatch):
    monkeypatch.setenv("KIT_WEBSOCKET_ENDPOINT", "http://127.0.0.1:9/wrong")
    assert asyncio.run(send("a", "hello", endpoint_url=gateway.url)) is True


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", "AWS_ENDPOINT_URL"])
def test_the_endpoint_may_be_set_as_for_any_client_of_aws(gateway, monkeypatch, variable):
    monkeypatch.delenv("KIT_WEBSOCKET_ENDPOINT")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv(variable, gateway.url)
    assert asyncio.run(send("a", "hello")) is True


def test_without_an_endpoint_nothing_is_sent(gateway, monkeypatch):
    monkeypatch.delenv("KIT_WEBSOCKET_ENDPOINT")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with pytest.raises(WebSocketsError, match="KIT_WEBSOCKET_ENDPOINT") as caught:
        asyncio.run(send("a", "hello"))
    assert type(caught.value) is EndpointNotSetError


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        (
            "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
            "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/live",
        ),
        ("ws.example.com", "https://ws.example.com"),
        ("127.0.0.1:3001", "http://127.0.0.1:3001/live"),
    ],
)
def test_the_endpoint_is_that_of_the_event_being_handled(monkeypatch, make_event, domain, expected):
    from kit_websocket.sending.endpoint import endpoint

    monkeypatch.setenv("KIT_WEBSOCKET_ENDPOINT", "https://other.execute-api.eu-west-1.amazonaws.com/live")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    resolver = WebSocketResolver()

    @resolver.on_message("where")
    async def where():
        return await asyncio.to_thread(endpoint)

    response = resolver.resolve(make_event("where", domainName=domain, stage="live"), None)
    assert json.loads(response["body"]) == expected
    assert endpoint() == "https://other.execute-api.eu-west-1.amazonaws.com/live"


def test_a_custom_domain_that_maps_a_path_is_found_by_its_host(monkeypatch):
    from kit_websocket.sending.endpoint import endpoint

    monkeypatch.setenv("KIT_WEBSOCKET_ENDPOINT", "https://ws.example.com/chat/")
    for domain, expected in (("ws.example.com", "https://ws.example.com/chat"), ("b.test", "https://b.test")):
        event = {"requestContext": {"connectionId": "a", "domainName": domain, "stage": "live"}}
        with invocation.enter(event):
            assert endpoint() == expected


@pytest.mark.parametrize(
    "event",
    [
        {"requestContext": {"domainName": "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com", "stage": "live"}},
        {"requestContext": {"routeKey": "GET /", "domainName": "api.example.com", "http": {}}},
        {"Records": []},
        ["no mapping"],
    ],
)
def test_the_event_of_another_api_names_no_endpoint(gateway, monkeypatch, event):
    monkeypatch.delenv("KIT_WEBSOCKET_ENDPOINT")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with invocation.enter(event), pytest.raises(EndpointNotSetError):
        asyncio.run(send("a", "hello"))


def test_a_connection_can_be_closed_and_asked_for(gateway):
    assert asyncio.run(status("a")) == Status(
        datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC), "203.0.113.7", "Firefox"
    )
    assert asyncio.run(close("a")) is True
    assert gateway.closed == ["a"]
    gateway.answers["a"] = [410, 410]
    assert asyncio.run(close("a")) is False
    assert asyncio.run(status("a")) is None
    gateway.answers["a"] = [403]
    with pytest.raises(SendError, match="ForbiddenException"):
        asyncio.run(status("a"))


@pytest.mark.parametrize("connection_id", ["", "..", None, 7])
def test_a_connection_has_an_id(gateway, connection_id):
    for call in (close, status, lambda each: send(each, "hello")):
        with pytest.raises(ValueError, match="is not a connection id"):
            asyncio.run(call(connection_id))


@pytest.mark.parametrize("base", ["https://a1.execute-api.eu-west-1.amazonaws.com/live", "http://127.0.0.1:3001/a%20b"])
@pytest.mark.parametrize("connection_id", ["a/b+c==", "@x", "é", "a b", "a%2Fb", "~x"])
def test_a_signature_is_that_of_kit_aws(monkeypatch, base, connection_id):
    for name, value in {"ACCESS_KEY_ID": "AKID", "SECRET_ACCESS_KEY": "s" * 40, "SESSION_TOKEN": "t/+="}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    signer = signing.Signer(base, "eu-west-1", at=at)
    sent = signer.request("POST", connection_id, b"hi", signing.hash_of(b"hi")).decode()
    scope = sigv4.Scope(resolved(None), "execute-api", "eu-west-1", at)
    url = f"{base}/@connections/{quote(connection_id, safe='')}"
    assert f"\r\nAuthorization: {sigv4.sign(scope, 'POST', url, {}, b'hi')['Authorization']}\r\n" in sent


@pytest.fixture
def certificate(tmp_path):
    """Return the files of a certificate for localhost and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    files[0].write_bytes(made.public_bytes(pem))
    files[1].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return files


def test_tls_is_spoken_and_checked(gateway, certificate, monkeypatch):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    gateway.use_tls(context)
    url = gateway.url.replace("http://127.0.0.1", "https://localhost")
    with pytest.raises(SendError, match="SSLCertVerificationError"):
        asyncio.run(send("a", "hello", endpoint_url=url))
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate[0]))
    texts = ["hello", "x" * 131_072, "again"]
    for text in texts:
        assert asyncio.run(send("a", text, endpoint_url=url)) is True
    assert [data.decode() for _, data in gateway.received] == texts
    other = url.replace("localhost", "127.0.0.1")  # not in the certificate
    with pytest.raises(SendError, match="SSLCertVerificationError"):
        asyncio.run(send("a", "hello", endpoint_url=other))
