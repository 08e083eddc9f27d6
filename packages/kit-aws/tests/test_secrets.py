"""Secrets."""

import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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


def test_json_is_parsed_anew_for_every_caller(aws: Any) -> None:
    aws.client("secretsmanager").create_secret(Name="database", SecretString='{"username": "loans"}')
    kit_aws.get_secret_json("database")["username"] = "changed"
    assert kit_aws.get_secret_json("database") == {"username": "loans"}


def test_what_is_no_json_is_not_shown(aws: Any) -> None:
    aws.client("secretsmanager").create_secret(Name="tokens", SecretString="hunter2")
    with pytest.raises(kit_aws.SecretFormatError, match="'tokens' is not JSON") as caught:
        kit_aws.get_secret_json("tokens")
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_a_version_that_is_pending_is_read_by_its_stage(aws: Any) -> None:
    manager = aws.client("secretsmanager")
    manager.create_secret(Name="password", SecretString="current")
    manager.put_secret_value(SecretId="password", SecretString="pending", VersionStages=["AWSPENDING"])
    assert kit_aws.get_secret("password", stage="AWSPENDING") == "pending"
    assert kit_aws.get_secret("password") == "current"


def test_many_secrets_are_read_twenty_to_a_call_and_kept(aws: Any, operations: list[str]) -> None:
    names = [f"secret-{number}" for number in range(25)]
    arns = [aws.client("secretsmanager").create_secret(Name=name, SecretString=name)["ARN"] for name in names]
    operations.clear()
    assert kit_aws.get_secrets(names) == dict(zip(names, names, strict=True))
    assert kit_aws.get_secrets(names[3:5]) == {"secret-3": "secret-3", "secret-4": "secret-4"}
    assert kit_aws.get_secret("secret-24") == "secret-24"
    assert operations == ["BatchGetSecretValue"] * 2
    assert kit_aws.get_secrets([arns[0]]) == {arns[0]: "secret-0"}
    assert kit_aws.get_secrets(["secret-0"], force=True) == {"secret-0": "secret-0"}


def test_each_secret_of_many_that_cannot_be_read_is_named(aws: Any) -> None:
    aws.client("secretsmanager").create_secret(Name="a", SecretString="text")
    with pytest.raises(kit_aws.BatchError) as caught:
        kit_aws.get_secrets(["none", "a", "nothing"])
    assert [(each.index, each.name, each.code) for each in caught.value.failures] == [
        (0, "none", "ResourceNotFoundException"),
        (2, "nothing", "ResourceNotFoundException"),
    ]
    assert caught.value.code == "ResourceNotFoundException"
    assert "'none': ResourceNotFoundException" in str(caught.value)


def test_a_secret_that_cannot_be_read_is_counted_among_all_that_were_asked_for(aws: Any) -> None:
    aws.client("secretsmanager").create_secret(Name="a", SecretString="text")
    kit_aws.get_secret("a")
    with pytest.raises(kit_aws.BatchError) as caught:
        kit_aws.get_secrets(["a", "a", "none"])
    assert [(each.index, each.name) for each in caught.value.failures] == [(2, "none")]
    assert str(caught.value).startswith("BatchGetSecretValue failed for 1: 'none': ResourceNotFoundException")


def test_one_name_in_the_place_of_many_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="get_secret reads a single one"):
        kit_aws.get_secrets("tokens")


def test_threads_on_an_expired_secret_make_one_call(aws: Any, operations: list[str]) -> None:
    aws.client("secretsmanager").create_secret(Name="tokens", SecretString="text")
    kit_aws.get_account_id()  # the session is there
    operations.clear()
    gate = threading.Barrier(8)

    def ask() -> str:
        gate.wait()
        return kit_aws.get_secret("tokens")

    with ThreadPoolExecutor(8) as pool:
        assert {each.result() for each in [pool.submit(ask) for _ in range(8)]} == {"text"}
    assert operations == ["GetSecretValue"]


def test_a_refresh_that_fails_is_an_error_not_the_old_value(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.client("secretsmanager").create_secret(Name="tokens", SecretString="text")
    assert kit_aws.get_secret("tokens") == "text"
    aws.client("secretsmanager").delete_secret(SecretId="tokens", ForceDeleteWithoutRecovery=True)
    with pytest.raises(kit_aws.ResourceNotFoundError):
        kit_aws.get_secret("tokens", max_age=0)
