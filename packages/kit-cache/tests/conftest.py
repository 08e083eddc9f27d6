import os
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import kit_cache
import pytest
from kit_cache.testing import FakeClock

SETTINGS = ("REDIS_", "KIT_CACHE_", "CACHE_DIR")


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """Nothing configured but a disk folder of the test's own, and nothing left in this process's caches."""
    for name in tuple(os.environ):
        if name.startswith(SETTINGS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("KIT_CACHE_DIR", str(tmp_path / "cache"))
    kit_cache.reset()
    yield
    kit_cache.reset()


@pytest.fixture
def redis(redis_url, monkeypatch):
    """Redis is configured; a client of the test's own to look into it."""
    from redis import Redis

    monkeypatch.setenv("KIT_CACHE_REDIS_URL", redis_url)
    monkeypatch.setenv("KIT_CACHE_REDIS_TIMEOUT_MS", "1000")  # a machine that is busy with other tests is no fault
    with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def redis_process(redis_server):
    """Skip what only a Redis server in a process of its own can show: fakeredis, or somebody else's, is none."""
    if redis_server.pid is None:
        pytest.skip("no Redis server of its own: install redis-server to run this")


@pytest.fixture
def counting():
    """Make a cached function of one argument that notes its calls; `answer` is a value or a function."""

    def make(answer=None, *, decorator=kit_cache.method_cache, key_prefix="counted", **options):
        calls = []

        @decorator(key_prefix=key_prefix, **options)
        def load(x):
            calls.append(x)
            return answer(x) if callable(answer) else answer

        return SimpleNamespace(load=load, calls=calls)

    return make


@pytest.fixture
def other_process():
    """Run code in another process with the same environment, and return what it prints."""

    def run(code):
        shown = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
        )
        return shown.stdout.strip()

    return run


@pytest.fixture
def clock():
    """Both clocks, to be put forward by hand."""
    with FakeClock() as moved:
        yield moved
