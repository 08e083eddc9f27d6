"""The tier in the process: its bounds, its cost, and which entries it keeps."""

import bisect
import random

import kit_cache
import pytest
from kit_cache import Cache
from kit_cache.codec.held import hold
from kit_cache.tiers.memory import Entry, MemoryTier


def entry(key, size=0):
    made = Entry(key, *hold(key))
    made.size = size or made.size
    made.live(0, 1e12, 1e12)
    return made


def test_memory_is_bounded_by_bytes(monkeypatch):
    monkeypatch.setenv("KIT_CACHE_MEMORY_BYTES", str(10 * 2**20))
    cache = Cache("bytes", tiers=("memory",))
    cache.clear()
    for key in range(300):
        cache.set(str(key), "x" * 1_000_000)
    stats = cache.stats()
    assert 0 < stats["memory_entries"] <= 10
    assert stats["memory_bytes"] <= 10 * 2**20
    cache.set("huge", "x" * 5_000_000)
    assert cache.get("huge") is None, "one value does not push out all others"
    assert cache.stats()["memory_entries"] > 0


class Watched(Entry):
    """An entry that counts how often the eviction looks at one."""

    __slots__ = ()
    looked = 0

    @property
    def uses(self):
        type(self).looked += 1
        return Entry.uses.__get__(self)

    @uses.setter
    def uses(self, number):
        Entry.uses.__set__(self, number)


@pytest.mark.parametrize("reads", [1, 5])
def test_no_put_goes_round_all_entries(reads):
    """Also when every entry was read since: each is looked at a few times in its life, and few of them in one put."""
    memory, limit, most = MemoryTier(), 5000, 0
    for number in range(limit):
        memory.put(Watched(str(number), None, "x", 1), most=limit, most_bytes=2**40)
    for number in range(limit):
        memory.get(str(number)).uses += reads
    for number in range(limit, 2 * limit):
        Watched.looked = 0
        memory.put(Watched(str(number), None, "x", 1), most=limit, most_bytes=2**40)
        most = max(most, Watched.looked)
    assert len(memory) == limit
    assert 0 < most < 300


def test_entries_that_are_read_stay():
    memory = MemoryTier()
    for number in range(1000):
        memory.put(entry(str(number)), most=100, most_bytes=2**40)
        kept = memory.get("0")
        assert kept is not None
        kept.uses += 1
    assert len(memory) == 100


def test_what_goes_is_no_longer_linked():
    memory, table = MemoryTier(), {}
    held = entry("k")
    memory.put(held, most=1, most_bytes=2**40)
    memory.link(held, table, ("k", str))
    assert table
    memory.put(entry("other"), most=1, most_bytes=2**40)
    assert table == {}
    memory.link(held, table, ("k", str))
    assert table == {}, "an entry that has gone can't be linked"
    memory.pop("other")
    memory.clear()
    assert memory.bytes == 0


def zipf(seed, count=60_000, keys=20_000):
    chance = random.Random(seed)
    weights, total = [], 0.0
    for place in range(1, keys + 1):
        total += 1 / place**0.9
        weights.append(total)
    return [bisect.bisect_left(weights, chance.random() * total) for _ in range(count)]


def hit_ratio(trace, limit):
    memory, hits = MemoryTier(), 0
    for key in map(str, trace):
        found = memory.get(key)
        if found is None:
            memory.put(entry(key, 1), most=limit, most_bytes=2**40)
        else:
            found.uses += 1
            hits += 1
    return hits / len(trace)


def lru_ratio(trace, limit):
    kept, hits = {}, 0
    for key in trace:
        if key in kept:
            hits += 1
            kept[key] = kept.pop(key)
            continue
        if len(kept) >= limit:
            del kept[next(iter(kept))]
        kept[key] = True
    return hits / len(trace)


def test_it_keeps_more_of_what_is_asked_for_than_lru():
    trace = zipf(7)
    assert hit_ratio(trace, 500) > lru_ratio(trace, 500) + 0.05


def test_it_learns_that_what_is_asked_for_changes():
    trace = [key + (place // 6000) * 2000 for place, key in enumerate(zipf(8))]
    assert hit_ratio(trace, 2000) > lru_ratio(trace, 2000) - 0.04


def test_names_are_forgotten_apart():
    names = [Cache(f"many-{name}", tiers=("memory",)) for name in range(3)]
    for cache in names:
        cache.set_many({str(key): key for key in range(300)})
        assert cache.delete_pattern("1*") is True
        assert cache.get("1") is None
        assert cache.get("2") == 2
        assert cache.clear() is True
    assert all(cache.get("2") is None for cache in names)
    assert kit_cache.stats("many-0")["memory_entries"] == 0


def test_what_compresses_well_counts_in_full(monkeypatch):
    monkeypatch.setenv("KIT_CACHE_MEMORY_BYTES", str(2**20))
    cache = Cache("packed")
    cache.clear()
    for key in range(50):
        cache.set(str(key), "x" * 100_000)
    assert 0 < cache.stats()["memory_entries"] <= 10
    cache.clear()
