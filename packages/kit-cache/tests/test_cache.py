"""`Cache` by hand, over every tier and driver."""

import asyncio
from datetime import timedelta

import kit_cache
import pytest
from kit_cache import Cache, CacheConfigError, CachedValue, CacheKeyError, EntryOptions, UncacheableValueError

TIERS = {
    "memory": ("memory",),
    "disk": ("disk",),
    "diskcache": ("disk",),
    "redis": ("redis",),
    "redis-py": ("redis",),
    "all": ("memory", "redis", "disk"),
}


@pytest.fixture(params=list(TIERS))
def tiers(request, monkeypatch):
    if request.param == "diskcache":
        monkeypatch.setenv("KIT_CACHE_DISK_DRIVER", "diskcache")
    if request.param in ("redis", "redis-py", "all"):
        request.getfixturevalue("redis")
        monkeypatch.setenv("KIT_CACHE_REDIS_TIMEOUT_MS", "5000")
    if request.param == "redis-py":
        monkeypatch.setenv("KIT_CACHE_REDIS_DRIVER", "redis-py")
    return TIERS[request.param]


@pytest.fixture
def cache(tiers):
    options: EntryOptions = {"tiers": tiers}
    made = Cache("by-hand", ttl=60, **options)
    made.clear()
    return made


def test_values_are_set_and_got(cache):
    assert cache.get("user:1") is None
    assert cache.get("user:1", "none") == "none"
    assert cache.set("user:1", {"name": "a"}) is True
    assert cache.set("user:1", {"name": "b"}) is True
    assert cache.get("user:1") == {"name": "b"}
    assert cache.set("none", None) is True
    assert cache.get("none", "missing") is None
    assert cache.delete("user:1", "none") is True
    assert cache.get("none", "missing") == "missing"


def test_many_at_once(cache):
    assert cache.set_many({"a": 1, "b": (2,), "c": None}) is True
    assert cache.get_many(["c", "x", "a", "b"]) == {"c": None, "a": 1, "b": (2,)}
    with pytest.raises(UncacheableValueError):
        Cache("by-hand").set_many({"d": 1, "e": object()})
    assert cache.get("d") is None


def test_get_or_set_loads_once(cache):
    calls = []

    def load():
        calls.append(1)
        return {"n": len(calls)}

    assert [cache.get_or_set("k", load) for _ in range(3)] == [{"n": 1}] * 3
    cache.delete("k")
    assert cache.get_or_set("k", load) == {"n": 2}


def test_a_set_value_is_seen_by_a_function_of_the_same_key(cache, tiers):
    @kit_cache.hybrid_cache(cache_name="by-hand", key_prefix="", key_generator=lambda n: f"user:{n}", tiers=tiers)
    def user(n):
        return "loaded"

    cache.set("user:1", "set")
    assert user(1) == "set"
    assert user(2) == "loaded"
    assert cache.get("user:2") == "loaded"
    assert user.cache_key(2) == "user:2"
    cache.set("user:2", "set")
    assert user(2) == "set"


def test_patterns(cache):
    cache.set_many({"user:1": 1, "user:2": 2, "other:1": 3})
    assert cache.delete_pattern("user:*") is True
    assert cache.get_many(["user:1", "user:2", "other:1"]) == {"other:1": 3}


def test_tags_of_an_option_and_of_the_value(cache):
    cache.set("1", {"owner": "a"}, tags=lambda value: (f"owner:{value['owner']}",))
    cache.set("2", {"owner": "b"}, tags=("owner:b", "all"))
    cache.get_or_set("3", lambda: {"owner": "a"}, tags=("owner:a",))
    assert cache.invalidate_tags("owner:a") is True
    assert cache.get_many("123") == {"2": {"owner": "b"}}
    cache.set("1", "again", tags=("owner:a",))
    assert cache.get("1") == "again"
    assert cache.invalidate_tags("all", "owner:a") is True
    assert cache.get_many("123") == {}


def test_a_time_may_be_given_again(cache, clock):
    cache.set("k", "v", ttl=timedelta(seconds=10))
    clock.seconds = 8
    assert cache.touch("k", 30) is True
    clock.seconds = 20
    assert cache.get("k") == "v"
    clock.seconds = 40
    assert cache.get("k") is None
    assert cache.touch("k") is False


def test_the_value_decides_on_its_time(cache, clock):
    for key, seconds in (("short", 10), ("long", 50), ("never", 0)):
        cache.set(key, {"seconds": seconds}, ttl=lambda value: value["seconds"])
    assert sorted(cache.get_many(["short", "long", "never"])) == ["long", "short"]
    clock.seconds = 20
    assert sorted(cache.get_many(["short", "long", "never"])) == ["long"]


def test_none_may_have_a_time_of_its_own(cache, clock):
    calls = []
    load = lambda: calls.append(1)  # noqa: E731
    for _ in range(2):
        cache.get_or_set("k", load, negative_ttl=5)
    clock.seconds = 6
    cache.get_or_set("k", load, negative_ttl=5)
    assert len(calls) == 2


def test_where_a_value_came_from(cache, tiers, clock):
    found = cache.load("k", lambda: "v")
    assert (found.value, found.tier, found.stale) == ("v", "loader", False)
    clock.seconds = 10
    found = cache.get_entry("k")
    assert isinstance(found, CachedValue)
    assert found.tier == tiers[0]
    assert 10 <= found.age < 20


def test_clearing_and_counting(cache):
    cache.set("k", 1)
    cache.get("k")
    assert cache.stats()["hits"] >= 1
    assert cache.clear() is True
    assert cache.get("k") is None
    assert cache.name == "by-hand"


def test_coroutines(cache):
    calls = []

    async def load():
        calls.append(1)
        await asyncio.sleep(0.01)
        return [len(calls)]

    async def main():
        assert await asyncio.gather(*(cache.aget_or_set("k", load) for _ in range(5))) == [[1]] * 5
        assert (await cache.aload("k", load)).value == [1]
        assert await cache.aget("k") == [1]
        assert (await cache.aget_entry("k")).value == [1]
        assert await cache.aset("a", 1) is True
        assert await cache.aset_many({"b": 2}) is True
        assert await cache.aget_many(["a", "b"]) == {"a": 1, "b": 2}
        assert await cache.atouch("a", 30) is True
        assert await cache.adelete_pattern("a*") is True
        assert await cache.ainvalidate_tags("x") is True
        assert await cache.adelete("b") is True
        assert await cache.aget("b", "gone") == "gone"
        assert await cache.aclear() is True
        assert (await cache.astats())["cache_name"] == "by-hand"

    asyncio.run(main())


@pytest.mark.parametrize("key", ["", "~1", None, 7, "k" * 600, "\ud800"])
def test_a_key_is_a_text(key):
    with pytest.raises(CacheKeyError, match="key"):
        Cache("by-hand").get(key)


@pytest.mark.parametrize(
    ("option", "value"),
    [("stale", -1), ("eager", 1.0), ("jitter", 2), ("tags", "red"), ("soft_timeout", 0), ("cache_errors", ValueError)],
)
def test_an_option_that_makes_no_sense_is_named(option, value):
    with pytest.raises(CacheConfigError, match=option):
        Cache("by-hand", **{option: value})


@pytest.mark.parametrize("tag", ["", "\ud800", "t" * 200])
def test_a_tag_that_no_tier_can_write_is_refused(tag):
    with pytest.raises(CacheConfigError, match="tags"):
        Cache("by-hand", tags=(tag,))
    with pytest.raises(CacheConfigError, match="tags"):
        Cache("by-hand").invalidate_tags(tag)


def test_a_pattern_that_matches_no_possible_key_deletes_nothing(cache):
    cache.set("a", 1)
    assert cache.delete_pattern("\ud800*") is True
    assert cache.get("a") == 1


def test_an_unknown_option_is_refused():
    with pytest.raises(TypeError, match="tll"):
        Cache("by-hand", tll=3)


def test_jitter_only_shortens(clock):
    cache = Cache("jitter", ttl=100, jitter=0.5, tiers=("memory",))
    cache.clear()
    cache.set_many({str(n): n for n in range(200)})
    clock.seconds = 49
    assert len(cache.get_many(map(str, range(200)))) == 200
    clock.seconds = 75
    assert 0 < len(cache.get_many(map(str, range(200)))) < 200
    clock.seconds = 100
    assert cache.get_many(map(str, range(200))) == {}
