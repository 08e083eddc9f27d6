"""Values as they are found in a tier."""

from typing import TYPE_CHECKING, Any, NamedTuple

from kit_cache import clock
from kit_cache.tiers.memory import Entry

if TYPE_CHECKING:
    from kit_cache.tiers.port import Tier
    from kit_cache.tiers.rows import State

States = list[tuple[str, "Tier", "State"]]
NOTHING = object()


class CachedValue(NamedTuple):
    """A value, and where it came from.

    tier: "memory", "redis" or "disk", or "loader" if it was loaded for this call
    age: seconds since it was loaded
    stale: whether its ttl was over
    """

    value: Any
    tier: str
    age: float = 0.0
    stale: bool = False


class Found(NamedTuple):
    """The answer of the tiers outside the process: a value, fresh or stale, or NOTHING.

    states: the tiers that have answered with their states, to hand back when another value has been loaded
    entry: the value as it is kept in memory
    """

    states: States
    value: Any = NOTHING
    tier: str = ""
    created: float = 0.0
    fresh: float = 0.0
    expires: float = 0.0
    entry: Entry | None = None

    def is_fresh(self) -> bool:
        """Tell whether there is a value, and a new one."""
        return self.value is not NOTHING and clock.now() < self.fresh

    def has_value(self) -> bool:
        """Tell whether there is a value, fresh or stale."""
        return self.value is not NOTHING

    def as_entry(self) -> Entry | None:
        """Return the value as an entry, if there is one."""
        if self.value is NOTHING or self.entry is not None:
            return self.entry
        entry = Entry("", None, self.value, 0)
        entry.tier = self.tier
        entry.live(self.created, self.fresh, self.expires)
        return entry


def from_entry(entry: Entry, *, stale: bool = False) -> CachedValue:
    """Return a reader's own value of an entry."""
    return CachedValue(entry.read(), entry.tier, entry.age(), stale)
