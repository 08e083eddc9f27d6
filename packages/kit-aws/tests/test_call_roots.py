"""Root certificates: a small file, and one TLS context for the process."""

import os
import sys
from pathlib import Path
from subprocess import run

import pytest
from kit_aws.calls import roots
from kit_core.certificates import tls_context


def test_amazons_roots_are_written_and_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "amazon.pem"
    done = run([sys.executable, "-m", "kit_aws", "roots", str(file)], check=True, capture_output=True, text=True)
    assert "Amazon Root CA 1" in done.stdout
    monkeypatch.setenv("KIT_AWS_CA_BUNDLE", str(file))
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    context = tls_context(roots.ca_file())
    assert len(context.get_ca_certs()) == 5
    assert tls_context(roots.ca_file()) is context


def test_the_command_without_a_file_says_how_it_is_used() -> None:
    done = run([sys.executable, "-m", "kit_aws", "roots"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "python -m kit_aws roots FILE" in done.stderr


def test_a_relative_file_is_below_the_functions_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LAMBDA_TASK_ROOT", "/var/task")
    monkeypatch.setenv("KIT_AWS_CA_BUNDLE", "amazon.pem")
    assert roots.ca_file() == "/var/task/amazon.pem"
    Path("amazon.pem").touch()
    assert roots.ca_file() == "amazon.pem"
    monkeypatch.delenv("KIT_AWS_CA_BUNDLE")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    assert roots.ca_file() is None


def test_the_file_that_botocore_takes_from_the_environment_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KIT_AWS_CA_BUNDLE", raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))  # a directory is none
    assert roots.ca_file() is None
    file = tmp_path / "company.pem"
    file.touch()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
    assert roots.ca_file() == str(file)


def test_in_the_init_phase_of_lambda_what_a_call_needs_is_loaded() -> None:
    lambda_ = {"AWS_LAMBDA_FUNCTION_NAME": "loans", "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"}
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "SECRETEXAMPLE", "AWS_REGION": "eu-west-1"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "_X_AMZN"))}
    code = "import sys; from kit_aws import get_secret; from kit_core import certificates; "
    code += "print('ssl' in sys.modules, 'kit_aws.calls.models.secretsmanager' in sys.modules, "
    code += "len(certificates._contexts), 'boto3' in sys.modules)"

    def seen(**variables: str) -> str:
        environment = {**kept, **keys, "AWS_CONFIG_FILE": os.devnull, **variables}
        return run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True).stdout

    assert seen(**lambda_).split() == ["True", "True", "1", "False"]
    assert seen().split()[1:] == ["False", "0", "False"]
