"""What the package shows, what its import costs, and that every name and error is met by a test."""

import pickle
import re
import sys
from pathlib import Path
from subprocess import run
from types import ModuleType
from typing import Any

import kit_aws
import pytest
from kit_aws import errors

TESTS = "\n".join(
    path.read_text() for path in Path(__file__).parent.glob("test_*.py") if path.name != Path(__file__).name
)
ERRORS = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, BaseException)]


def test_all_is_what_is_there() -> None:
    loaded = [getattr(kit_aws, name) for name in kit_aws.__all__]
    public = {name for name, value in vars(kit_aws).items() if name[0] != "_" and not isinstance(value, ModuleType)}
    assert len(loaded) == len(kit_aws.__all__)
    assert set(kit_aws.__all__) == public - {"TYPE_CHECKING"} == set(dir(kit_aws)) & set(kit_aws.__all__)
    assert list(kit_aws.__all__) == sorted(kit_aws.__all__)


def test_everything_public_is_described() -> None:
    assert [name for name in kit_aws.__all__ if not getattr(kit_aws, name).__doc__] == []


@pytest.mark.parametrize("name", kit_aws.__all__)
def test_every_name_is_met_by_a_test(name: str) -> None:
    assert re.search(rf"\b{name}\b", TESTS)


def made(kind: Any) -> Any:
    if kind is kit_aws.BatchError:
        return kind("SendMessageBatch", [kit_aws.Failure(3, "InternalError", "later")], resource="loans")
    if kind is kit_aws.FunctionError:
        return kind("score", "ValueError", "no", ["line"], request_id="request-1")
    if kind is kit_aws.PayloadTooLargeError:
        return kind("The message", 2, 1, resource="loans")
    if kind in (kit_aws.PayloadTypeError, kit_aws.PayloadValueError):
        return kind("$.a", "no form")
    if kind is kit_aws.ParameterError:
        return kind("it is wrong", "Entries[0].Id", operation="Call", resource="loans")
    return kind("it failed", code="Code", operation="Call", resource="loans", request_id="request-1")


@pytest.mark.parametrize("kind", [each for each in ERRORS if each.__module__ == errors.__name__])
def test_every_error_is_the_packages_and_pickles(kind: type[Exception]) -> None:
    assert kind.__name__ in kit_aws.__all__
    error = made(kind)
    assert isinstance(error, kit_aws.AwsError)
    error.add_note("seen")
    copied = pickle.loads(pickle.dumps(error))
    assert type(copied) is kind
    assert str(copied) == str(error)
    assert vars(copied) == vars(error)


def test_a_misspelt_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="get_secrte"):
        kit_aws.get_secrte  # type: ignore[attr-defined]  # noqa: B018


def test_to_read_a_secret_loads_little() -> None:
    code = "import logging, json, sys; before = set(sys.modules); from kit_aws import get_secret; "
    code += (
        "print(*(name for name in set(sys.modules) - before if name.startswith(('kit_aws', 're', 'urllib', 'base64'))))"
    )
    loaded = set(run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split())
    assert not loaded & {"re", "base64", "urllib.request"}
    assert len({name for name in loaded if name.startswith("kit_aws")}) <= 12, loaded


def test_the_import_is_light() -> None:
    heavy = ["boto3", "botocore", "urllib3", "requests", "httpx", "asyncio", "inspect", "dataclasses", "ssl", "random"]
    # logging is there before any handler is, and loads some of these itself from Python 3.14 on
    code = "import logging, sys; before = set(sys.modules); import kit_aws; "
    code += f"print(*set({heavy}) & set(sys.modules) - before)"
    assert run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split() == []
