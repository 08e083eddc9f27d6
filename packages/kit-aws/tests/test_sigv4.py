"""The signer against botocore's, over generated requests."""

import os
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from botocore import auth as reference
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as ReferenceCredentials
from hypothesis import given, settings
from hypothesis import strategies as st
from kit_aws import Credentials, get_signed_auth
from kit_aws.sigv4 import Scope, sign, sign_policy

# integration-tests/differential_signing.py asks for thousands.
REQUESTS = int(os.environ.get("KIT_SIGNING_REQUESTS", "200"))
ACCESS_KEY, SECRET_KEY = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

segments = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
words = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789", min_size=1, max_size=8)
paths = st.lists(
    st.one_of(segments, st.sampled_from(["", ".", "..", "a b", "é", "%2F", "~", "a+b", "*", "="])), max_size=5
)
queries = st.lists(st.tuples(segments, segments), max_size=5).flatmap(lambda pairs: st.permutations(pairs + pairs[:2]))
# Printable, with runs of spaces and tabs inside and around; and some that are beyond ASCII.
values = st.one_of(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    st.lists(st.sampled_from(["a", "b,c", " ", "  ", "\t", "é", '"d  e"']), max_size=6).map("".join),
)
names = st.one_of(
    words.map("X-{}".format),
    words.map("x-amz-{}".format),
    st.sampled_from(["Content-Type", "user-agent", "Expect", "X-Amzn-Trace-Id", "Host", "Content-MD5"]),
)
headers = st.dictionaries(
    st.one_of(names, st.sampled_from(["Date", "x-amz-DATE", "x-amz-content-sha256"])), values, max_size=5
)
tokens = st.one_of(st.none(), values.filter(str.strip))
others = st.sampled_from(["execute-api", "es", "lambda"])
S3 = ["s3", "s3-outposts"]
s3s = st.sampled_from(S3)
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


def credentials_of(token: str | None) -> tuple[Credentials, ReferenceCredentials]:
    return Credentials(ACCESS_KEY, SECRET_KEY, token), ReferenceCredentials(ACCESS_KEY, SECRET_KEY, token)


urls = st.builds(url_of, st.sampled_from(["http", "https"]), hosts, paths, queries)
# botocore's signer of URLs drops all but one of repeated keys, which AWS does not.
plain_urls = st.builds(
    url_of, st.just("https"), hosts, paths, st.dictionaries(segments, segments, max_size=5).map(lambda q: [*q.items()])
)


def same_headers(
    service: str, method: str, url: str, sent: dict[str, str], body: bytes, token: str | None, unsigned: bool = False
) -> None:
    """Sign with both, at the same second, and compare every header."""
    mine, theirs = credentials_of(token)
    given = {**sent, "X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"} if unsigned else sent
    signed = get_signed_auth(service, "eu-west-1", mine).sign(method, url, given, body)
    request = AWSRequest(method, url, headers=sent, data=body)
    request.context["client_config"] = Config(s3={"payload_signing_enabled": not unsigned})
    kind = reference.S3SigV4Auth if service in S3 else reference.SigV4Auth
    with pytest.MonkeyPatch.context() as patch:
        at(patch, time_of(signed))
        kind(theirs, service, "eu-west-1").add_auth(request)
    assert {n.lower(): v for n, v in signed.items()} == {n.lower(): v for n, v in request.headers.items()}


def same_url(service: str, method: str, url: str, sent: dict[str, str], token: str | None, expires: int) -> None:
    """Sign a URL with both, at the same second, and compare them."""
    mine, theirs = credentials_of(token)
    signed = get_signed_auth(service, "eu-west-1", mine).presign(method, url, expires, sent)
    request = AWSRequest(method, url, headers=sent)
    kind = reference.S3SigV4QueryAuth if service in S3 else reference.SigV4QueryAuth
    with pytest.MonkeyPatch.context() as patch:
        moment = dict(parse_qsl(urlsplit(signed).query))["X-Amz-Date"]
        at(patch, datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC))
        kind(theirs, service, "eu-west-1", expires).add_auth(request)
    assert signed == request.url


@settings(max_examples=REQUESTS, deadline=None)
@given(others, methods, urls, headers, st.binary(max_size=20), tokens)
def test_signed_headers_are_botocores(
    service: str, method: str, url: str, sent: dict[str, str], body: bytes, token: str | None
) -> None:
    same_headers(service, method, url, sent, body, token)


@settings(max_examples=REQUESTS, deadline=None)
@given(s3s, methods, urls, headers, st.binary(max_size=20), tokens, st.booleans())
def test_signed_headers_for_s3_are_botocores(
    service: str, method: str, url: str, sent: dict[str, str], body: bytes, token: str | None, unsigned: bool
) -> None:
    same_headers(
        service, method, url, {n: v for n, v in sent.items() if n != "x-amz-content-sha256"}, body, token, unsigned
    )


@settings(max_examples=REQUESTS, deadline=None)
@given(others, methods, plain_urls, st.dictionaries(names, values, max_size=3), tokens, st.integers(1, 604800))
def test_presigned_urls_are_botocores(
    service: str, method: str, url: str, sent: dict[str, str], token: str | None, expires: int
) -> None:
    same_url(service, method, url, sent, token, expires)


@settings(max_examples=REQUESTS, deadline=None)
@given(s3s, methods, plain_urls, st.dictionaries(names, values, max_size=3), tokens, st.integers(1, 604800))
def test_presigned_urls_for_s3_are_botocores(
    service: str, method: str, url: str, sent: dict[str, str], token: str | None, expires: int
) -> None:
    same_url(service, method, url, sent, token, expires)


@settings(max_examples=REQUESTS, deadline=None)
@given(
    st.dictionaries(st.one_of(words, st.just("key")), segments, max_size=4),
    st.lists(st.one_of(st.dictionaries(words, segments, min_size=1, max_size=1), st.lists(segments, max_size=3))),
    tokens,
    st.integers(1, 604800),
    st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001
)
def test_form_policies_are_botocores(
    fields: dict[str, str], conditions: list[Any], token: str | None, expires: int, moment: datetime
) -> None:
    mine, theirs = credentials_of(token)
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    signed = sign_policy(Scope(mine, "s3", "eu-west-1", moment), fields, conditions, expires)
    request = AWSRequest("POST", "https://documents.s3.eu-west-1.amazonaws.com/")
    ends = (moment + timedelta(seconds=expires)).strftime("%Y-%m-%dT%H:%M:%SZ")
    request.context["s3-presign-post-fields"] = dict(fields)
    request.context["s3-presign-post-policy"] = {"expiration": ends, "conditions": list(conditions)}
    with pytest.MonkeyPatch.context() as patch:
        at(patch, moment)
        reference.S3SigV4PostAuth(theirs, "s3", "eu-west-1").add_auth(request)
    assert signed == request.context["s3-presign-post-fields"]


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
