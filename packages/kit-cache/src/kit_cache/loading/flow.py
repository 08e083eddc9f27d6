"""How a value is found or loaded, for threads and for tasks alike."""

import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from kit_core import guards
from kit_core.invocation import remaining_ms

from kit_cache import clock
from kit_cache.errors import LoadTimeoutError, UncacheableValueError
from kit_cache.found import CachedValue, from_entry
from kit_cache.loading.flights import Flight, patience
from kit_cache.loading.steps import Blocking, Flow, Load, Sleep, Spawn, Wait
from kit_cache.policy import Policy
from kit_cache.tiers.memory import Entry

if TYPE_CHECKING:
    from kit_cache.core.core import Core, Lease
    from kit_cache.found import Found, States

_LEASE_SECONDS = 15.0
_FIRST_LOOK, _LAST_LOOK = 0.005, 0.05  # seconds between two looks for another process's value
_SAME = 0.001


class Call(NamedTuple):
    """One call: its key and its policy; `me` and `loop` tell callers apart."""

    core: "Core"
    key: str
    policy: Policy
    tiers: frozenset[str]
    authority: str  # the tier that knows what others have invalidated; none for a key of this process only
    shared: bool  # whether tiers outside the process are asked
    me: object
    loop: Any = None
    label: str = ""  # the function's name, for errors


def fetch(call: Call, found: "Found | None" = None) -> Flow[CachedValue]:
    """Return the value from a tier, or load it.

    found: the answer of the tiers outside the process, if they have been asked already
    """
    core, key, policy = call.core, call.key, call.policy
    entry = yield from _in_memory(call)
    stale = entry if entry is not None and not entry.is_fresh() else None
    if entry is not None and stale is None:
        yield from _refresh_early(call, entry)
        return from_entry(entry)
    if found is None and call.shared and stale is None and policy.soft_timeout is not None:
        found = yield Blocking(core.find, call, None)  # is there an old value, so as not to wait for a new one?
    if found is not None:
        if found.is_fresh():
            return core.taken(found)
        stale = stale or found.as_entry()
    if stale is not None and core.is_resting(key):
        return from_entry(stale, stale=True)
    joined = yield from _join(call, stale)
    if isinstance(joined, CachedValue):
        return joined
    if policy.soft_timeout is None and policy.hard_timeout is None:
        return (yield from _lead(call, joined, stale, found))
    return (yield from _lead_bounded(call, joined, stale, found))


def _refresh_early(call: Call, entry: Entry) -> Flow[None]:
    """Have an entry loaded again in the background, where it is time for that and nobody does."""
    core = call.core
    if entry.eager <= clock.now() and core.may_refresh(call.key):
        flight, leads = core.flights.join(call.key, object(), call.loop)
        if leads:
            yield Spawn(_lead_apart(call, flight, entry, refreshing=True))


def _join(call: Call, stale: Entry | None) -> Flow[Flight | CachedValue]:
    """Wait for the load of another caller in this process; return a flight where this one has to load."""
    flights = call.core.flights
    while True:
        flight, leads = flights.join(call.key, call.me, call.loop)
        if leads:
            return flight
        if flight.leader == call.me:  # the loader asks for the value that it is to load
            return CachedValue((yield Load()), "loader")
        if stale is not None:
            return from_entry(stale, stale=True)
        if (yield Wait(flight, patience())):
            flight.raise_error()
            if flight.entry is not None:
                return CachedValue(flight.entry.read(), "loader")
            continue  # its leader was cancelled
        taken = flights.take_over(call.key, flight, call.me)
        if taken is not None:
            return taken


def _in_memory(call: Call) -> Flow[Entry | None]:
    """Return the entry in memory, if it may be served; invalidations by others are looked for first."""
    core, key = call.core, call.key
    if "memory" not in call.tiers:
        return None
    entry = core.memory.get(key)
    if entry is None:
        return None
    if core.must_check(call.authority):
        yield Blocking(core.check, call.authority)
        entry = core.memory.get(key)
        if entry is None:
            return None
    if not entry.is_usable():
        core.memory.pop(key)
        return None
    if entry.is_fresh():
        entry.uses += 1
        core.confirm(entry, call.authority)
        if entry.error is not None:
            raise entry.error.with_traceback(None)
    return entry


def _lead(
    call: Call, flight: Flight, stale: Entry | None, found: "Found | None", *, refreshing: bool = False
) -> Flow[CachedValue]:
    core, key = call.core, call.key
    try:
        value = yield from _find_or_load(call, flight, stale, found, refreshing)
        flight.keep(value.value, share=call.policy.share)
        return value
    except Exception as error:
        flight.fail(error)
        raise
    finally:
        core.flights.leave(key, flight)


def _lead_apart(
    call: Call, flight: Flight, stale: Entry | None, found: "Found | None" = None, *, refreshing: bool = False
) -> Flow[CachedValue]:
    """Lead a flight in a thread or task of its own; only waiting callers get its error."""
    apart = call._replace(me=flight.leader)
    try:
        return (yield from _lead(apart, flight, stale, found, refreshing=refreshing))
    except Exception as error:
        if refreshing or not flight.waiting:
            guards.log("kit.cache", logging.WARNING, "loading a value failed", exc_info=error, extra={"key": call.key})
        raise


def _lead_bounded(call: Call, flight: Flight, stale: Entry | None, found: "Found | None") -> Flow[CachedValue]:
    """Have the value loaded apart, and wait for it no longer than the policy says."""
    policy = call.policy
    flight.leader = object()
    flight.waiting += 1
    yield Spawn(_lead_apart(call, flight, stale, found))
    soft, hard = policy.soft_timeout, policy.hard_timeout
    seconds = hard if stale is None or soft is None else min(soft, hard or soft)
    remaining = remaining_ms()
    if remaining is not None:
        seconds = min(seconds or remaining / 1000, max(0.0, remaining / 1000 - 0.1))
    if (yield Wait(flight, seconds if seconds is not None else patience())):
        flight.raise_error()
        if flight.entry is not None:
            return CachedValue(flight.entry.read(), "loader")
    if stale is not None and stale.is_usable():
        call.core.counts.stale += 1
        return from_entry(stale, stale=True)
    raise LoadTimeoutError(call.key, seconds or 0.0)


def _find_or_load(
    call: Call, flight: Flight, stale: Entry | None, found: "Found | None", refreshing: bool
) -> Flow[CachedValue]:
    core, key = call.core, call.key
    if not call.shared:
        return (yield from _load(call, flight, stale, [], None))
    if found is None or not call.policy.lock:  # a lease is taken together with another look
        found = yield Blocking(core.find, call, flight)
    assert found is not None
    if _is_news(found, stale, refreshing):
        return core.taken(found)
    stale = stale or found.as_entry()
    if stale is not None and not refreshing and core.is_resting(key):
        return from_entry(stale, stale=True)
    lease, waited, pause, most = None, 0.0, _FIRST_LOOK, patience()
    while call.policy.lock and found.states and waited < most:
        if waited:
            yield Sleep(pause)
        lease, found = yield Blocking(core.claim, call, flight, found.states, _lease(call.policy))
        if _is_news(found, stale, refreshing):
            if lease is not None:
                core.release_soon(lease)
            return core.taken(found)
        if lease is not None:
            break
        if stale is not None:  # another process is loading it
            return from_entry(stale, stale=not stale.is_fresh())
        pause = min(_LAST_LOOK, pause * 1.25)
        waited += pause
    return (yield from _load(call, flight, stale, found.states, lease))


def _is_news(found: "Found", old: Entry | None, refreshing: bool) -> bool:
    """Tell whether a tier had a fresh value; for a refresh it must be newer than the one that is refreshed."""
    if not found.is_fresh():
        return False
    return not refreshing or old is None or found.created > old.created + _SAME


def _load(
    call: Call, flight: Flight, stale: Entry | None, states: "States", lease: "Lease | None"
) -> Flow[CachedValue]:
    core, key, policy = call.core, call.key, call.policy
    try:
        value = yield Load()
    except BaseException as error:
        if lease is not None:
            core.release_soon(lease)
        if isinstance(error, Exception):
            core.counts.errors += 1
            if stale is not None and stale.is_usable() and not isinstance(error, policy.cache_errors):
                core.rest(key, policy.retry_after)
                core.counts.stale += 1
                message = "loading a value failed, an old one is served"
                guards.log("kit.cache", logging.WARNING, message, exc_info=error, extra={"key": key})
                return from_entry(stale, stale=True)
            if isinstance(error, policy.cache_errors):
                core.keep_error(call, flight, error)
        raise
    try:
        prepared = core.prepare(call, value)
        if not call.shared:
            core.keep(call, flight, prepared)
    except UncacheableValueError as error:  # the loader's work is not lost
        if lease is not None:
            core.release_soon(lease)
        core.tell_uncacheable(call, error)
        return CachedValue(value, "loader")
    except BaseException:
        if lease is not None:
            core.release_soon(lease)
        raise
    if call.shared:
        yield Blocking(core.store, call, flight, prepared, states, lease)
    return CachedValue(value, "loader")


def _lease(policy: Policy) -> float:
    """Return the seconds of a lease: a process that is killed or frozen in a load keeps it until then."""
    seconds = policy.hard_timeout or _LEASE_SECONDS
    remaining = remaining_ms()
    return seconds if remaining is None else max(0.1, min(seconds, remaining / 1000 + 0.5))
