"""The shared tier, on a real Redis that is killed, hung, restarted and tampered with."""

import logging
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import kit_cache
import pytest
from kit_cache.tiers.redis.client import Command, RespClient
from kit_cache.tiers.redis.link import Link, NotAnsweredError
from kit_cache.tiers.rows import BODY
from kit_core import invocation
from redis import ConnectionError as RedisConnectionError
from redis import Redis

REDIS = ("redis",)
ALL = ("memory", "redis", "disk")


def until(condition, seconds=5.0):
    """Wait for something that another process or the clock brings about."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


@pytest.fixture
def mortal(redis, redis_server):
    """The server of this test run, which the test may kill or stop; it runs again afterwards."""
    yield redis_server
    if redis_server.pid is not None:
        os.kill(redis_server.pid, signal.SIGCONT)
    redis_server.start()


def other(prefix, statement="print(load(1))", result="'there'"):
    return f"""
import kit_cache

@kit_cache.method_cache(key_prefix={prefix!r}, tiers=("redis",))
def load(x):
    return {result}

{statement}
"""


def test_processes_share_it(counting, redis, other_process):
    assert other_process(other("shared")) == "there"
    made = counting("here", key_prefix="shared", tiers=REDIS)
    assert made.load(1) == "there"
    assert made.calls == []


def test_a_deletion_reaches_every_process(counting, redis, other_process):
    made = counting("value", key_prefix="shared", tiers=REDIS)
    made.load(1)
    assert other_process(other("shared", "print(load.cache_delete(1))")) == "True"
    made.load(1)
    assert made.calls == [1, 1]


def test_a_clearing_reaches_every_process(counting, redis, other_process):
    made = counting("value", key_prefix="shared", tiers=REDIS)
    made.load(1)
    made.load(2)
    assert other_process(other("shared", "print(load.cache_clear())")) == "True"
    made.load(1)
    made.load(2)
    assert made.calls == [1, 2, 1, 2]


@pytest.mark.parametrize("operation", ["cache_delete(1)", "cache_clear()"])
@pytest.mark.parametrize("warm", [False, True])
def test_a_load_that_began_before_an_invalidation_elsewhere_stores_nothing(
    counting, redis, other_process, operation, warm
):
    answers = iter(["old", "new", "newer"])

    def answer(x):
        found = next(answers)
        if found == "old":
            other_process(other("overtaken", f"load.{operation}"))
        return found

    made = counting(answer, key_prefix="overtaken", tiers=REDIS)
    if warm:
        made.load.cache_delete(1)  # a tombstone is there already
    assert [made.load(1), made.load(1), made.load(1)] == ["old", "new", "new"]


def test_redis_is_believed_and_not_the_disk(counting, redis, other_process):
    made = counting("value", key_prefix="shared", tiers=("redis", "disk"))
    made.load(1)
    other_process(other("shared", "load.cache_delete(1)"))
    made.load(1)
    assert made.calls == [1, 1]


def test_a_redis_hit_is_kept_in_memory_for_the_time_that_is_left(counting, redis, clock, monkeypatch):
    monkeypatch.setenv("KIT_CACHE_CHECK_MS", "1000000")
    made = counting("value", ttl=100, tiers=("memory", "redis"))
    made.load(1)
    kit_cache.reset()
    clock.seconds = 60
    made.load(1)
    redis.flushall()
    clock.seconds = 99
    made.load(1)
    assert made.calls == [1]
    clock.seconds = 101
    made.load(1)
    assert made.calls == [1, 1]


def test_everything_in_redis_ends_by_itself(counting, redis):
    made = counting("value", ttl=60, tiers=REDIS)
    made.load(1)
    made.load.cache_delete(2)
    times = sorted(redis.ttl(key) for key in redis.scan_iter() if b"row:" in key)
    assert len(times) == 2
    assert 0 < times[0] <= 60
    assert 60 < times[1] <= 900


def test_a_text_of_the_callers_own_stays_readable(redis):
    @kit_cache.hybrid_cache(tiers=REDIS, key_prefix="", cache_name="users", key_generator=lambda n: f"user:{n}")
    def load(n):
        return n

    load(42)
    assert b"kit-cache:users:row:user:42" in redis.scan_iter()


@pytest.mark.parametrize("options", [{"secret": True}, {"secret": ("x",)}])
def test_secret_arguments_are_not_readable(counting, redis, options):
    made = counting("value", tiers=REDIS, **options)
    made.load("confidential")
    made.load("confidential")
    assert made.calls == ["confidential"]
    assert not any(b"confidential" in key for key in redis.scan_iter())
    assert any(b":row:counted:" in key for key in redis.scan_iter())


def test_an_argument_with_the_name_of_a_secret_is_not_readable(redis):
    @kit_cache.method_cache(tiers=REDIS, key_prefix="session")
    def load(access_token, user):
        return user

    load("confidential", 7)
    assert not any(b"confidential" in key for key in redis.scan_iter())
    assert any(b",7" in key for key in redis.scan_iter())


@pytest.mark.parametrize("tampered", [b"", b"\x80\x04pickle", b"V", b"V" + bytes(80), None])
def test_what_is_not_ours_is_a_miss(counting, redis, tampered):
    made = counting("value", tiers=REDIS)
    made.load(1)
    (row,) = (key for key in redis.scan_iter() if b"row:" in key)
    good = redis.get(row)
    redis.set(row, tampered if tampered is not None else good[:-3], keepttl=True)
    assert (made.load(1), made.load(1)) == ("value", "value")
    assert made.calls == [1, 1]


@pytest.mark.parametrize("tags", [b"[" * 20_000, b'{"\\ud800":"x"}', b"[]", b"{", b'{"a":{"b":1}}'])
def test_tags_that_are_not_ours_are_a_miss(counting, redis, tags):
    made = counting("value", tiers=ALL)
    made.load(1)
    (row,) = (key for key in redis.scan_iter() if b"row:" in key)
    good, start = redis.get(row), BODY
    redis.set(row, good[: start - 2] + len(tags).to_bytes(2, "big") + tags + good[start:], keepttl=True)
    kit_cache.reset()
    assert (made.load(1), made.load(1)) == ("value", "value")
    assert made.calls == [1, 1]


def test_a_key_of_another_type_is_a_miss(counting, redis, caplog):
    made = counting("value", tiers=REDIS)
    made.load(1)
    (row,) = (key for key in redis.scan_iter() if b"row:" in key)
    redis.delete(row)
    redis.rpush(row, "a list")
    assert [made.load(1) for _ in range(3)] == ["value"] * 3
    assert [record.getMessage() for record in caplog.records] == ["Redis refuses a command"]


def test_evicted_rows_and_versions_are_misses(counting, redis):
    made = counting("value", tiers=REDIS)
    for _ in range(2):
        made.load(1)
        redis.delete("kit-cache:method:meta")
    made.load(1)
    made.load(1)
    assert made.calls == [1, 1, 1]


@pytest.mark.usefixtures("redis_process")
def test_each_name_may_have_a_database(counting, redis, redis_url, monkeypatch):
    host, _, port = redis_url.split("/")[2].rpartition(":")
    monkeypatch.delenv("KIT_CACHE_REDIS_URL")
    monkeypatch.setenv("REDIS_HOST", host)
    monkeypatch.setenv("REDIS_PORT", port)
    monkeypatch.setenv("REDIS_DB_LONG_TERM", "3")
    counting("value", cache_name="long-term", tiers=REDIS).load(1)
    assert redis.dbsize() == 0
    counting("value", cache_name="other", tiers=REDIS).load(1)
    assert redis.dbsize() == 2
    assert redis.info("keyspace")["db3"]["keys"] == 2
    assert kit_cache.stats("other")["redis_available"] is True


def test_values_of_an_outage_are_served_after_it(counting, mortal):
    """Also what others have changed meanwhile is seen then, and hits and misses are counted throughout."""
    made = counting(lambda x: {"x": x}, tiers=ALL)
    made.load(1)
    mortal.kill()
    made.load(2)
    made.load(2)
    mortal.start()
    until(lambda: made.load.cache_stats()["redis_available"])
    assert [made.load(1), made.load(2)] == [{"x": 1}, {"x": 2}]
    assert made.calls == [1, 2]
    stats = made.load.cache_stats()
    assert (stats["hits"], stats["misses"]) == (3, 2)


def test_nothing_is_connected_before_the_first_call(monkeypatch):
    """A Redis that is configured and does not answer delays neither the import nor the decorator."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        monkeypatch.setenv("REDIS_HOST", "127.0.0.1")
        monkeypatch.setenv("REDIS_PORT", str(listener.getsockname()[1]))
        code = """
        import sys, kit_cache
        load = kit_cache.method_cache(tiers=("redis",), key_prefix="late")(lambda: "value")
        cache = kit_cache.Cache("late")
        if sys.argv[1:]:
            print(load())
        """
        command = [sys.executable, "-c", textwrap.dedent(code)]
        subprocess.run(command, check=True)
        with pytest.raises(BlockingIOError):
            listener.accept()
        assert subprocess.run([*command, "call"], check=True, capture_output=True, text=True).stdout == "value\n"
        listener.accept()[0].close()


def test_redis_is_not_needed(counting, monkeypatch, caplog):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("KIT_CACHE_REDIS_URL", f"redis://:hidden@127.0.0.1:{port}/0")
    made = counting("value")
    kept = counting("value", tiers=REDIS, key_prefix="only-redis")
    assert [made.load(1), made.load(1), kept.load(1), kept.load(1)] == ["value"] * 4
    assert (made.calls, kept.calls) == ([1], [1, 1])
    assert made.load.cache_stats()["redis_available"] is False
    assert made.load.cache_delete(1) is False
    assert [record.getMessage() for record in caplog.records] == ["Redis doesn't answer, going on without it"]
    assert "hidden" not in caplog.text


def test_a_url_that_is_none_is_an_error_without_the_password(counting, monkeypatch):
    monkeypatch.setenv("KIT_CACHE_REDIS_URL", "redis://:hid/den@127.0.0.1:6379/0")
    with pytest.raises(kit_cache.CacheConfigError, match="%2F") as caught:
        counting("value").load(1)
    assert "hid" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_killed_and_restarted(counting, mortal, caplog):
    made = counting(lambda x: x, tiers=REDIS)
    made.load(1)
    mortal.kill()
    assert [made.load(x) for x in range(50)] == list(range(50))
    assert len(caplog.records) == 1
    mortal.start()
    until(lambda: made.load.cache_stats()["redis_available"])
    before = len(made.calls)
    made.load("again")
    made.load("again")
    assert len(made.calls) == before + 1


def test_the_disk_stands_in_while_redis_is_down(counting, mortal):
    made = counting(lambda x: x, tiers=("redis", "disk"))
    made.load(1)
    mortal.kill()
    made.load(2)
    assert [made.load(1), made.load(2)] == [1, 2]
    assert made.calls == [1, 2]


@pytest.mark.usefixtures("redis_process")
def test_a_hung_redis_costs_one_timeout(counting, mortal, monkeypatch):
    made = counting(lambda x: x, tiers=REDIS)
    made.load(0)
    asked = []
    execute = RespClient.execute
    here = threading.current_thread()  # another one tries to make up for deletions

    def counted(*args):
        if threading.current_thread() is here:
            asked.append(args)
        return execute(*args)

    monkeypatch.setattr(RespClient, "execute", counted)
    os.kill(mortal.pid, signal.SIGSTOP)
    with monkeypatch.context() as still:
        still.setattr("kit_cache.breaker.time", SimpleNamespace(monotonic=lambda: 0.0))  # no pause passes
        assert [made.load(x) for x in range(100)] == list(range(100))
    assert len(asked) == 1
    os.kill(mortal.pid, signal.SIGCONT)
    until(lambda: made.load.cache_stats()["redis_available"])


@pytest.mark.parametrize("back", [True, False])
def test_a_caller_waits_for_one_attempt_to_make_up_for_deletions(back):
    """The thread's, where that is at it: its own would be a second time-out."""
    attempts, started, arrived = [], threading.Event(), threading.Event()

    def deletion():
        attempts.append(threading.current_thread().name)
        started.set()
        assert arrived.wait(10)
        time.sleep(0.3)
        if not back:
            raise TimeoutError

    client = SimpleNamespace(execute=lambda _: ["PONG"], drop_connections=lambda: None, close=lambda: None)
    link = Link(client, 10)
    link.breaker.allows = lambda: arrived.set() or True  # asked just before
    link.later("k", deletion)
    assert started.wait(10)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(link.ask, [Command(None, ("PING",))])
        if back:
            assert asked.result(10) == ["PONG"]
        else:
            with pytest.raises(NotAnsweredError):
                asked.result(10)
    link.close()
    assert set(attempts) == {"kit-cache-redis"}


def test_a_server_that_never_answers_costs_one_timeout(counting, monkeypatch):
    here, opened = threading.current_thread(), []
    connect = RespClient._connect

    def counted(*args):
        if threading.current_thread() is here:  # another one tries to make up for deletions
            opened.append(args)
        return connect(*args)

    monkeypatch.setattr(RespClient, "_connect", counted)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("REDIS_HOST", "127.0.0.1")
        monkeypatch.setenv("REDIS_PORT", str(listener.getsockname()[1]))
        monkeypatch.setattr("kit_cache.breaker.time", SimpleNamespace(monotonic=lambda: 0.0))  # no pause passes
        made = counting(lambda x: x)
        assert [made.load(x) for x in range(30)] == list(range(30))
        assert made.load.cache_delete(1) is False
        assert len(opened) == 1


def test_redis_is_not_waited_for_beyond_the_end_of_the_invocation(counting, redis, monkeypatch):
    made = counting("value", tiers=REDIS)
    made.load(1)
    sent = []
    execute = RespClient.execute
    monkeypatch.setattr(RespClient, "execute", lambda *args: (sent.append(args), execute(*args))[1])
    with invocation.enter(remaining_ms=50):  # less than the time-out
        assert made.load(1) == "value"
        assert made.load.cache_delete(1) is False
    assert sent == []
    assert made.calls == [1, 1]
    with invocation.enter(remaining_ms=60_000):
        made.load(1)  # the deletion is made up for
    assert sent != []
    assert made.calls == [1, 1, 1]


def test_a_log_line_that_fails_is_no_failure(counting, monkeypatch):
    """As AWS's runtime client does: its handler lets errors of formatting out into the calling code."""

    class Strict(logging.Handler):
        seen = 0

        def emit(self, record):
            Strict.seen += 1
            raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("REDIS_PORT", str(listener.getsockname()[1]))
    monkeypatch.setenv("REDIS_HOST", "127.0.0.1")
    handler = Strict()
    logging.getLogger("kit.cache").addHandler(handler)
    try:
        made = counting("value", tiers=REDIS)
        assert made.load(1) == "value"
    finally:
        logging.getLogger("kit.cache").removeHandler(handler)
    assert Strict.seen > 0


@pytest.mark.usefixtures("redis_process")
def test_a_deletion_that_redis_missed_is_done_when_it_is_back(counting, mortal):
    answers = iter(["old", "new", "newer"])
    made = counting(lambda _: next(answers), tiers=REDIS)
    assert made.load(1) == "old"
    os.kill(mortal.pid, signal.SIGSTOP)
    assert made.load.cache_delete(1) is False
    assert made.load(1) == "new"
    os.kill(mortal.pid, signal.SIGCONT)
    until(lambda: made.load.cache_stats()["redis_available"])
    assert [made.load(1), made.load(1)] == ["newer", "newer"]


@pytest.mark.usefixtures("redis_process")
def test_many_missed_deletions_are_made_up_for_in_one_round_trip(counting, mortal, monkeypatch):
    answers = iter(range(100))
    made = counting(lambda _: next(answers), tiers=REDIS)
    assert [made.load(x) for x in range(30)] == list(range(30))
    os.kill(mortal.pid, signal.SIGSTOP)
    for x in range(30):
        made.load.cache_delete(x)
    os.kill(mortal.pid, signal.SIGCONT)
    until(lambda: made.load.cache_stats()["redis_available"])
    sent = []
    execute = RespClient.execute
    monkeypatch.setattr(RespClient, "execute", lambda *args: (sent.append(args), execute(*args))[1])
    made.load.cache_delete(99)  # nothing else is sent: the others have gone
    assert len(sent) == 2
    assert [made.load(x) for x in range(30)] == list(range(30, 60))


@pytest.fixture
def fillable(redis_process, redis_server, monkeypatch, tmp_path):
    """A Redis of this test alone, which can be told to be full; the shared one knows no CONFIG."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [redis_server.program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    monkeypatch.setenv("KIT_CACHE_REDIS_URL", f"redis://127.0.0.1:{port}/0")
    try:
        with Redis(port=port) as client:
            until(lambda: answers(client))
            yield SimpleNamespace(client=client, pid=server.pid)
    finally:
        server.kill()
        server.wait()


def answers(client):
    try:
        return client.ping()
    except RedisConnectionError:
        return False


@pytest.mark.parametrize("missed", [False, True])
def test_deleting_works_in_a_redis_that_is_full(counting, fillable, missed):
    values = iter(["old", "new", "newer"])
    made = counting(lambda _: next(values), tiers=REDIS)
    assert made.load(1) == "old"
    fillable.client.config_set("maxmemory", 1)
    if missed:
        os.kill(fillable.pid, signal.SIGSTOP)
        assert made.load.cache_delete(1) is False
        os.kill(fillable.pid, signal.SIGCONT)
        until(lambda: made.load.cache_stats()["redis_available"])
    else:
        assert made.load.cache_delete(1) is True
    assert (made.load(1), made.load(1)) == ("new", "newer"), "nothing is stored, nothing old is found"


@pytest.mark.usefixtures("redis_process")
def test_a_clearing_that_redis_missed_is_done_when_it_is_back(counting, mortal):
    answers = iter(range(10))
    made = counting(lambda _: next(answers), tiers=REDIS)
    assert [made.load(1), made.load(2)] == [0, 1]
    os.kill(mortal.pid, signal.SIGSTOP)
    assert made.load.cache_clear() is False
    os.kill(mortal.pid, signal.SIGCONT)
    until(lambda: made.load.cache_stats()["redis_available"])
    assert [made.load(1), made.load(2), made.load(1)] == [2, 3, 2]


@pytest.mark.usefixtures("redis_process")
def test_more_missed_deletions_than_are_remembered_clear_the_cache(counting, mortal):
    answers = iter(range(10))
    made = counting(lambda _: next(answers), tiers=REDIS)
    assert made.load("kept") == 0
    os.kill(mortal.pid, signal.SIGSTOP)
    for x in range(1001):
        made.load.cache_delete(x)
    os.kill(mortal.pid, signal.SIGCONT)
    until(lambda: made.load.cache_stats()["redis_available"])
    assert made.load("kept") == 1


@pytest.mark.usefixtures("redis_process")
def test_an_idle_connection_that_redis_has_closed_is_replaced(counting, redis, caplog):
    made = counting("value", tiers=REDIS)
    made.load(1)
    redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    made.load(1)
    assert made.calls == [1]
    assert not caplog.records


def test_threads_share_the_connections(counting, redis):
    made = counting(lambda x: x, tiers=REDIS)
    wrong = []

    def read():
        for x in range(100):
            if made.load(x % 10) != x % 10:
                wrong.append(x)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert sorted(set(made.calls)) == list(range(10))
