"""Parameters."""

from typing import Any

import kit_aws
import pytest


def test_a_parameter_is_written_and_read(aws: Any) -> None:
    assert kit_aws.put_ssm_parameter("/loans/limit", "100") == 1
    assert kit_aws.get_ssm_parameter("/loans/limit") == "100"
    assert kit_aws.put_ssm_parameter("/loans/limit", "200") == 2
    assert kit_aws.get_ssm_parameter("/loans/limit") == "200"


def test_what_was_read_by_its_arn_is_forgotten_too(aws: Any) -> None:
    kit_aws.put_ssm_parameter("/loans/cap", "100")
    arn = aws.client("ssm").get_parameter(Name="/loans/cap")["Parameter"]["ARN"]
    assert kit_aws.get_ssm_parameter(arn) == "100"
    kit_aws.put_ssm_parameter("/loans/cap", "200")
    assert kit_aws.get_ssm_parameter(arn) == "200"


def test_a_secure_string_is_decrypted_when_asked(aws: Any) -> None:
    kit_aws.put_ssm_parameter("/loans/key", "s3cret", "SecureString")
    assert kit_aws.get_ssm_parameter("/loans/key", encrypted=True) == "s3cret"
    assert kit_aws.get_ssm_parameter("/loans/key") != "s3cret"


def test_a_value_is_kept_until_it_is_too_old_or_refreshed(aws: Any) -> None:
    kit_aws.put_ssm_parameter("/loans/rate", "1")
    assert kit_aws.get_ssm_parameter("/loans/rate") == "1"
    aws.client("ssm").put_parameter(Name="/loans/rate", Value="2", Type="String", Overwrite=True)
    assert kit_aws.get_ssm_parameter("/loans/rate") == "1"
    assert kit_aws.get_ssm_parameter("/loans/rate", max_age=0) == "2"
    aws.client("ssm").put_parameter(Name="/loans/rate", Value="3", Type="String", Overwrite=True)
    assert kit_aws.get_ssm_parameter("/loans/rate", force=True) == "3"
    assert kit_aws.get_ssm_parameter("/loans/rate") == "3"


def test_an_existing_parameter_can_be_protected(aws: Any) -> None:
    kit_aws.put_ssm_parameter("/loans/once", "1", overwrite=False)
    with pytest.raises(kit_aws.AwsError) as caught:
        kit_aws.put_ssm_parameter("/loans/once", "2", overwrite=False)
    assert caught.value.code == "ParameterAlreadyExists"
    assert kit_aws.get_ssm_parameter("/loans/once") == "1"


def test_a_missing_parameter_is_an_error(aws: Any) -> None:
    with pytest.raises(kit_aws.ResourceNotFoundError) as caught:
        kit_aws.get_ssm_parameter("/loans/none")
    assert caught.value.code == "ParameterNotFound"


def test_everything_below_a_path_is_read_page_by_page(aws: Any) -> None:
    expected = {f"/app/live/key-{number:02}": str(number) for number in range(23)}
    for name, value in expected.items():
        kit_aws.put_ssm_parameter(name, value)
    kit_aws.put_ssm_parameter("/app/region", "here")
    kit_aws.put_ssm_parameter("/other", "not this")
    assert kit_aws.get_ssm_parameters("/app") == {**expected, "/app/region": "here"}
    assert kit_aws.get_ssm_parameters("/app", recursive=False) == {"/app/region": "here"}
    assert kit_aws.get_ssm_parameters("/nothing") == {}


def test_what_is_below_a_path_is_kept_until_something_is_put_there(aws: Any) -> None:
    kit_aws.put_ssm_parameter("/kept/a", "1")
    kit_aws.get_ssm_parameters("/kept")["/kept/a"] = "the caller's own"
    aws.client("ssm").put_parameter(Name="/kept/a", Value="2", Type="String", Overwrite=True)
    assert kit_aws.get_ssm_parameters("/kept") == {"/kept/a": "1"}
    assert kit_aws.get_ssm_parameters("/kept", force=True) == {"/kept/a": "2"}
    kit_aws.put_ssm_parameter("/kept/b", "3")
    assert kit_aws.get_ssm_parameters("/kept") == {"/kept/a": "2", "/kept/b": "3"}


def test_secure_strings_below_a_path_are_decrypted_when_asked(aws: Any) -> None:
    kit_aws.put_ssm_parameter("/safe/key", "s3cret", "SecureString")
    assert kit_aws.get_ssm_parameters("/safe", encrypted=True) == {"/safe/key": "s3cret"}
    assert kit_aws.get_ssm_parameters("/safe")["/safe/key"] != "s3cret"


def test_names_are_read_in_tens_and_kept_one_by_one(aws: Any) -> None:
    expected = {f"/list/key-{number}": str(number) for number in range(23)}
    for name, value in expected.items():
        kit_aws.put_ssm_parameter(name, value)
    assert kit_aws.get_ssm_parameters(expected) == expected
    aws.client("ssm").delete_parameter(Name="/list/key-7")
    assert kit_aws.get_ssm_parameter("/list/key-7") == "7"
    assert kit_aws.get_ssm_parameters(["/list/key-8", "/list/key-7"]) == {"/list/key-8": "8", "/list/key-7": "7"}


def test_a_version_is_asked_for_in_the_name(aws: Any) -> None:
    for value in ("one", "two"):
        kit_aws.put_ssm_parameter("/list/version", value)
    assert kit_aws.get_ssm_parameters(["/list/version:1"]) == {"/list/version:1": "one"}
    assert kit_aws.get_ssm_parameters(["/list/version"]) == {"/list/version": "two"}


def test_every_name_that_is_missing_is_told(aws: Any) -> None:
    kit_aws.put_ssm_parameter("/list/there", "1")
    with pytest.raises(kit_aws.ResourceNotFoundError, match="'/list/no', '/list/nor'") as caught:
        kit_aws.get_ssm_parameters(["/list/no", "/list/there", "/list/nor"])
    assert caught.value.code == "ParameterNotFound"


def test_a_name_in_the_place_of_a_path_is_refused(aws: Any) -> None:
    with pytest.raises(ValueError, match="begins with '/'"):
        kit_aws.get_ssm_parameters("limit")
