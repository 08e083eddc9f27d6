"""A machine of operations on two processes over every tier, held to a simple model, with faults in between."""

import kit_cache
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from kit_cache.core import Core
from kit_cache.tiers import stores

KEYS = ["a:1", "a:2", "b:1", "b:2"]
TAGS = ["red", "blue"]
TTL = 100.0


class Broken:
    """A tier in front of another, which does not answer while it is told not to."""

    def __init__(self, tier):
        self._tier = tier
        self.down = False
        self.missed = []

    def __getattr__(self, name):
        if name == "peek":
            raise AttributeError(name)  # the long way is the one that is tested
        method = getattr(self._tier, name)
        if not callable(method):
            return method

        def call(*args, **kwargs):
            if not self.down:
                return method(*args, **kwargs)
            if name in ("delete", "delete_pattern", "invalidate_tags", "clear"):
                self.missed.append((name, args))
                return False
            return None

        return call

    def recover(self):
        """Answer again; deletions that were missed come first, as a real link does it."""
        self.down = False
        for name, args in self.missed:
            getattr(self._tier, name)(*args)
        self.missed.clear()


class Process:
    """One process: a core of its own over shared stores, and a loader that reads the source of truth."""

    def __init__(self, truth, use_redis):
        self.core = Core("model")
        self.truth = truth
        self.use_redis = use_redis
        self.tiers = ("memory", "redis", "disk") if use_redis else ("memory", "disk")
        self.shared = []
        cache = object.__new__(kit_cache.Cache)
        kit_cache.Cache.__init__(cache, "model", ttl=TTL, tiers=self.tiers)
        cache._core = self.core
        self.core.declare(frozenset(self.tiers))
        self.cache = cache
        settings_ = self.core.settings
        if use_redis:
            self.core.use("redis", Broken(stores.redis_tier(settings_)))
        self.core.use("disk", Broken(stores.disk_tier(settings_)))

    def tier(self, name):
        return self.core.opened(name)

    def get(self, key):
        value, tag = self.truth[key]
        return self.cache.get_or_set(key, lambda: [value, tag], tags=(tag,))


class Machine(RuleBasedStateMachine):
    """A value that is read was true at the last invalidation of its key, or later.

    While Redis is down, a process can know only the invalidations before its last contact about the key.
    """

    use_redis = False

    @initialize()
    def start(self):
        kit_cache.reset()
        self.version = 0
        self.truth = {key: [0, TAGS[place % 2]] for place, key in enumerate(KEYS)}
        self.oldest = dict.fromkeys(KEYS, 0)  # of which version a value must be at least
        self.seen = {}  # the newest version that a process has read
        self.told = {}  # `oldest` as a process has last learnt it
        self.processes = [Process(self.truth, self.use_redis) for _ in range(2)]
        self.processes[0].core.clear()
        for process in self.processes:
            process.core.forget_all()

    def authority(self):
        return "redis" if self.use_redis else "disk"

    def all_up(self):
        return not any(process.tier(name).down for process in self.processes for name in process.tiers[1:])

    def change(self, keys):
        self.version += 1
        for key in keys:
            self.truth[key][0] = self.version

    def invalidated(self, keys, who):
        """Every later read is of the version of now."""
        for key in keys:
            self.oldest[key] = self.told[who, key] = self.truth[key][0]

    @rule(who=st.integers(0, 1), key=st.sampled_from(KEYS))
    def read(self, who, key):
        value, _ = self.processes[who].get(key)
        if not self.use_redis or not self.processes[who].tier("redis").down:
            self.told[who, key] = self.oldest[key]
        oldest = self.told.get((who, key), 0)
        assert oldest <= value <= self.truth[key][0], (key, value, oldest)
        newest = self.seen.get((who, key), 0)
        assert value >= newest, f"{key}: {value} is older than {newest}, which this process has seen"
        self.seen[who, key] = value

    @rule(key=st.sampled_from(KEYS))
    def change_the_source(self, key):
        self.change([key])

    @precondition(lambda self: self.all_up())
    @rule(who=st.integers(0, 1), key=st.sampled_from(KEYS))
    def delete(self, who, key):
        self.change([key])
        assert self.processes[who].cache.delete(key) is True
        self.invalidated([key], who)

    @precondition(lambda self: self.all_up())
    @rule(who=st.integers(0, 1), key=st.sampled_from(KEYS))
    def set(self, who, key):
        self.change([key])
        assert self.processes[who].cache.set(key, list(self.truth[key]), tags=(self.truth[key][1],)) is True
        self.invalidated([key], who)

    @precondition(lambda self: self.all_up())
    @rule(who=st.integers(0, 1), letter=st.sampled_from("ab"))
    def delete_pattern(self, who, letter):
        keys = [key for key in KEYS if key.startswith(letter)]
        self.change(keys)
        assert self.processes[who].cache.delete_pattern(f"{letter}:*") is True
        self.invalidated(keys, who)

    @precondition(lambda self: self.all_up())
    @rule(who=st.integers(0, 1), tag=st.sampled_from(TAGS))
    def invalidate_tag(self, who, tag):
        keys = [key for key in KEYS if self.truth[key][1] == tag]
        self.change(keys)
        assert self.processes[who].cache.invalidate_tags(tag) is True
        self.invalidated(keys, who)

    @precondition(lambda self: self.all_up())
    @rule(who=st.integers(0, 1))
    def clear(self, who):
        self.change(KEYS)
        assert self.processes[who].cache.clear() is True
        self.invalidated(KEYS, who)

    @precondition(lambda self: self.all_up())
    @rule(who=st.integers(0, 1), key=st.sampled_from(KEYS))
    def a_load_that_is_overtaken(self, who, key):
        """A value that was read before a deletion by the other process may be returned, but is not kept."""
        first, second = self.processes[who], self.processes[1 - who]
        old = list(self.truth[key])

        def load():
            self.change([key])
            assert second.cache.delete(key) is True
            return old

        before = self.version
        first.cache.delete(key)
        first.cache.get_or_set(key, load, tags=(old[1],))
        assert self.version == before + 1
        self.invalidated([key], 1 - who)

    @rule(who=st.integers(0, 1), name=st.sampled_from(["redis", "disk"]))
    def break_a_tier(self, who, name):
        tier = self.processes[who].tier(name)
        if tier is not None and name != self.authority():
            tier.down = True

    @rule()
    def break_redis_for_all(self):
        if self.use_redis:
            for process in self.processes:
                process.tier("redis").down = True

    @rule(who=st.integers(0, 1), key=st.sampled_from(KEYS))
    def delete_while_something_is_down(self, who, key):
        """It returns False, and holds for all as soon as everything is back."""
        self.change([key])
        self.processes[who].cache.delete(key)

    @rule()
    def recover(self):
        for process in self.processes:
            for name in process.tiers[1:]:
                process.tier(name).recover()

    @rule(who=st.integers(0, 1))
    def memory_is_full_of_others(self, who):
        self.processes[who].core.memory.clear()

    @rule(who=st.integers(0, 1))
    def restart_a_process(self, who):
        self.processes[who] = Process(self.truth, self.use_redis)
        for key in KEYS:
            self.seen.pop((who, key), None)

    @invariant()
    def nothing_waits(self):
        assert all(
            not process.core.flights.is_loading(key) for process in getattr(self, "processes", ()) for key in KEYS
        )


class MachineWithRedis(Machine):
    use_redis = True


OPTIONS = settings(
    max_examples=100,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


def test_memory_and_disk(monkeypatch, tmp_path):
    monkeypatch.setenv("KIT_CACHE_CHECK_MS", "0")  # every read compares: the bound itself is another test's
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(Machine, settings=OPTIONS)


def test_memory_redis_and_disk(redis, monkeypatch):
    monkeypatch.setenv("KIT_CACHE_CHECK_MS", "0")
    monkeypatch.setenv("KIT_CACHE_REDIS_TIMEOUT_MS", "5000")
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(MachineWithRedis, settings=OPTIONS)


@pytest.mark.parametrize("machine", [Machine, MachineWithRedis])
def test_a_value_set_before_the_first_comparison_is_compared(redis, monkeypatch, machine):
    monkeypatch.setenv("KIT_CACHE_CHECK_MS", "0")
    monkeypatch.setenv("KIT_CACHE_REDIS_TIMEOUT_MS", "5000")
    steps = machine()
    steps.start()
    steps.set(0, "a:1")
    steps.delete(1, "a:1")
    steps.read(0, "a:1")


def test_a_value_loaded_while_redis_was_away_is_compared_when_it_is_back(redis, monkeypatch):
    monkeypatch.setenv("KIT_CACHE_CHECK_MS", "0")
    monkeypatch.setenv("KIT_CACHE_REDIS_TIMEOUT_MS", "5000")
    steps = MachineWithRedis()
    steps.start()
    steps.processes[0].tier("redis").down = True
    steps.read(0, "a:1")
    steps.change(["a:1"])
    assert steps.processes[1].cache.delete("a:1") is True
    steps.invalidated(["a:1"], 1)
    steps.recover()
    steps.read(0, "a:1")
