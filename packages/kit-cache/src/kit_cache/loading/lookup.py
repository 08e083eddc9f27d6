"""Looking for a value without loading it."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from kit_cache import clock
from kit_cache.codec.bodies import loads, loads_from
from kit_cache.found import CachedValue, Found, from_entry
from kit_cache.loading.flow import Call
from kit_cache.tiers.rows import BODY, HEAD, current

_PACKED = b"JT"
_WORTH_KEEPING = 1024  # bytes of a row above which decoding costs more than looking for the same one


def look_up(call: Call) -> CachedValue | None:
    """Return the value of a call, from memory or a tier outside the process; a stale one is said to be."""
    found = _in_memory(call)
    if found is None and call.shared:
        outside = call.core.find(call, None)
        entry = outside.as_entry()
        if outside.has_value():
            assert entry is not None
            return CachedValue(outside.value, outside.tier, entry.age(), not outside.is_fresh())
    return found


def look_quickly(call: Call, way: "Peek | None" = None) -> "CachedValue | Found | None":
    """Return a fresh value of memory or a tier, or the answer of the tiers that had none; for the thread that calls.

    way: the quick way, where it has been tried already
    """
    core = call.core
    if "memory" in call.tiers:
        if core.must_check(call.authority):
            core.check(call.authority)
        if core.memory.get(call.key) is not None:  # it may be due for a refresh, or stale: the flow knows
            return None
        if not call.shared:
            return None
        if core.flights.is_loading(call.key):
            return None  # the caller waits for that load
    else:
        if way is None and (way := peek_of(call)) is not None and (peeked := peek(way)) is not None:
            return peeked
        if way is not None and not call.policy.stale and core.flights.is_loading(call.key):
            return None  # there is no old value that could be served meanwhile
    found = core.find(call, None)
    return core.taken(found) if found.is_fresh() else found


class Peek(NamedTuple):
    """The way to a hit of the first tier outside the process, for a call that memory is not asked for."""

    call: Call
    name: str
    ask: Callable[[str], tuple[object, object] | None]
    beside: bool  # whether a disk is to have what Redis says


def peek_of(call: Call) -> Peek | None:
    """Return the quick way of a call, if there is one: memory and refreshes have to do more."""
    if not call.shared or "memory" in call.tiers or call.policy.eager is not None:
        return None
    outer = call.core.outer(call.tiers)
    name, tier = outer[0]
    ask = getattr(tier, "peek", None)
    return None if ask is None else Peek(call, name, ask, len(outer) > 1)


def peek(way: Peek) -> CachedValue | None:
    """Return a hit with nothing else to do; None if there is anything else."""
    call, name, ask, beside = way
    seen = ask(call.key)
    if seen is None:
        return None
    raw: Any = seen[0]
    now = clock.now()
    created = current(raw, seen[1], now)
    if created is None or (beside and not call.core.is_on_disk(call.key, raw[:HEAD])):
        return None
    try:
        if len(raw) < _WORTH_KEEPING and raw[BODY] not in _PACKED:
            value = loads_from(raw, BODY)
        else:
            value = _decoded_once(call, raw)
    except (ValueError, IndexError):
        return None
    call.core.count(name)
    return CachedValue(value, name, now - created if now > created else 0.0)


def _decoded_once(call: Call, raw: bytes) -> Any:
    """Return the value of a row; ValueError if it is damaged.

    A large one is kept beside: as long as the tier has the very same row, it need not be decoded again. Nothing is
    served out of it without the tier's word.
    """
    core = call.core
    kept = core.decodings.get(call.key)
    if kept is not None and kept.head == raw[:HEAD]:
        return kept.read()
    value = loads(raw[BODY:])
    entry = core.entry(call, value, ())
    entry.head = raw[:HEAD]
    core.decodings.put(entry, most=core.settings.memory_entries, most_bytes=core.settings.memory_bytes // 4)
    return value


def look_up_many(calls: Sequence[Call]) -> dict[str, CachedValue]:
    """Return the values that are there, by key."""
    found = {call.key: value for call in calls if (value := _in_memory(call)) is not None}
    missing = {call.key: call for call in calls if call.key not in found and call.shared}
    if missing:
        found.update(calls[0].core.find_many(list(missing.values())))
    return {call.key: found[call.key] for call in calls if call.key in found}


def _in_memory(call: Call) -> CachedValue | None:
    core = call.core
    if core.must_check(call.authority):
        core.check(call.authority)
    entry = core.memory.get(call.key) if "memory" in call.tiers else None
    if entry is None or entry.error is not None:
        return None
    if not entry.is_usable():
        core.memory.pop(call.key)
        return None
    if entry.is_fresh():
        entry.uses += 1
        return from_entry(entry)
    return None if call.shared else from_entry(entry, stale=True)
