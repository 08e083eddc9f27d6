"""The signer against botocore's, over generated requests."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from botocore import auth as reference
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as ReferenceCredentials
from hypothesis import given, settings
from hypothesis import strategies as st
from kit_aws import Credentials, get_signed_auth
from kit_aws.sigv4 import Scope, sign

ACCESS_KEY, SECRET_KEY = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

segments = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
words = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789", min_size=1, max_size=8)
paths = st.lists(
    st.one_of(segments, st.sampled_from(["", ".", "..", "a b", "é", "%2F", "~", "a+b", "*", "="])), max_size=5
)
queries = st.lists(st.tuples(segments, segments), max_size=5).flatmap(lambda pairs: st.permutations(pairs + pairs[:2]))
values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
headers = st.dictionaries(
    st.one_of(
        words.map("X-{}".format),
        st.sampled_from(["Content-Type", "user-agent", "Expect", "X-Amzn-Trace-Id", "Host", "Date", "x-amz-DATE"]),
    ),
    values.filter(str.strip),
    max_size=5,
)
tokens = st.one_of(st.none(), values.filter(str.strip))
services = st.sampled_from(["execute-api", "es", "s3", "lambda", "s3-outposts"])
hosts = st.sampled_from(["abc.execute-api.eu-west-1.amazonaws.com", "LOCALHOST:4566", "h:443", "h:80", "[::1]:8080"])
methods = st.sampled_from(["GET", "post", "PUT", "DELETE", "PATCH", "HEAD"])


def url_of(scheme: str, host: str, path: list[str], query: list[tuple[str, str]]) -> str:
    tail = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)
    return f"{scheme}://{host}/" + "/".join(quote(part, safe="") for part in path) + (f"?{tail}" if tail else "")


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(reference, "get_current_datetime", lambda: moment.replace(tzinfo=None))


def time_of(signed: dict[str, str]) -> datetime:
    if "Date" in signed:
        return datetime.strptime(signed["Date"], "%a, %d %b %Y %H:%M:%S -0000").replace(tzinfo=UTC)
    return datetime.strptime(signed["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


@settings(max_examples=500, deadline=None)
@given(
    methods,
    st.sampled_from(["http", "https"]),
    hosts,
    paths,
    queries,
    headers,
    st.binary(max_size=20),
    tokens,
    services,
)
def test_signature_is_botocores(
    method: str,
    scheme: str,
    host: str,
    path: list[str],
    query: Any,
    given_headers: Any,
    body: bytes,
    token: Any,
    service: str,
) -> None:
    url = url_of(scheme, host, path, query)
    signed = get_signed_auth(service, "eu-west-1", Credentials(ACCESS_KEY, SECRET_KEY, token)).sign(
        method, url, given_headers, body
    )
    request = AWSRequest(method, url, headers=given_headers, data=body)
    kind = reference.S3SigV4Auth if service.startswith("s3") else reference.SigV4Auth
    with pytest.MonkeyPatch.context() as patch:
        at(patch, time_of(signed))
        kind(ReferenceCredentials(ACCESS_KEY, SECRET_KEY, token), service, "eu-west-1").add_auth(request)
    assert {name.lower(): value for name, value in signed.items()} == {
        name.lower(): value for name, value in request.headers.items()
    }


@settings(max_examples=300, deadline=None)
@given(methods, hosts, paths, st.dictionaries(segments, segments, max_size=5), tokens, services, st.integers(1, 604800))
def test_presigned_url_is_botocores(
    method: str, host: str, path: list[str], query: dict[str, str], token: Any, service: str, expires: int
) -> None:
    url = url_of("https", host, path, list(query.items()))
    credentials = Credentials(ACCESS_KEY, SECRET_KEY, token)
    signed = get_signed_auth(service, "eu-west-1", credentials).presign(method, url, expires)
    moment = dict(parse_qsl(urlsplit(signed).query))["X-Amz-Date"]
    request = AWSRequest(method, url)
    kind = reference.S3SigV4QueryAuth if service.startswith("s3") else reference.SigV4QueryAuth
    with pytest.MonkeyPatch.context() as patch:
        at(patch, datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC))
        kind(ReferenceCredentials(ACCESS_KEY, SECRET_KEY, token), service, "eu-west-1", expires).add_auth(request)
    assert signed == request.url


@pytest.mark.parametrize("service", ["execute-api", "s3"])
def test_characters_that_a_url_cannot_hold_are_signed_as_they_are_sent(service: str) -> None:
    scope = Scope(Credentials(ACCESS_KEY, SECRET_KEY), service, "eu-west-1", datetime(2030, 1, 2, tzinfo=UTC))
    raw = sign(scope, "GET", "https://h/é b?q=ü", {}, b"")
    assert raw == sign(scope, "GET", "https://h/%C3%A9%20b?q=%C3%BC", {}, b"")


def test_presigning_keeps_repeated_keys() -> None:
    url = get_signed_auth("execute-api", "eu-west-1", Credentials(ACCESS_KEY, SECRET_KEY)).presign(
        "GET", "https://h/p?a=2&a=1&b=x+y#part"
    )
    assert url.startswith("https://h/p?a=2&a=1&b=x%20y&X-Amz-Algorithm=AWS4-HMAC-SHA256&")
    assert "#" not in url


@pytest.mark.parametrize("expires", [0, 604801])
def test_a_presigned_url_lasts_at_most_a_week(expires: int) -> None:
    with pytest.raises(ValueError, match="604800"):
        get_signed_auth(region="eu-west-1", credentials=Credentials("a", "b")).presign("GET", "https://h/", expires)
