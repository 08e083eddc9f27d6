"""Parameters."""

from typing import Any

import kit_aws
import pytest


def test_a_parameter_is_written_and_read(aws: Any) -> None:
    assert kit_aws.put_ssm_parameter("/loans/limit", "100") == 1
    assert kit_aws.get_ssm_parameter("/loans/limit") == "100"
    assert kit_aws.put_ssm_parameter("/loans/limit", "200") == 2
    assert kit_aws.get_ssm_parameter("/loans/limit") == "200"


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
