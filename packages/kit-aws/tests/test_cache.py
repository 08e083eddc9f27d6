"""Values that are kept."""

import threading
from concurrent.futures import ThreadPoolExecutor

from kit_aws.cache import ValueCache


def test_a_value_is_read_once() -> None:
    cache: ValueCache[int] = ValueCache()
    reads = iter(range(9))
    assert [cache.get("a", lambda: next(reads), max_age=60) for _ in range(3)] == [0, 0, 0]
    assert cache.get("a", lambda: next(reads), max_age=60, force=True) == 1
    assert cache.get("a", lambda: next(reads), max_age=0) == 2
    assert cache.get("a", lambda: next(reads), max_age=60) == 2


def test_what_was_read_before_a_change_is_not_kept_after_it() -> None:
    cache: ValueCache[str] = ValueCache()
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
    cache: ValueCache[str] = ValueCache()
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
    cache: ValueCache[str] = ValueCache(size=2)
    for key in "abc":
        cache.get(key, lambda: "first", max_age=60)
    assert cache.get("a", lambda: "second", max_age=60) == "second"
    assert cache.get("c", lambda: "second", max_age=60) == "first"


def test_only_what_belongs_to_a_change_is_dropped() -> None:
    cache: ValueCache[str] = ValueCache()
    for key in "ab":
        cache.get(key, lambda: "first", max_age=60)
    cache.drop(lambda key: key == "a")
    assert [cache.get(key, lambda: "second", max_age=60) for key in "ab"] == ["second", "first"]
