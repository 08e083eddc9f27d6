"""Servers whose extra is not installed."""

import importlib.util

import pytest
from kit_testing import MissingExtraError
from kit_testing.servers import Aws, Postgres
from kit_testing.servers.redis import Redis, empty_redis


@pytest.fixture
def without(monkeypatch):
    """Let modules be missing."""
    find = importlib.util.find_spec

    def hide(*names):
        monkeypatch.setattr("kit_testing.errors.find_spec", lambda name: None if name in names else find(name))

    return hide


@pytest.mark.parametrize(
    ("module", "extra", "use"),
    [
        ("psycopg2", "postgres", Postgres),
        ("moto", "aws", lambda: Aws().start()),
        ("boto3", "aws", lambda: Aws().start()),
        ("redis", "redis", lambda: empty_redis(Redis()).__enter__()),
    ],
)
def test_a_missing_extra_is_named(without, module, extra, use):
    without(module)
    with pytest.raises(
        MissingExtraError, match=rf"module '{module}' is missing: install kit-testing\[{extra}\]"
    ) as error:
        use()
    assert error.value.extra == extra


def test_no_redis_of_any_kind(without, monkeypatch):
    without("fakeredis")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("kit_testing.servers.redis.server.package_folder", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"kit-testing\[redis\]"):
        Redis().start()
