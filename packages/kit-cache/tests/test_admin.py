"""Management by name, and the tools for tests."""

import pytest
from kit_cache import CacheConfigError, UnknownCacheError, admin, method_cache
from kit_cache.testing import Event, FakeClock, RecordedCaches


def test_a_pattern_is_cleared_and_said_so(counting):
    made = counting("value", cache_name="managed", key_prefix="user")
    for x in (1, 2, 11):
        made.load(x)
    assert admin.clear_cache("managed", "user:1*") == {
        "success": True,
        "message": "Cache cleared for pattern: user:1*",
        "cache_name": "managed",
        "complete": True,
    }
    for x in (1, 2, 11):
        made.load(x)
    assert made.calls == [1, 2, 11, 1, 11]
    assert admin.clear_cache("managed")["message"] == "Cache cleared for pattern: *"
    made.load(2)
    assert made.calls[-1] == 2
    stats = admin.stats("managed")
    assert stats["success"] is True
    assert {"hits", "misses", "memory_bytes", "disk_bytes", "breaker_open", "redis_available"} <= stats.keys()


@pytest.mark.parametrize("name", ["../../x", "", "unheard-of", None, 7])
def test_unknown_names_are_refused(name):
    for operation in (admin.clear_cache, admin.stats, admin.clear):
        with pytest.raises(UnknownCacheError):
            operation(name)


def test_names_may_be_declared_before_their_modules_are_imported():
    admin.declare("later-1", "later-2")
    assert {"later-1", "later-2"} <= set(admin.names())
    assert admin.clear("later-1") is True
    with pytest.raises(CacheConfigError):
        admin.declare("../../x")


def test_a_recorded_cache_tells_what_was_loaded_and_deleted():
    @method_cache(cache_name="recorded", key_prefix="user")
    def user(number):
        return number

    with RecordedCaches() as recorded:
        user(1)
        user(1)
        user(2)
        user.cache_delete(1)
        user.cache_clear()
    assert recorded.loads == ["user:1", "user:2"]
    assert recorded.events == [
        Event("load", "recorded", ("user:1",)),
        Event("load", "recorded", ("user:2",)),
        Event("delete", "recorded", ("user:1",)),
        Event("clear", "recorded"),
    ]


def test_a_fake_clock_moves_both_clocks(counting):
    made = counting("value", ttl=60)
    with FakeClock() as moved:
        made.load(1)
        moved.seconds = 61
        made.load(1)
    assert made.calls == [1, 1]


def test_names_have_times_of_their_own(counting):
    with FakeClock() as moved:
        made = {name: counting("value", cache_name=name) for name in ("settings", "database", "api", "else")}
        for each in made.values():
            each.load(1)
        moved.seconds = 400
        for each in made.values():
            each.load(1)
        moved.seconds = 700
        made["settings"].load(1)
        made["database"].load(1)
    assert {name: len(each.calls) for name, each in made.items()} == {
        "settings": 1,
        "database": 2,
        "api": 2,
        "else": 2,
    }


def test_service_classes_that_are_made_in_every_invocation_hit(caplog):
    assert Service().get_config("k") == Service().get_config("k")
    assert Service.calls == ["k"]
    stateful = Stateful("a")
    assert (stateful.get(1), Stateful("b").get(1)) == ("a", "b")
    messages = [record for record in caplog.records if "cached in this process only" in record.getMessage()]
    assert [record.levelname for record in messages] == ["WARNING"]


class Service:
    calls: list = []  # noqa: RUF012

    @method_cache(cache_name="settings", key_prefix="service")
    def get_config(self, key):
        self.calls.append(key)
        return {"key": key}


class Stateful:
    def __init__(self, name):
        self.name = name

    @method_cache(cache_name="settings", key_prefix="stateful")
    def get(self, key):
        return self.name
