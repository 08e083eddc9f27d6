"""Which share of accesses finds its value in memory, by eviction policy, and what an access costs.

    uv run --group benchmarks python integration-tests/benchmarks/cache_hit_ratio.py

The traces are made with fixed seeds: a Zipf distribution (0.9) over 100,000 keys, the same with 30 % of keys that come
once, and one whose popular keys change five times.
"""

import itertools
import random
import time
from collections.abc import Callable

import cachetools
import theine
from _table import print_table
from kit_cache.codec.held import hold
from kit_cache.tiers.memory import Entry, MemoryTier

KEYS, ACCESSES = 100_000, 150_000
CAPACITIES = (1_000, 10_000)


def zipf(seed: int) -> list[int]:
    """Return accesses of which few keys have most."""
    weights = list(itertools.accumulate(1 / place**0.9 for place in range(1, KEYS + 1)))
    return random.Random(seed).choices(range(KEYS), cum_weights=weights, k=ACCESSES)


def with_scan(seed: int) -> list[int]:
    """Return the same, three of ten replaced by keys that come once."""
    chance = random.Random(seed)
    return [KEYS + place if chance.random() < 0.3 else key for place, key in enumerate(zipf(seed))]


def shifting(seed: int) -> list[int]:
    """Return the same, with other popular keys in each fifth."""
    part = ACCESSES // 5
    return [(key + place // part * 7_919) % KEYS for place, key in enumerate(zipf(seed))]


def kit(capacity: int) -> Callable[[str], bool]:
    """Return an access of kit_cache's memory: True for a hit."""
    memory = MemoryTier()

    def access(key: str) -> bool:
        found = memory.get(key)
        if found is not None:
            found.uses += 1
            return True
        memory.put(Entry(key, *hold(key)), most=capacity, most_bytes=2**40)
        return False

    return access


def tools(make: Callable[[int], cachetools.Cache]) -> Callable[[int], Callable[[str], bool]]:
    """Return what makes an access of a cachetools class."""

    def of_capacity(capacity: int) -> Callable[[str], bool]:
        cache = make(capacity)

        def access(key: str) -> bool:
            if cache.get(key) is not None:
                return True
            cache[key] = key
            return False

        return access

    return of_capacity


def wtinylfu(capacity: int) -> Callable[[str], bool]:
    """Return an access of theine."""
    cache = theine.Cache(capacity)

    def access(key: str) -> bool:
        if cache.get(key)[1]:
            return True
        cache.set(key, key)
        return False

    return access


POLICIES = {
    "kit": kit,
    "cachetools LRU": tools(cachetools.LRUCache),
    "cachetools LFU": tools(cachetools.LFUCache),
    "theine (W-TinyLFU)": wtinylfu,
}


def main() -> None:
    """Print the table."""
    traces = {"zipf": zipf(1), "30 % once": with_scan(1), "shifting": shifting(1)}
    heads = ["", *(f"{name} {capacity // 1000}k" for name in traces for capacity in CAPACITIES), "µs"]
    rows = []
    for name, make in POLICIES.items():
        ratios, seconds = [], 0.0
        for trace in traces.values():
            keys = [str(key) for key in trace]
            for capacity in CAPACITIES:
                access = make(capacity)
                started = time.process_time()
                hits = sum(map(access, keys))
                seconds += time.process_time() - started
                ratios.append(f"{hits / len(keys) * 100:.1f}")
        rows.append((name, *ratios, f"{seconds / len(traces) / len(CAPACITIES) / ACCESSES * 1e6:.2f}"))
    print_table("Hits in memory, %, and CPU time of an access", heads, rows)


if __name__ == "__main__":
    main()
