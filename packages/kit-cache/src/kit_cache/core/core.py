"""Loading and storing, on top of the rest: all that a flow asks of a cache name."""

import os
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from kit_core import guards

from kit_cache import clock
from kit_cache.core.finding import Finding
from kit_cache.core.state import MOST_REMEMBERED
from kit_cache.found import Found, States
from kit_cache.loading.flights import Flight
from kit_cache.tiers.memory import Entry

if TYPE_CHECKING:
    from kit_cache.errors import UncacheableValueError
    from kit_cache.loading.flow import Call
    from kit_cache.tiers.port import Tier
    from kit_cache.tiers.rows import State

_WARNING = 30  # logging's number


class Prepared(NamedTuple):
    """A loaded value, ready to be stored; `body` is its encoded form where a tier outside the process is to have it."""

    value: Any
    body: bytes
    created: float
    fresh: float
    expires: float
    tags: tuple[str, ...]
    cached: bool


class Lease(NamedTuple):
    """The right to load a key alone, in a tier."""

    tier: "Tier"
    key: str
    token: str
    state: "State"

    def release(self) -> None:
        """Give it back, if it is not over and another's by now."""
        self.tier.release(self.key, self.token, self.state)


class Core(Finding):
    """Everything about one cache name in this process."""

    def claim(self, call: "Call", flight: Flight, states: States, seconds: float) -> tuple[Lease | None, Found]:
        """Try to take the lease of a load, and look again: another process may have stored the value just now.

        None: another has it. A lease that nobody answers for is the caller's, and worth nothing.
        """
        _, tier, state = states[0]
        token = os.urandom(12).hex()
        mine = tier.acquire(call.key, token, seconds, state)
        found = self.find(call, flight)
        return (None if mine is False else Lease(tier, call.key, token, state)), found

    @staticmethod
    def release_soon(lease: Lease) -> None:
        """Give a lease back without waiting for it."""
        threading.Thread(target=lease.release, name="kit-cache-release", daemon=True).start()

    def may_refresh(self, key: str) -> bool:
        """Tell whether to refresh an entry now: nobody does, and the last attempt is a moment ago."""
        return not self.flights.is_loading(key) and not self.is_resting(key)

    def rest(self, key: str, seconds: float) -> None:
        """Make no attempt to load a key for so long, as long as a stale value can be served."""
        if len(self._resting) >= MOST_REMEMBERED:
            self._resting.clear()
        self._resting[key] = clock.mono() + seconds

    def is_resting(self, key: str) -> bool:
        """Tell whether a load of the key failed a moment ago."""
        until = self._resting.get(key)
        return until is not None and clock.mono() < until

    # ---- Storing

    def prepare(self, call: "Call", value: Any, *, loaded: bool = True) -> Prepared:
        """Encode a value; UncacheableValueError if that can't be done."""
        from kit_cache.codec import bodies
        from kit_cache.codec.held import is_used_up
        from kit_cache.errors import UncacheableValueError

        if loaded:
            self.counts.loads += 1
        if is_used_up(value):
            raise UncacheableValueError("$", type(value).__qualname__, call.label, value=value)
        ttl = call.policy.ttl_of(value)
        body = b""
        if call.tiers - {"memory"} and not call.key.startswith("~"):
            try:
                body = bodies.dumps(value)
            except UncacheableValueError as error:
                raise UncacheableValueError(error.path, error.kind, call.label, value=value) from None
        now = clock.now()
        return Prepared(
            value, body, now, now + ttl, now + ttl + call.policy.stale, call.policy.tags_of(value), cached=ttl > 0
        )

    def tell_uncacheable(self, call: "Call", error: "UncacheableValueError") -> None:
        """Warn that a function's value can't be cached, once for each function."""
        if call.label not in self._uncacheable:
            self._uncacheable.add(call.label)
            message = "a value is returned uncached: %s"
            guards.log("kit.cache", _WARNING, message, error, extra={"key": call.key})

    def store(
        self, call: "Call", flight: Flight | None, prepared: Prepared, states: States, lease: Lease | None
    ) -> bool:
        """Store a loaded value in every tier that has answered, unless it was invalidated; give the lease back."""
        from kit_cache.tiers.rows import Row

        accepted = True
        if prepared.cached:
            outer = self.outer(call.tiers)
            if outer and outer[0][0] == "redis" and not any(name == "redis" for name, _, _ in states):
                outer[0][1].delete([call.key])  # it is away, and has an older value: that must not come back
            for name, tier, state in states:
                versions = tier.tag_versions(prepared.tags) if prepared.tags else {}
                row = Row(prepared.body, prepared.created, prepared.fresh, prepared.expires, versions or {})
                if versions is not None and tier.write(call.key, row, state) is False and name != "disk":
                    accepted = False
                    self.counts.refused += 1
                    break
                if name == "disk":
                    self._on_disk.pop(call.key, None)
            if accepted:
                self.keep(call, flight, prepared)
        if lease is not None:
            lease.release()
        return accepted

    def replace(self, call: "Call", prepared: Prepared) -> bool:
        """Store a value in place of any other, in every tier; tell whether all have answered."""
        from kit_cache.tiers.rows import Row

        if not prepared.cached:
            return self.delete([call.key], call.tiers)
        done = True
        for _, tier in self.outer(call.tiers):
            versions = tier.tag_versions(prepared.tags) if prepared.tags else {}
            row = Row(prepared.body, prepared.created, prepared.fresh, prepared.expires, versions or {})
            if versions is None or not tier.replace(call.key, row, tell=True):
                tier.delete([call.key])  # no older value may come back
                done = False
        self.forget(call.key)
        self.keep(call, None, prepared)
        return done

    def keep(self, call: "Call", flight: Flight | None, prepared: Prepared) -> None:
        """Hold a loaded value in memory, unless it was invalidated since the load began."""
        from kit_cache.codec.values import TOO_DEEP
        from kit_cache.errors import UncacheableValueError

        if "memory" not in call.tiers or not prepared.cached:
            return
        try:
            entry = self.entry(call, prepared.value, prepared.tags)
        except RecursionError:
            kind = type(prepared.value).__qualname__
            raise UncacheableValueError(TOO_DEEP, kind, call.label, value=prepared.value) from None
        self.live(entry, call.policy, prepared.created, prepared.fresh, prepared.expires)
        self.put(entry, flight, call)

    def keep_error(self, call: "Call", flight: Flight, error: Exception) -> None:
        """Hold an exception that is to be raised again, in memory."""
        ttl = call.policy.negative_ttl or call.policy.ttl_of(None)
        if "memory" in call.tiers and ttl > 0:
            entry = Entry(call.key, None, None, 500)
            entry.error = error
            now = clock.now()
            entry.live(now, now + ttl, now + ttl)
            self.put(entry, flight, call)
