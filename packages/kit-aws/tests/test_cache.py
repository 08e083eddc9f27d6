"""Values that are kept."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from kit_aws.cache import ValueCache


def test_a_value_is_read_once() -> None:
    cache: ValueCache[str, int] = ValueCache()
    reads = iter(range(9))
    assert [cache.get("a", lambda: next(reads), max_age=60) for _ in range(3)] == [0, 0, 0]
    assert cache.get("a", lambda: next(reads), max_age=60, force=True) == 1
    assert cache.get("a", lambda: next(reads), max_age=0) == 2
    assert cache.get("a", lambda: next(reads), max_age=60) == 2


def test_what_was_read_before_a_change_is_not_kept_after_it() -> None:
    cache: ValueCache[str, str] = ValueCache()
    reading, changed = threading.Event(), threading.Event()

    def read() -> str:
        reading.set()
        assert changed.wait(10)
        return "old"

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(cache.get, "a", read, max_age=60)
        assert reading.wait(10)
        cache.drop()
        changed.set()
        assert slow.result() == "old"
    assert cache.get("a", lambda: "new", max_age=60) == "new"


def test_a_slow_read_does_not_replace_what_was_read_after_it() -> None:
    cache: ValueCache[str, str] = ValueCache()
    reading, done = threading.Event(), threading.Event()

    def slow() -> str:
        reading.set()
        assert done.wait(10)
        return "before the rotation"

    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(cache.get, "a", slow, max_age=60)
        assert reading.wait(10)
        assert cache.get("a", lambda: "after it", max_age=60, force=True) == "after it"
        done.set()
        late.result()
    assert cache.get("a", lambda: "not read", max_age=60) == "after it"


def test_the_oldest_value_goes_when_there_are_too_many() -> None:
    cache: ValueCache[str, str] = ValueCache(size=2)
    for key in "abc":
        cache.get(key, lambda: "first", max_age=60)
    assert cache.get("a", lambda: "second", max_age=60) == "second"
    assert cache.get("c", lambda: "second", max_age=60) == "first"


def test_the_time_that_a_function_was_frozen_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    cache: ValueCache[str, str] = ValueCache()
    cache.get("a", lambda: "before", max_age=60)
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    assert cache.get("a", lambda: "after", max_age=60) == "after"


def test_a_clock_that_is_put_back_keeps_nothing_for_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    cache: ValueCache[str, str] = ValueCache()
    cache.get("a", lambda: "before", max_age=60)
    earlier, later = time.time() - 3600, time.monotonic() + 61
    monkeypatch.setattr(time, "time", lambda: earlier)
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert cache.get("a", lambda: "after", max_age=60) == "after"


def test_only_what_belongs_to_a_change_is_dropped() -> None:
    cache: ValueCache[str, str] = ValueCache()
    for key in "ab":
        cache.get(key, lambda: "first", max_age=60)
    cache.drop(lambda key: key == "a")
    assert [cache.get(key, lambda: "second", max_age=60) for key in "ab"] == ["second", "first"]


def test_threads_that_miss_a_value_at_once_make_one_read() -> None:
    cache: ValueCache[str, object] = ValueCache()
    waiting = threading.Barrier(9)
    reads = []

    def read() -> object:
        reads.append(1)
        # Everybody else has asked, or asks while this read goes on.
        time.sleep(0.05)
        return object()

    def ask() -> object:
        waiting.wait()
        return cache.get("a", read, max_age=60)

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask) for _ in range(8)]
        waiting.wait()
        assert len({id(each.result()) for each in asked}) == 1
    assert len(reads) == 1


def test_threads_that_waited_get_the_error_of_the_one_read() -> None:
    cache: ValueCache[str, str] = ValueCache()
    waiting = threading.Barrier(5)
    reads = []

    def read() -> str:
        reads.append(1)
        time.sleep(0.05)
        raise ValueError("no answer")

    def ask() -> str:
        waiting.wait()
        return cache.get("a", read, max_age=60)

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask) for _ in range(4)]
        waiting.wait()
        assert [str(each.exception()) for each in asked] == ["no answer"] * 4
    assert len(reads) == 1
    assert cache.get("a", lambda: "better", max_age=60) == "better"


def test_a_failed_refresh_does_not_answer_the_old_value() -> None:
    cache: ValueCache[str, str] = ValueCache()
    cache.get("a", lambda: "old", max_age=60)

    def fail() -> str:
        raise ValueError("no answer")

    with pytest.raises(ValueError, match="no answer"):
        cache.get("a", fail, max_age=0)


def test_a_reader_that_is_interrupted_leaves_the_read_to_those_who_wait() -> None:
    cache: ValueCache[str, str] = ValueCache()
    reading, go_on = threading.Event(), threading.Event()

    def interrupted() -> str:
        reading.set()
        assert go_on.wait(10)
        raise KeyboardInterrupt

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get, "a", interrupted, max_age=60)
        assert reading.wait(10)
        second = pool.submit(cache.get, "a", lambda: "read", max_age=60)
        go_on.set()
        assert second.result() == "read"
        assert isinstance(first.exception(), KeyboardInterrupt)


def test_of_many_only_those_that_are_missing_or_too_old_are_read() -> None:
    cache: ValueCache[str, str] = ValueCache()
    reads: list[list[str]] = []

    def read(missing: Sequence[str]) -> dict[str, str]:
        reads.append(list(missing))
        return {key: key.upper() for key in missing}

    cache.get("a", lambda: "A", max_age=60)
    assert cache.get_many(["b", "a", "b", "c"], read, max_age=60) == {"a": "A", "b": "B", "c": "C"}
    assert cache.get_many(["a", "b", "c"], read, max_age=60) == {"a": "A", "b": "B", "c": "C"}
    assert cache.get("c", lambda: "not read", max_age=60) == "C"
    cache.get_many(["a", "b"], read, max_age=60, force=True)
    assert reads == [["b", "c"], ["a", "b"]]


def test_a_change_during_a_read_makes_the_next_one_read_again() -> None:
    cache: ValueCache[str, str] = ValueCache()
    reading, changed = threading.Event(), threading.Event()

    def read() -> str:
        reading.set()
        assert changed.wait(10)
        return "old"

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(cache.get, "a", read, max_age=60)
        assert reading.wait(10)
        cache.drop()
        assert cache.get("a", lambda: "new", max_age=60) == "new"
        changed.set()
        assert slow.result() == "old"
    assert cache.get("a", lambda: "not read", max_age=60) == "new"
