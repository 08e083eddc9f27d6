"""Clients: one per process and configuration."""

import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import Any

import kit_aws
import pytest
from kit_aws.boto3 import VERSION


def test_one_client_serves_the_process(aws: Any) -> None:
    assert kit_aws.client("sqs") is kit_aws.client("sqs")
    assert kit_aws.client("sqs") is not kit_aws.client("sns")
    assert kit_aws.client("sqs", read_timeout=25) is not kit_aws.client("sqs")
    assert kit_aws.client("s3", s3={"addressing_style": "path"}) is kit_aws.client(
        "s3", s3={"addressing_style": "path"}
    )


def test_threads_that_ask_at_once_get_the_same_client(aws: Any) -> None:
    kit_aws.clear_caches()
    gate = threading.Barrier(8)

    def ask() -> Any:
        gate.wait()
        return kit_aws.client("sqs")

    with ThreadPoolExecutor(8) as pool:
        found = [future.result() for future in [pool.submit(ask) for _ in range(8)]]
    assert len({id(client) for client in found}) == 1


def test_a_client_gives_up_early_and_says_who_it_is(aws: Any) -> None:
    config = kit_aws.client("sqs").meta.config
    assert (config.connect_timeout, config.read_timeout) == (1, 5)
    assert config.retries == {"mode": "standard", "total_max_attempts": 3}
    assert f"kit-aws/{VERSION}" in config.user_agent_extra


def test_options_of_botocore_are_taken(aws: Any) -> None:
    config = kit_aws.client("sqs", max_attempts=1, max_pool_connections=3, user_agent_extra="mine").meta.config
    assert config.retries["total_max_attempts"] == 1
    assert config.max_pool_connections == 3
    assert config.user_agent_extra == f"mine kit-aws/{VERSION}"


def test_an_unknown_option_is_a_type_error(aws: Any) -> None:
    with pytest.raises(TypeError, match="conect_timeout"):
        kit_aws.client("sqs", conect_timeout=1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "other"),
        ("AWS_SESSION_TOKEN", "token"),
    ],
)
def test_a_changed_environment_gives_a_new_client(
    aws: Any, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    before = kit_aws.client("sqs")
    monkeypatch.setenv(name, value)
    assert kit_aws.client("sqs") is not before


def test_the_environment_says_where_aws_is(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kit_aws.client("sqs").meta.endpoint_url == aws.url
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9")
    assert kit_aws.client("sqs").meta.endpoint_url == "http://127.0.0.1:9"
    assert kit_aws.client("sqs", endpoint_url="http://127.0.0.1:8").meta.endpoint_url == "http://127.0.0.1:8"


def test_the_region_is_the_argument_then_aws_region(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "sa-east-1")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert kit_aws.client("sqs").meta.region_name == "eu-west-1"
    assert kit_aws.client("sqs", region="eu-north-1").meta.region_name == "eu-north-1"


def test_no_region_at_all_is_an_error(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(kit_aws.RegionNotSetError):
        kit_aws.client("sqs")


def test_the_user_agent_names_this_version() -> None:
    assert version("kit-aws") == VERSION
