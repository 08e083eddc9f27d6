"""What the package shows, and what its import costs."""

import doctest
import importlib
import pickle
import sys
from pathlib import Path
from subprocess import run
from types import ModuleType
from typing import Any

import kit_testing
import kit_testing.clients
import kit_testing.events
import pytest
from kit_testing import (
    FolderTakenError,
    InvalidAnswerError,
    MigrationError,
    MissingExtraError,
    ServerError,
    TestingError,
)


@pytest.mark.parametrize("package", [kit_testing, kit_testing.clients, kit_testing.events])
def test_all_is_what_is_there(package: ModuleType) -> None:
    for name in package.__all__:
        assert getattr(package, name).__doc__
    public = {name for name, value in vars(package).items() if name[0] != "_" and not isinstance(value, ModuleType)}
    assert public == set(package.__all__)
    assert list(package.__all__) == sorted(package.__all__)


@pytest.mark.parametrize("module", ["kit_testing", "kit_testing.events"])
def test_the_import_is_light(module: str) -> None:
    heavy = {"asyncio", "boto3", "botocore", "moto", "psycopg2", "pytest", "redis", "subprocess"}
    code = f"import sys; before = set(sys.modules); import {module}; print({heavy!r} & (set(sys.modules) - before))"
    assert run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.parametrize(
    "error",
    [
        TestingError("a"),
        ServerError("a", log="b"),
        FolderTakenError(Path("a"), "7"),
        MissingExtraError("redis", "redis"),
        MigrationError("a", file=Path("1.sql"), line=3),
        InvalidAnswerError("a", {"b": 1}),
    ],
)
def test_errors_have_one_root_and_pickle(error: TestingError) -> None:
    copy: Any = pickle.loads(pickle.dumps(error))
    assert isinstance(error, TestingError)
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize(
    "module",
    ["context", "clients.http", "clients.jobs", "clients.websocket", "events.carriers", "events.http", "events.queues"],
)
def test_the_examples_in_docstrings_are_true(module: str) -> None:
    outcome = doctest.testmod(importlib.import_module(f"kit_testing.{module}"))
    assert (outcome.failed, outcome.attempted > 0) == (0, True)
