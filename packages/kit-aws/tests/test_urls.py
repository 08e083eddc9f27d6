"""URLs as people write them, and presigned URLs with a body, at a server that checks them as AWS does."""

from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote, unquote_plus

import httpx
import kit_aws
import pytest
import requests
from botocore import auth as reference
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as ReferenceCredentials
from kit_aws import Credentials, SignedSession, get_signed_auth

KEY = Credentials("AKIDEXAMPLE", "secret", "token")
JSON = {"Content-Type": "application/json"}


def check(call: Any, service: str = "execute-api") -> tuple[int, dict[str, str], bytes]:
    """Answer 200 if botocore signs what arrived in the same way; the query is decoded first, as AWS does."""
    path, _, query = call.path.partition("?")
    pairs = [tuple(map(unquote_plus, pair.partition("=")[::2])) for pair in query.split("&")] if query else []
    given = dict(pairs)
    header = call.headers.get("Authorization", "")
    names = given.get("X-Amz-SignedHeaders") or header.partition("SignedHeaders=")[2].partition(",")[0]
    signature = given.get("X-Amz-Signature") or header.rpartition("Signature=")[2]
    request = AWSRequest(
        call.method,
        f"http://{call.headers['Host']}{path}",
        params=[pair for pair in pairs if pair[0] != "X-Amz-Signature"],
        data=call.body,
    )
    for name in names.split(";"):
        if call.headers[name] is None:
            return 403, {}, b"a signed header is missing"
        request.headers[name] = call.headers[name]
    presigned = "X-Amz-Date" in given
    kind = reference.SigV4Auth
    if service == "s3":
        kind = reference.S3SigV4QueryAuth if presigned else reference.S3SigV4Auth
        request.context["client_config"] = Config(s3={"payload_signing_enabled": True})
        if presigned and "x-amz-content-sha256" in names:
            kind = reference.SigV4Auth
            if call.headers["X-Amz-Content-SHA256"] != sha256(call.body).hexdigest():
                return 400, {}, b"another body"
    signer = kind(ReferenceCredentials(*KEY), service, "eu-west-1")
    request.context["timestamp"] = given.get("X-Amz-Date") or call.headers["X-Amz-Date"]
    if service == "s3":
        signer._normalize_url_path = lambda path: quote(path, safe="/%~")  # "URI-encode every byte" but these
    expected = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    return (200 if signature == expected else 403), {}, b""


@pytest.fixture
def url(serve: Any) -> str:
    return str(serve(check).url)


@pytest.fixture
def auth() -> Any:
    return get_signed_auth(region="eu-west-1", credentials=KEY)


@pytest.mark.parametrize("body", [b'{"id": 7}', '{"name": "Zoë"}', b"", None])
def test_a_presigned_url_with_a_body_takes_this_body_alone(url: str, auth: Any, body: Any) -> None:
    link = auth.presign("POST", f"{url}/loans", 60, JSON, body)
    assert httpx.post(link, content=body, headers=JSON).status_code == 200
    assert requests.post(link, data=body.encode() if isinstance(body, str) else body, headers=JSON, timeout=5).ok
    assert httpx.post(link, content=b"another", headers=JSON).status_code == 403
    assert httpx.post(link, content=body).status_code == 403  # the header is signed, too


def test_presign_of_the_package_takes_a_body(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in zip(("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"), KEY, strict=True):
        monkeypatch.setenv(f"AWS_{name}", str(value))
    link = kit_aws.presign("PUT", f"{url}/loans/7", body="é", region="eu-west-1")
    assert httpx.put(link, content="é").status_code == 200
    assert httpx.put(link).status_code == 403


def test_a_body_that_is_not_known_yet_is_left_unsigned_by_a_header(url: str, auth: Any) -> None:
    unsigned = {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}
    link = auth.presign("POST", f"{url}/loans", headers=unsigned)
    assert httpx.post(link, content=b"any", headers=unsigned).status_code == 200
    assert httpx.post(link, content=b"any").status_code == 403


def test_s3_takes_any_body_or_the_one_whose_hash_is_a_header(serve: Any) -> None:
    url = serve(lambda call: check(call, "s3")).url
    auth = get_signed_auth("s3", "eu-west-1", KEY)
    assert httpx.put(auth.presign("PUT", f"{url}/documents/a"), content=b"any").status_code == 200
    hashed = {"X-Amz-Content-SHA256": sha256(b"one").hexdigest()}
    link = auth.presign("PUT", f"{url}/documents/a", headers=hashed)
    assert httpx.put(link, content=b"one", headers=hashed).status_code == 200
    assert httpx.put(link, content=b"two", headers=hashed).status_code == 400
    with pytest.raises(ValueError, match="X-Amz-Content-SHA256"):
        auth.presign("PUT", f"{url}/documents/a", body=b"one")


# Raw, and as the clients send them.
TAILS = [
    "/a b/é",
    "/a%20b/%C3%A9",
    "/100%25 sure",
    "/x%2Fy",
    "/(a)+b,c;d=e@f!g$h&i'j*k:l",
    "/p?q=a b&r=é",
    "/p?q=a+b&at=12:00&path=a/b&star=*&flag",
    "/p?q=a%20b&q=%C3%A9&empty=",
    "/p?name=Zoë Müller&b=2&a=1",
    '/p?quote="x"&angle=<y>&pipe=a|b',
    "/失敗?失=敗",
]


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("service", ["execute-api", "s3"])
def test_one_rule_holds_for_the_urls_of_every_door(serve: Any, service: str, tail: str) -> None:
    url = serve(lambda call: check(call, service)).url
    auth = get_signed_auth(service, "eu-west-1", KEY)
    written = url + tail
    with SignedSession(service, "eu-west-1", KEY) as session:
        assert session.request("GET", written).status == 200
    assert httpx.get(auth.presign("GET", written)).status_code == 200
    assert httpx.get(written, headers=auth.sign("GET", written)).status_code == 200
    assert httpx.get(written, auth=auth).status_code == 200
    assert requests.get(auth.presign("GET", written), timeout=5).status_code == 200
    assert requests.get(written, headers=auth.sign("GET", written), timeout=5).status_code == 200
    assert requests.get(written, auth=auth, timeout=5).status_code == 200


@pytest.mark.parametrize("raw", ["https://h/a b?q=ü x", "https://h/a%20b?q=%C3%BC%20x", "https://h/a b?q=ü+x"])
def test_every_spelling_of_a_url_has_one_signature(auth: Any, raw: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = "https://h/a%20b?q=%C3%BC%20x"

    class Now(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Now":
            return cls(2030, 1, 2, tzinfo=tz)

    monkeypatch.setattr("kit_aws.auth.datetime", Now)
    assert auth.sign("GET", raw) == auth.sign("GET", expected)
    assert auth.presign("GET", raw) == auth.presign("GET", expected)


@pytest.mark.parametrize("call", ["sign", "presign"])
def test_a_host_beyond_ascii_is_refused(auth: Any, call: str) -> None:
    with pytest.raises(ValueError, match="Punycode"):
        getattr(auth, call)("GET", "https://user@bücher.example/a")
