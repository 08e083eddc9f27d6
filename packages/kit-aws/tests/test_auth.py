"""Signed requests, over real HTTP to a server that checks them with botocore."""

import asyncio
import io
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from subprocess import run
from typing import Any
from urllib.parse import unquote_plus

import httpx
import pytest
import requests
from botocore import auth as reference
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as ReferenceCredentials
from kit_aws import Credentials, CredentialsError, RegionNotSetError, SignedAuth, SigningError, get_signed_auth

KEY = Credentials("AKIDEXAMPLE", "secret", "token")


class Checker(BaseHTTPRequestHandler):
    """Answers 200 if botocore signs the request that arrived in the same way, 403 if not."""

    def do_GET(self) -> None:
        body = self._body()
        header = self.headers.get("Authorization", "")
        names = header.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        # AWS decodes the query and encodes it anew in its own way before it compares.
        path, _, query = self.path.partition("?")
        pairs = [pair.partition("=")[::2] for pair in query.split("&")] if query else []
        params = [(unquote_plus(name), unquote_plus(value)) for name, value in pairs]
        request = AWSRequest("GET", f"http://{self.headers['Host']}{path}", params=params, data=body)
        request.method = self.command
        for name in names:
            request.headers[name] = self.headers[name]
        moment = datetime.strptime(self.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        signer = reference.SigV4Auth(ReferenceCredentials(*KEY), "execute-api", "eu-west-1")
        request.context["timestamp"] = moment.strftime("%Y%m%dT%H%M%SZ")
        canonical = signer.canonical_request(request)
        expected = signer.signature(signer.string_to_sign(request, canonical), request)
        self.send_response(200 if header.endswith(f"Signature={expected}") else 403)
        answer = ";".join(names).encode()
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_PUT = do_GET  # noqa: N815

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Checker)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def auth() -> Any:
    return get_signed_auth(region="eu-west-1", credentials=KEY)


def test_its_repr_shows_no_key() -> None:
    auth = SignedAuth("s3", region="eu-west-1", credentials=KEY)
    assert repr(auth) == "SignedAuth('s3', region='eu-west-1')"


PATHS = ["/", "/a/b", "/a b/é", "/a%20b/%C3%A9", "/~tilde/*/(x)"]
QUERIES: list[Any] = [
    None,
    {"q": "a b"},
    {"at": "2026-03-01T12:00:00+00:00"},
    [("a", "2"), ("a", "1")],
    {"é": "ü&="},
    {"e": ""},
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("query", QUERIES)
def test_requests_and_httpx_send_what_was_signed(url: str, auth: Any, path: str, query: Any) -> None:
    assert requests.get(url + path, params=query, auth=auth, timeout=5).status_code == 200
    assert httpx.get(url + path, params=query, auth=auth).status_code == 200


def test_a_query_written_by_hand_is_signed_as_aws_reads_it(url: str, auth: Any) -> None:
    tail = "/p?at=12:00&path=a/b&star=*&plus=a+b&flag"
    assert requests.get(url + tail, auth=auth, timeout=5).status_code == 200
    assert httpx.get(url + tail, auth=auth).status_code == 200


def test_only_headers_that_arrive_unchanged_are_signed(url: str, auth: Any) -> None:
    headers = {"X-Amz-Meta": "a  b", "X-Mine": "1", "Content-Type": "text/plain"}
    answer = requests.post(url, data="x", headers=headers, auth=auth, timeout=5)
    assert answer.text == "content-type;host;x-amz-date;x-amz-meta;x-amz-security-token"
    answer = httpx.post(url, content="x", headers=headers, auth=auth)
    assert (answer.status_code, answer.text) == (200, "content-type;host;x-amz-date;x-amz-meta;x-amz-security-token")


@pytest.mark.parametrize("body", [b"bytes", "text é", {"form": "a b"}, io.BytesIO(b"file")])
def test_bodies_of_requests_are_signed(url: str, auth: Any, body: Any) -> None:
    assert requests.post(url, data=body, auth=auth, timeout=5).status_code == 200


def test_a_file_is_sent_from_where_it_stood(url: str, auth: Any) -> None:
    file = io.BytesIO(b"0123456789")
    file.seek(3)
    request = requests.Request("POST", url, data=file, auth=auth).prepare()
    assert file.tell() == 3
    with requests.Session() as session:
        assert session.send(request, timeout=5).status_code == 200


def test_bodies_of_httpx_are_signed(url: str, auth: Any) -> None:
    for body in (
        {"json": {"a": 1}},
        {"data": {"form": "a b"}},
        {"files": {"f": b"x"}},
        {"content": iter([b"a", b"b"])},
    ):
        assert httpx.post(url, auth=auth, **body).status_code == 200


def test_an_async_client_signs_as_well(url: str, auth: Any) -> None:
    async def post() -> list[int]:
        async with httpx.AsyncClient(auth=auth) as http:
            bodies: list[Any] = [{"json": {"a": 1}}, {"files": {"f": b"x"}}, {"content": b"raw"}, {}]
            return [(await http.post(url, params={"q": "a b"}, **body)).status_code for body in bodies]

    assert asyncio.run(post()) == [200] * 4


async def _once() -> Any:
    yield b"once"


def test_a_stream_that_can_be_read_only_once_is_refused(url: str, auth: Any) -> None:
    with pytest.raises(SigningError, match="only once"):
        requests.post(url, data=iter([b"a"]), auth=auth, timeout=5)
    with pytest.raises(SigningError, match="only once"):
        auth(httpx.Request("POST", url, content=_once()))


def test_the_signed_headers_work_with_any_client(url: str, auth: Any) -> None:
    headers = auth.sign("PUT", f"{url}/p?a=1", {"Content-Type": "text/plain"}, "é")
    assert set(headers) == {"Content-Type", "X-Amz-Date", "X-Amz-Security-Token", "Authorization"}
    assert httpx.put(f"{url}/p?a=1", headers=headers, content="é").status_code == 200


def test_a_wrong_body_is_noticed(url: str, auth: Any) -> None:
    headers = auth.sign("PUT", url, body=b"one")
    assert httpx.put(url, headers=headers, content=b"two").status_code == 403


def test_the_environment_is_looked_at_for_every_request(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = get_signed_auth()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "FIRST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    assert "Credential=FIRST/" in signer.sign("GET", "https://h/")["Authorization"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "SECOND")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    signed = signer.sign("GET", "https://h/")
    assert "Credential=SECOND/" in signed["Authorization"]
    assert signed["X-Amz-Security-Token"] == "token"


def test_credentials_that_refresh_themselves_are_frozen_for_each_request() -> None:
    class Refreshing:
        count = 0

        def get_frozen_credentials(self) -> Credentials:
            self.count += 1
            return Credentials(f"KEY{self.count}", "secret")

    signer = get_signed_auth(region="eu-west-1", credentials=Refreshing())
    assert "Credential=KEY1/" in signer.sign("GET", "https://h/")["Authorization"]
    assert "Credential=KEY2/" in signer.sign("GET", "https://h/")["Authorization"]


def test_without_the_environment_boto3_finds_the_credentials(
    aws: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    profile = tmp_path / "credentials"
    profile.write_text("[default]\naws_access_key_id = FROMFILE\naws_secret_access_key = secret\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(profile))
    assert "Credential=FROMFILE/" in get_signed_auth().sign("GET", "https://h/")["Authorization"]


def test_no_credentials_and_no_region_are_errors(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(CredentialsError):
        get_signed_auth().sign("GET", "https://h/")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    with pytest.raises(RegionNotSetError):
        get_signed_auth(credentials=KEY).sign("GET", "https://h/")


def test_secrets_are_not_shown() -> None:
    shown = repr(KEY) + str(KEY) + f"{KEY}" + repr(get_signed_auth(credentials=KEY))
    assert "secret" not in shown
    assert "token" not in shown


def test_signing_with_credentials_of_the_environment_loads_no_boto3() -> None:
    code = (
        "import os, sys, kit_aws\n"
        "os.environ.update(AWS_ACCESS_KEY_ID='a', AWS_SECRET_ACCESS_KEY='b', AWS_REGION='eu-west-1')\n"
        "kit_aws.get_signed_auth().sign('GET', 'https://h/')\n"
        "kit_aws.get_signed_auth().presign('GET', 'https://h/')\n"
        "assert not {'boto3', 'botocore', 'requests', 'httpx'} & set(sys.modules)\n"
    )
    assert run([sys.executable, "-c", code], check=False).returncode == 0
