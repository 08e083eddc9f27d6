"""Presigned URLs, used as their bearers would."""

import logging
import socket
from concurrent.futures import ThreadPoolExecutor
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
