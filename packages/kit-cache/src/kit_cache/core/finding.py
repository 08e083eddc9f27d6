"""Finding a value outside the process, and bringing memory and disk into line with it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kit_cache import clock
from kit_cache.core.invalidating import Invalidating
from kit_cache.core.state import MOST_REMEMBERED
from kit_cache.found import CachedValue, Found, States
from kit_cache.loading.flights import Flight

if TYPE_CHECKING:
    from kit_cache.loading.flow import Call
    from kit_cache.tiers.port import Tier
    from kit_cache.tiers.rows import Reading

    Readings = list[tuple[str, Tier, Reading | None]]


class Finding(Invalidating):
    """Finds values."""

    def find(self, call: "Call", flight: Flight | None) -> Found:
        """Ask the tiers outside the process, and fill those above and beside the one that has the value.

        flight: the load that this begins; without one, memory is filled if nothing is invalidated meanwhile
        """
        if self.must_check(call.authority):  # what is read from now on is compared from now on
            self.check(call.authority)
        outer = self.outer(call.tiers)
        mark = self.flights.mark
        readings = [(name, tier, tier.read(call.key)) for name, tier in outer]
        return self._found(call, readings, outer, flight, mark)

    def find_many(self, calls: "Sequence[Call]") -> dict[str, CachedValue]:
        """Ask for several keys at once; only the values that are there are returned."""
        outer = self.outer(calls[0].tiers)
        mark = self.flights.mark
        keys = [call.key for call in calls]
        columns = [(name, tier, tier.read_many(keys)) for name, tier in outer]
        found = {}
        for place, call in enumerate(calls):
            readings = [(name, tier, None if all_ is None else all_[place]) for name, tier, all_ in columns]
            one = self._found(call, readings, outer, None, mark)
            if one.has_value():
                found[call.key] = self.taken(one)._replace(stale=not one.is_fresh())
        return found

    def _found(
        self, call: "Call", readings: "Readings", outer: "list[tuple[str, Tier]]", flight: Flight | None, mark: int
    ) -> Found:
        states: States = []
        found = None
        for name, tier, reading in readings:
            if reading is None:
                continue
            if not states:
                if name == "redis" and len(outer) > 1:
                    self._align_disk(call.key, reading, outer[1][1])
                value = _decoded(reading.row.body) if reading.row is not None else None
                if value is not None and reading.row is not None:
                    found = (name, value[0], reading.row)
            states.append((name, tier, reading.state))
        if found is None:
            return Found(states)
        name, value, row = found
        self.count(name)
        fresh, expires = row.fresh, row.expires
        if isinstance(call.policy.ttl, float):  # another host's clock may be ahead
            now = clock.now()
            fresh = min(fresh, now + call.policy.ttl)
            expires = min(expires, now + call.policy.ttl + call.policy.stale)
        result = Found(states, value, name, row.created, fresh, expires)
        if "memory" in call.tiers:
            entry = self.entry(call, value, tuple(row.tags))
            self.live(entry, call.policy, row.created, fresh, expires)
            self.put(entry, flight, call, mark)
            result = result._replace(entry=entry)
        return result

    def is_on_disk(self, key: str, head: bytes) -> bool:
        """Tell whether the disk is known to have this very row."""
        return self._on_disk.get(key) == head

    def count(self, tier: str) -> None:
        """Count a hit of a tier outside the process."""
        if tier == "redis":
            self.counts.redis += 1
        else:
            self.counts.disk += 1

    def _align_disk(self, key: str, reading: "Reading", disk: "Tier") -> None:
        """Bring the disk into line with Redis: it may have to answer alone soon."""
        adopt = getattr(disk, "adopt", None)
        if adopt is not None:
            adopt(reading.state.version)
        row = reading.row
        if row is None:
            held = disk.read(key)
            if held is not None and held.row is not None:
                disk.delete([key])
            self._on_disk.pop(key, None)
        elif self._on_disk.get(key) != row.head:
            versions = disk.tag_versions(row.tags) if row.tags else {}
            if versions is not None and disk.replace(key, row._replace(tags=versions), tell=False):
                self._remember_on_disk(key, row.head)

    def _remember_on_disk(self, key: str, head: bytes) -> None:
        if len(self._on_disk) >= MOST_REMEMBERED:
            self._on_disk.clear()
        self._on_disk[key] = head

    @staticmethod
    def taken(found: Found) -> CachedValue:
        """Return a value that was found."""
        return CachedValue(found.value, found.tier, max(0.0, clock.now() - found.created))


def _decoded(body: bytes) -> tuple[Any] | None:
    """Return the value in a tuple, or None if it is damaged: it is loaded anew and overwritten."""
    from kit_cache.codec import bodies

    try:
        return (bodies.loads(body),)
    except ValueError:
        return None
