"""Secrets."""

from collections.abc import Iterator
from typing import Any

import kit_aws
import pytest


@pytest.fixture(autouse=True)
def fresh(aws: Any) -> Iterator[None]:
    kit_aws.clear_caches()
    yield
    kit_aws.clear_caches()


def test_a_secret_is_read_by_name_and_by_arn(aws: Any) -> None:
    arn = aws.client("secretsmanager").create_secret(Name="tokens", SecretString="text")["ARN"]
    assert kit_aws.get_secret("tokens") == kit_aws.get_secret(arn) == "text"
    assert kit_aws.get_secret_bytes("tokens") == b"text"


def test_a_secret_is_kept_until_it_is_refreshed(aws: Any) -> None:
    manager = aws.client("secretsmanager")
    manager.create_secret(Name="password", SecretString="old")
    assert kit_aws.get_secret("password") == "old"
    manager.put_secret_value(SecretId="password", SecretString="new")
    assert kit_aws.get_secret("password") == "old"
    assert kit_aws.get_secret("password", force=True) == "new"
    assert kit_aws.get_secret("password", stage="AWSPREVIOUS") == "old"


def test_a_kept_secret_outlives_aws(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.client("secretsmanager").create_secret(Name="tokens", SecretString="text")
    kit_aws.get_secret("tokens")
    aws.client("secretsmanager").delete_secret(SecretId="tokens", ForceDeleteWithoutRecovery=True)
    assert kit_aws.get_secret("tokens") == "text"


def test_other_credentials_do_not_see_what_was_kept(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.client("secretsmanager").create_secret(Name="tokens", SecretString="old")
    assert kit_aws.get_secret("tokens") == "old"
    aws.client("secretsmanager").put_secret_value(SecretId="tokens", SecretString="new")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "other")
    assert kit_aws.get_secret("tokens") == "new"


def test_a_binary_secret_is_text_where_it_can_be(aws: Any) -> None:
    aws.client("secretsmanager").create_secret(Name="text", SecretBinary="café".encode())
    aws.client("secretsmanager").create_secret(Name="key", SecretBinary=b"\xff\x00")
    assert kit_aws.get_secret("text") == "café"
    assert kit_aws.get_secret_bytes("key") == b"\xff\x00"
    with pytest.raises(kit_aws.SecretFormatError, match="get_secret_bytes"):
        kit_aws.get_secret("key")


def test_a_missing_secret_is_an_error(aws: Any) -> None:
    with pytest.raises(kit_aws.ResourceNotFoundError):
        kit_aws.get_secret("none")
