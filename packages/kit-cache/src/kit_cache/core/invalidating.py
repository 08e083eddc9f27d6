"""Deleting in every tier: outside first.

A load that reads there just before is still under way, and is made stale, or has put its value into memory already,
where it is then removed.
"""

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kit_cache import clock
from kit_cache.core.state import State
from kit_cache.settings import is_utf8

if TYPE_CHECKING:
    from kit_cache.tiers.port import Change, Tier

_LATE = 1.0  # seconds after which a check that another thread makes is waited for
_BOTH, _DISK = frozenset({"redis", "disk"}), frozenset({"disk"})


class Invalidating(State):
    """Invalidates entries, and repeats the invalidations of other processes in this one."""

    def delete(self, keys: Sequence[str], tiers: frozenset[str] | None = None) -> bool:
        """Delete keys from every tier; tell whether all have answered."""
        done = True
        shared = [key for key in keys if not key.startswith("~")]
        if shared:
            for _, tier in self.outer(self.tiers if tiers is None else tiers):
                done = tier.delete(shared) and done
        for key in keys:
            self.forget(key)
        return done

    def delete_pattern(self, pattern: str) -> bool:
        """Delete the keys that match a glob pattern from every tier; tell whether all have answered."""
        done = True
        if not is_utf8(pattern):  # no key matches
            return done
        for _, tier in self.outer(self.tiers):
            done = tier.delete_pattern(pattern) and done
        self.forget_pattern(pattern)
        return done

    def invalidate_tags(self, tags: Sequence[str]) -> bool:
        """Make every value with one of the tags a miss in every tier; tell whether all have answered."""
        done = True
        for _, tier in self.outer(self.tiers):
            done = tier.invalidate_tags(tags) and done
        self.forget_tags(tags)
        return done

    def clear(self) -> bool:
        """Delete everything from every tier; tell whether all have answered."""
        done = True
        outer = self.outer(self.tiers)
        for _, tier in outer:
            done = tier.clear() and done
        self.forget_all()
        sweeps = [sweep for _, tier in outer if (sweep := getattr(tier, "sweep", None)) is not None]
        if sweeps:
            threading.Thread(target=lambda: [sweep() for sweep in sweeps], name="kit-cache-sweep", daemon=True).start()
        return done

    def must_check(self, authority: str) -> bool:
        """Tell whether others may have invalidated something since memory was last compared."""
        wall, mono = self._believed.get(authority, (0.0, 0.0))
        return bool(authority) and (clock.wall() >= wall or clock.mono() >= mono)

    def check(self, authority: str) -> None:
        """Take the invalidations of others from Redis, or the disk; after a freeze this is the first thing to do."""
        wall, mono = self._believed.get(authority, (0.0, 0.0))
        late = clock.wall() - wall > _LATE or clock.mono() - mono > _LATE
        if not self._checking.acquire(blocking=late):
            return
        try:
            if self.must_check(authority):
                (_, tier), *local = self.outer(_BOTH if authority == "redis" else _DISK)
                changes = tier.changes()
                if changes is not None and authority not in self._compared:
                    self._begin_comparing(authority)
                if changes:
                    self._apply(changes, [each for each in local if each[0] in self.tiers])
                seconds = self.settings.check_seconds
                self._believed[authority] = (clock.wall() + seconds, clock.mono() + seconds)
        finally:
            self._checking.release()

    def _begin_comparing(self, authority: str) -> None:
        """Drop the values of memory from before the first answer: their invalidations are in no comparison."""
        if authority in self._believed:  # there was no answer before, and loads may be under way since then
            self.forget_all()
        else:
            with self.flights.lock:
                self.memory.clear()
        self._compared.add(authority)

    def _apply(self, changes: "Sequence[Change]", local: "Sequence[tuple[str, Tier]]") -> None:
        """Repeat the invalidations of others in memory; also on disk, where they come from Redis."""
        from kit_cache.tiers.port import CLEAR, KEY, PATTERN, TAG

        by_kind: dict[str, list[str]] = {}
        for change in changes:
            by_kind.setdefault(change.kind, []).append(change.name)
        if CLEAR in by_kind:
            self.forget_all()
            by_kind = {CLEAR: []}
        for key in by_kind.get(KEY, ()):
            self.forget(key)
        for pattern in by_kind.get(PATTERN, ()):
            self.forget_pattern(pattern)
        if TAG in by_kind:
            self.forget_tags(by_kind[TAG])
        for _, tier in local:
            if CLEAR in by_kind:
                tier.clear()
            if KEY in by_kind:
                tier.delete(by_kind[KEY])
            for pattern in by_kind.get(PATTERN, ()):
                tier.delete_pattern(pattern)
            if TAG in by_kind:
                tier.invalidate_tags(by_kind[TAG])
