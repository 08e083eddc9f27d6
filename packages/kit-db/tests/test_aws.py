import json
import sys

import pytest
from kit_db import DatabaseCredentialError
from kit_db.aws import read_secret


def test_a_secret_is_read_from_aws(aws):
    aws.client("secretsmanager").create_secret(Name="db", SecretString=json.dumps({"username": "ann"}))
    assert read_secret("db") == {"username": "ann"}


def test_a_secret_that_is_not_there_is_a_credential_error(aws):
    with pytest.raises(DatabaseCredentialError, match="nothing-here") as caught:
        read_secret("nothing-here")
    assert caught.value.names == ("secret_arn",)


@pytest.mark.parametrize("text", ["hunter2", '["hunter2"]', '{"password": "hunter2'])
def test_a_secret_of_another_form_is_not_repeated(aws, text):
    aws.client("secretsmanager").create_secret(Name="odd-form", SecretString=text)
    with pytest.raises(DatabaseCredentialError, match="no JSON object") as caught:
        read_secret("odd-form", force=True)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_without_kit_aws_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "kit_aws", None)
    with pytest.raises(DatabaseCredentialError, match=r"kit-db\[aws\]"):
        read_secret("db")
