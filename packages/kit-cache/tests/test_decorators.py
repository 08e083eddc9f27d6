import asyncio
import inspect
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import kit_cache
import pytest
from kit_cache import (
    AsyncCachedFunction,
    Cache,
    CacheConfigError,
    CachedFunction,
    CacheStats,
    UncacheableValueError,
    UnknownCacheError,
    hybrid_cache,
    method_cache,
)

VALUES = [
    None,
    True,
    0,
    -1.5,
    float("inf"),
    10**30,
    "é\ud800",
    "\ud83d\ude00",
    b"\x00\xff",
    UUID(int=7),
    Decimal("1.10"),
    date(2025, 1, 2),
    datetime(2025, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    datetime(2025, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    datetime(2025, 10, 26, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
    datetime(2025, 1, 2),  # noqa: DTZ001
    time(1, 2, 3, 4),
    timedelta(days=-1, microseconds=5),
    (1, (2, [3])),
    {"a", "b"},
    frozenset({1, 2}),
    {1: "int", "1": "str", (2, 3): "tuple", None: 0},
    {"$": ["uuid", "x"]},
    {"nested": [{"deep": (Decimal("1"), {"$": 1})}]},
    [],
    {},
]


@pytest.fixture(params=["memory", "disk", "redis"])
def tier(request):
    if request.param == "redis":
        request.getfixturevalue("redis")
    return request.param


def types_of(value):
    if isinstance(value, dict):
        return {types_of(key): types_of(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value), tuple(types_of(item) for item in value)
    return type(value), repr(value) if not isinstance(value, (set, frozenset)) else None


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_what_comes_back_is_what_was_returned(counting, tier, value):
    made = counting(value, tiers=(tier,))
    made.load(1)
    again = made.load(1)
    assert again == value
    assert types_of(again) == types_of(value)
    assert len(made.calls) == 1


@pytest.mark.parametrize("value", [object(), {"a": [1, object()]}, lambda: 1, ValueError("x"), [range(3)]])
def test_a_result_that_cant_be_stored_is_returned_uncached_and_told_once(counting, value, caplog):
    made = counting(lambda _: value)
    assert made.load(1) is value
    assert made.load(1) is value
    assert made.calls == [1, 1]
    (line,) = [record.getMessage() for record in caplog.records]
    assert re.search(r"uncached: .*load: \$.* can't be cached", line)


def test_the_warning_leads_to_what_cant_be_stored(counting, caplog):
    value = {"items": [1, {"owner": object()}]}
    assert counting(value).load(1) is value
    assert "$.items[1].owner of type 'object'" in caplog.text


def test_setting_what_cant_be_stored_is_an_error():
    value = {"items": [1, {"owner": object()}]}
    with pytest.raises(UncacheableValueError) as caught:
        Cache("set").set("k", value)
    assert (caught.value.path, caught.value.kind) == ("$.items[1].owner", "object")
    assert caught.value.value is value


def test_circles_and_endless_numbers_are_returned_uncached(counting, caplog):
    circle = []
    circle.append(circle)
    for value in (circle, 10**5000):
        assert counting(value, tiers=("disk",), key_prefix=f"a{id(value)}").load(1) is value
    memory = counting(circle, tiers=("memory",))
    assert memory.load(1) is circle
    assert memory.load(1) is circle
    assert memory.calls == [1, 1]
    assert "circular" in caplog.text
    with pytest.raises(UncacheableValueError, match="circular"):
        Cache("set", tiers=("memory",)).set("k", circle)


def test_waiting_callers_get_a_value_that_cant_be_stored(counting):
    started, go, value = threading.Event(), threading.Event(), [object()]

    def answer(_):
        started.set()
        assert go.wait(10)
        return value

    made = counting(answer)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(made.load, 1)
        assert started.wait(10)
        others = [pool.submit(made.load, 1) for _ in range(3)]
        go.set()
        assert first.result(10) is value
        assert all(other.result(10)[0] is value[0] for other in others)


def test_a_coroutine_functions_uncacheable_value_is_returned():
    value = {"a": object()}

    @method_cache(key_prefix="later")
    async def load():
        return value

    assert asyncio.run(load()) is value


def test_memory_alone_keeps_any_object(counting):
    value = object()
    made = counting(value, tiers=("memory",))
    assert made.load(1) is made.load(1) is value


def test_generators_and_coroutines_are_never_cached(counting):
    made = counting(lambda _: iter([1]), tiers=("memory",))
    assert [list(made.load(1)), list(made.load(1))] == [[1], [1]]
    with pytest.raises(TypeError, match="generator"):

        @method_cache()
        def numbers():
            yield 1


def test_none_is_cached(counting, tier):
    made = counting(None, tiers=(tier,))
    assert (made.load(1), made.load(1)) == (None, None)
    assert made.calls == [1]


def test_exceptions_are_not_cached(counting, tier):
    answers = iter([ValueError("first"), "second"])

    def answer(_):
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    made = counting(answer, tiers=(tier,))
    with pytest.raises(ValueError, match="first"):
        made.load(1)
    assert made.load(1) == "second"


def test_a_reader_cant_change_what_others_read(counting, tier):
    made = counting(lambda _: {"items": [1], "set": {1}, "pair": ([1],)}, tiers=(tier,))
    for _ in range(3):
        value = made.load(1)
        assert value == {"items": [1], "set": {1}, "pair": ([1],)}
        value["items"].append(2)
        value["set"].clear()
        value["pair"][0].append(2)
    assert made.calls == [1]


def test_an_entry_ends_after_its_time(counting, tier, clock):
    made = counting("value", ttl=60, tiers=(tier,))
    made.load(1)
    clock.seconds = 59
    made.load(1)
    assert len(made.calls) == 1
    clock.seconds = 61
    made.load(1)
    assert len(made.calls) == 2


def test_deleting_one_call_leaves_the_others(counting, tier):
    made = counting("value", tiers=(tier,))
    made.load(1)
    made.load(2)
    assert made.load.cache_delete(x=1) is True
    made.load(1)
    made.load(2)
    assert made.calls == [1, 2, 1]


def test_deleting_what_is_not_there_is_fine(counting, tier):
    assert counting(tiers=(tier,)).load.cache_delete(1) is True


def test_clearing_takes_everything_of_the_name_and_nothing_else(counting, tier):
    made = counting("value", cache_name="cleared", tiers=(tier,))
    same = counting("value", cache_name="cleared", key_prefix="other", tiers=(tier,))
    different = counting("value", cache_name="kept", tiers=(tier,))
    for each in (made, same, different):
        each.load(1)
    assert made.load.cache_clear() is True
    for each in (made, same, different):
        each.load(1)
    assert [len(each.calls) for each in (made, same, different)] == [2, 2, 1]


def test_a_name_can_be_cleared_and_looked_at(counting):
    made = counting("value", cache_name="named")
    made.load(1)
    made.load(1)
    made.load(2)
    shown = kit_cache.stats("named")
    assert shown == made.load.cache_stats()
    expected = {
        "success": True,
        "cache_name": "named",
        "redis_available": False,
        "disk_available": True,
        "disk_path": os.environ["KIT_CACHE_DIR"],
        "hits": 1,
        "misses": 2,
        "memory_entries": 2,
    }
    assert expected.items() <= shown.items()
    assert kit_cache.clear("named") is True
    made.load(1)
    assert made.calls == [1, 2, 1]


@pytest.mark.parametrize("name", ["unheard-of", "../../etc", ""])
def test_only_declared_names_are_known(name):
    with pytest.raises(UnknownCacheError) as caught:
        kit_cache.clear(name)
    assert caught.value.cache_name == name
    with pytest.raises(UnknownCacheError):
        kit_cache.stats(name)


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "..", "a b", "a" * 65, None])
def test_a_cache_name_can_stand_in_a_path(name):
    with pytest.raises(CacheConfigError, match="cache_name"):
        method_cache(cache_name=name)


@pytest.mark.parametrize("ttl", [0, -1, float("inf"), float("nan"), "60", True, timedelta(0)])
def test_ttl_is_a_time(ttl):
    with pytest.raises(CacheConfigError, match="ttl"):
        hybrid_cache(ttl)


@pytest.mark.parametrize("tiers", [(), ("memory", "tape"), "memory"])
def test_unknown_tiers_are_refused(tiers):
    with pytest.raises(CacheConfigError, match="tiers"):
        method_cache(tiers=tiers)


def test_unknown_options_are_refused():
    with pytest.raises(TypeError):
        method_cache(timeout=3)


def test_the_parentheses_are_needed():
    with pytest.raises(TypeError, match="parentheses"):

        @method_cache
        def load():
            return 1


def test_the_environment_may_name_the_tiers(counting, monkeypatch, tmp_path):
    monkeypatch.setenv("KIT_CACHE_TIERS", "memory, redis")
    made = counting("value")
    made.load(1)
    made.load(1)
    assert made.calls == [1]
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KIT_CACHE_TIERS", "tape"),
        ("KIT_CACHE_MEMORY_ENTRIES", "0"),
        ("KIT_CACHE_DISK_BYTES", "x"),
        ("KIT_CACHE_NAMESPACE", "../up"),
    ],
)
def test_a_wrong_setting_is_named(counting, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(CacheConfigError, match=name.removesuffix("_TIERS") if name != "KIT_CACHE_TIERS" else "tiers"):
        counting("value").load(1)


def test_memory_is_bounded_and_keeps_what_is_read(counting, monkeypatch):
    monkeypatch.setenv("KIT_CACHE_MEMORY_ENTRIES", "10")
    made = counting("value", cache_name="bounded", tiers=("memory",))
    for x in range(100):
        made.load(x)
        made.load(0)
    assert kit_cache.stats("bounded")["memory_entries"] == 10
    assert made.calls.count(0) == 1


def test_a_condition_decides_what_is_cached():
    calls = []

    @hybrid_cache(key_prefix="conditional", condition=lambda x, **_: x > 1)
    def load(x, y=0):
        calls.append(x)
        return x

    for x in (1, 1, 2, 2):
        load(x, y=0)
    assert calls == [1, 1, 2]


def test_skip_cache_neither_reads_nor_writes():
    answers = iter(range(10))

    @hybrid_cache(key_prefix="skipping")
    def load(x):
        return next(answers)

    assert [load(1), load(1, skip_cache=True), load(1), load(1, skip_cache=False)] == [0, 1, 0, 0]
    assert load(2, skip_cache=True) == 2
    assert load(2) == 3
    load.cache_delete(2, skip_cache=True)
    assert load(2) == 4


def test_a_function_may_declare_the_skip_argument():
    seen = []

    @hybrid_cache(key_prefix="declared", skip_cache_arg="fresh")
    def load(x, fresh=False, y=1):
        seen.append(fresh)
        return x

    load(1)
    load(1, fresh=True)
    load(1, fresh=False)
    load(1)
    load(1, y=1)
    load(1, True)
    load(1, False)
    assert seen == [False, True, True]


def test_a_function_looks_like_itself():
    @method_cache(key_prefix="looks")
    def load(x: int, *, y: str = "") -> str:
        """Load it."""
        return y

    assert load.__name__ == "load"
    assert load.__doc__ == "Load it."
    assert str(inspect.signature(load)) == "(x: int, *, y: str = '') -> str"
    assert "load" in repr(load)


def test_a_method_looks_like_itself():
    class Reader:
        @method_cache(key_prefix="looks")
        def get(self, x: int) -> int:
            """Get it."""
            return x

    reader = Reader()
    assert str(inspect.signature(reader.get)) == "(x: int) -> int"
    assert reader.get.__name__ == "get"
    assert reader.get(3) == 3
    assert reader.get.cache_delete(3) is True


def test_a_service_with_caches_of_several_names():
    class Service:
        @method_cache(ttl=1800, cache_name="settings")
        def get_config(self, key: str) -> dict:
            return {"config": key}

        @method_cache(ttl=600, cache_name="database")
        def query_user(self, user_id: str) -> dict:
            return {"user": user_id}

        @hybrid_cache(ttl=300, cache_name="api")
        def external_api_call(self, endpoint: str) -> dict:
            return {"api": endpoint}

    service = Service()
    for _ in range(2):
        assert service.get_config("k") == {"config": "k"}
        assert service.query_user("k") == {"user": "k"}
        assert service.external_api_call("k") == {"api": "k"}


def test_what_is_decorated_has_a_type_to_annotate_with():
    @method_cache(key_prefix="typed")
    def load(x):
        return x

    @method_cache(key_prefix="typed later")
    async def later(x):
        return x

    assert isinstance(load, CachedFunction)
    assert isinstance(later, AsyncCachedFunction)
    assert load.cache_stats().keys() == CacheStats.__annotations__.keys()
