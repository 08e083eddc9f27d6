"""Presigned URLs, used as their bearers would."""

import base64
import json
import logging
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from subprocess import run
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import kit_aws
import pytest


@pytest.fixture
def bucket(aws: Any) -> str:
    kit_aws.clear_caches()
    aws.client("s3").create_bucket(Bucket="documents")
    return "documents"


def test_a_file_goes_up_and_down(aws: Any, bucket: str) -> None:
    key = "loans/1/pay slip (café)+.pdf"
    url = kit_aws.put_url(bucket, key)
    assert url.startswith(f"{aws.url}/documents/loans/1/pay%20slip%20%28caf%C3%A9%29%2B.pdf?")
    assert httpx.put(url, content=b"%PDF").status_code == 200
    assert httpx.get(kit_aws.get_url(bucket, key)).content == b"%PDF"
    [found] = aws.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert found["Key"] == key


def test_a_url_is_signed_with_sigv4_for_as_long_as_asked(bucket: str) -> None:
    query = parse_qs(urlsplit(kit_aws.get_url(bucket, "a", 60)).query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Expires"] == ["60"]
    assert query["X-Amz-SignedHeaders"] == ["host"]
    assert parse_qs(urlsplit(kit_aws.get_url(bucket, "a")).query)["X-Amz-Expires"] == ["300"]


def test_the_content_type_of_an_upload_can_be_prescribed(bucket: str) -> None:
    query = parse_qs(urlsplit(kit_aws.put_url(bucket, "a", content_type="application/pdf")).query)
    assert query["X-Amz-SignedHeaders"] == ["content-type;host"]
    assert "x-amz-checksum-crc32" not in {name.lower() for name in query}


def test_the_region_is_the_buckets(aws: Any) -> None:
    kit_aws.clear_caches()
    aws.client("s3").create_bucket(Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert "%2Feu-west-1%2Fs3%2F" in kit_aws.get_url("elsewhere", "a")
    assert "%2Fsa-east-1%2Fs3%2F" in kit_aws.get_url("elsewhere", "a", region="sa-east-1")


def test_where_s3_does_not_answer_the_functions_region_is_assumed(
    aws: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kit_aws.clear_caches()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with caplog.at_level(logging.WARNING, "kit.aws"):
        for _ in range(2):
            assert f"%2F{aws.region}%2Fs3%2F" in kit_aws.get_url("documents", "a")
    assert [record.name for record in caplog.records] == ["kit.aws"]


def test_an_answer_that_breaks_off_is_no_answer(
    aws: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kit_aws.clear_caches()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        with ThreadPoolExecutor(1) as pool:
            url = pool.submit(kit_aws.get_url, "documents", "a")
            connection, _ = server.accept()
            connection.recv(1)
            connection.close()
            assert f"%2F{aws.region}%2Fs3%2F" in url.result()
    assert "S3 does not say where" in caplog.text


def test_a_url_of_aws_itself_names_the_bucket_in_front(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    url = kit_aws.get_url("documents", "a b", region="eu-west-1")
    assert url.startswith("https://documents.s3.eu-west-1.amazonaws.com/a%20b?")


@pytest.mark.parametrize("seconds", [0, 604801])
def test_a_url_lasts_at_most_a_week(bucket: str, seconds: int) -> None:
    with pytest.raises(ValueError, match="604800"):
        kit_aws.get_url(bucket, "a", seconds)


def policy_of(form: kit_aws.PostForm) -> Any:
    return json.loads(base64.b64decode(form["fields"]["policy"]))


def test_a_form_uploads_a_file(aws: Any, bucket: str) -> None:
    form = kit_aws.post_form(bucket, "loans/7/slip.pdf", size=(1, 1000), content_type="application/pdf")
    assert form["url"] == f"{aws.url}/documents/"
    answer = httpx.post(form["url"], data=form["fields"], files={"file": ("any name", b"%PDF")})
    assert answer.status_code in (200, 204)
    found = aws.client("s3").get_object(Bucket=bucket, Key="loans/7/slip.pdf")
    assert (found["Body"].read(), found["ContentType"]) == (b"%PDF", "application/pdf")


def test_the_limits_of_a_form_are_in_its_policy(bucket: str) -> None:
    form = kit_aws.post_form(bucket, "a", 60, size=(10, 5_000_000), content_type="image/png")
    policy = policy_of(form)
    assert ["content-length-range", 10, 5_000_000] in policy["conditions"]
    assert {"bucket": bucket} in policy["conditions"]
    assert {"key": "a"} in policy["conditions"]
    assert {"Content-Type": "image/png"} in policy["conditions"]
    ends = datetime.strptime(policy["expiration"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(seconds=50) < ends - datetime.now(UTC) <= timedelta(seconds=60)


def test_every_field_of_a_form_is_allowed_by_its_policy(bucket: str) -> None:
    """S3 refuses a form with a field that its policy does not name."""
    form = kit_aws.post_form(bucket, "a", size=(0, 1), content_type="image/png")
    named = {name for each in policy_of(form)["conditions"] if isinstance(each, dict) for name in each}
    assert set(form["fields"]) - {"policy", "x-amz-signature"} <= named


def test_a_key_may_leave_the_files_name_open_and_a_type_its_kind(bucket: str) -> None:
    form = kit_aws.post_form(bucket, "loans/7/${filename}", size=(0, 1000), content_type="image/*")
    conditions = policy_of(form)["conditions"]
    assert ["starts-with", "$key", "loans/7/"] in conditions
    assert ["starts-with", "$Content-Type", "image/"] in conditions
    assert form["fields"]["key"] == "loans/7/${filename}"
    assert "Content-Type" not in form["fields"]


def test_a_form_is_signed_for_the_buckets_region(aws: Any) -> None:
    kit_aws.clear_caches()
    aws.client("s3").create_bucket(Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    form = kit_aws.post_form("elsewhere", "a", size=(0, 1))
    assert "/eu-west-1/s3/aws4_request" in form["fields"]["x-amz-credential"]
    assert form["fields"]["x-amz-algorithm"] == "AWS4-HMAC-SHA256"


@pytest.mark.parametrize(
    "options",
    [{"size": (-1, 5)}, {"size": (6, 5)}, {"size": (0, 6 * 1024**3)}, {"size": (0, 1), "expiration_in_seconds": 0}],
)
def test_limits_that_s3_does_not_know_are_refused(bucket: str, options: Any) -> None:
    with pytest.raises(ValueError):
        kit_aws.post_form(bucket, "a", **options)


def test_a_file_name_in_the_middle_of_a_key_is_refused(bucket: str) -> None:
    with pytest.raises(ValueError, match="only be the end"):
        kit_aws.post_form(bucket, "${filename}/a", size=(0, 1))


@pytest.mark.parametrize(
    ("bucket", "region", "environment", "start"),
    [
        ("documents", "eu-west-1", {}, "https://documents.s3.eu-west-1.amazonaws.com/a%20b?"),
        ("my.documents", "eu-west-1", {}, "https://s3.eu-west-1.amazonaws.com/my.documents/a%20b?"),
        ("documents", "cn-north-1", {}, "https://documents.s3.cn-north-1.amazonaws.com.cn/a%20b?"),
        (
            "documents",
            "us-gov-west-1",
            {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
            "https://documents.s3-fips.dualstack.us-gov-west-1.amazonaws.com/a%20b?",
        ),
    ],
)
def test_urls_lead_where_boto3s_do(
    aws: Any, monkeypatch: pytest.MonkeyPatch, bucket: str, region: str, environment: dict[str, str], start: str
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    url = kit_aws.get_url(bucket, "a b", region=region)
    assert url.startswith(start)
    style = "path" if "." in bucket else "virtual"
    client = kit_aws.client("s3", region=region, signature_version="s3v4", s3={"addressing_style": style})
    theirs = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a b"}, ExpiresIn=300)
    assert theirs.partition("?")[0] == url.partition("?")[0]


def test_urls_are_signed_as_boto3_signs_them(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    key = "loans/7/pay slip (café)+~*'!.pdf"
    parameters = {"Bucket": "documents", "Key": key, "ContentType": "application/pdf"}
    client = kit_aws.client(
        "s3", region="eu-west-1", signature_version="s3v4", request_checksum_calculation="when_required"
    )
    for _ in range(3):  # the second may change between the two
        mine = kit_aws.put_url("documents", key, 60, content_type="application/pdf", region="eu-west-1")
        theirs = client.generate_presigned_url("put_object", Params=parameters, ExpiresIn=60)
        if parse_qs(urlsplit(mine).query)["X-Amz-Date"] == parse_qs(urlsplit(theirs).query)["X-Amz-Date"]:
            break
    assert mine == theirs


@pytest.mark.parametrize("bucket", ["arn:aws:s3:eu-west-1:123456789012:accesspoint/a", "a/b", "", "evil.com#"])
def test_what_is_no_name_of_a_bucket_is_refused(aws: Any, bucket: str) -> None:
    with pytest.raises(ValueError, match="not a bucket's name"):
        kit_aws.get_url(bucket, "a", region="eu-west-1")


def test_urls_and_forms_load_no_boto3() -> None:
    code = (
        "import os, sys, kit_aws\n"
        "os.environ.update(AWS_ACCESS_KEY_ID='a', AWS_SECRET_ACCESS_KEY='b', AWS_REGION='eu-west-1')\n"
        "os.environ['AWS_ENDPOINT_URL'] = 'http://127.0.0.1:9'\n"
        "kit_aws.get_url('documents', 'a')\n"
        "kit_aws.post_form('documents', 'a', size=(0, 1))\n"
        "kit_aws.presign('GET', 'https://h/')\n"
        "assert not {'boto3', 'botocore', 'urllib3'} & set(sys.modules)\n"
    )
    assert run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("bucket", "kind"),
    [
        ("documents--euw1-az1--x-s3", "a directory bucket"),
        ("access--euw1-az1--xa-s3", "an access point of a directory bucket"),
        ("access-abc--op-s3", "an access point on Outposts"),
        ("mfzwi23gnjvgw.mrap", "a multi-region access point"),
    ],
)
def test_a_bucket_that_is_signed_in_another_way_is_refused_by_name(
    aws: Any, monkeypatch: pytest.MonkeyPatch, bucket: str, kind: str
) -> None:
    kit_aws.clear_caches()
    for endpoint in (True, False):
        if not endpoint:
            monkeypatch.delenv("AWS_ENDPOINT_URL")
        for make in (
            lambda **options: kit_aws.get_url(bucket, "a", **options),
            lambda **options: kit_aws.put_url(bucket, "a", **options),
            lambda **options: kit_aws.post_form(bucket, "a", size=(0, 1), **options),
        ):
            for options in ({}, {"region": "eu-west-1"}):
                with pytest.raises(ValueError, match=f"{bucket!r} is {kind}"):
                    make(**options)


@pytest.mark.parametrize("bucket", ["documents-x-s3", "x-s3", "access-abc123-s3alias", "documents--x-s3-old"])
def test_a_bucket_with_a_similar_name_is_taken(aws: Any, bucket: str) -> None:
    assert kit_aws.get_url(bucket, "a", region="eu-west-1")
