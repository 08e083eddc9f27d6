"""A cache that records, for tests of code that is cached."""

from typing import Any, NamedTuple, Self

from kit_cache import registry
from kit_cache.core import Core


class Event(NamedTuple):
    """One event: "load", "delete", "pattern", "tags" or "clear", with its cache name and its keys."""

    kind: str
    cache_name: str
    keys: tuple[str, ...] = ()


class RecordedCaches:
    """Runs the code of a `with` block with memory alone, empty at the beginning, and records loads and invalidations.

    >>> with RecordedCaches() as recorded:
    ...     user(1)
    ...     user(1)
    >>> recorded.loads
    ['shop.user:1']
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._patched: list[tuple[type, str, Any]] = []

    @property
    def loads(self) -> list[str]:
        """The keys that were loaded, in order."""
        return [key for event in self.events if event.kind == "load" for key in event.keys]

    def __enter__(self) -> Self:
        registry.reset()
        self._replace("tiers_of", lambda core, chosen: frozenset({"memory"}))
        self._record("prepare", "load", lambda call, value, loaded=True: (call.key,) if loaded else None)
        self._record("delete", "delete", lambda keys, tiers=None: tuple(keys))
        self._record("delete_pattern", "pattern", lambda pattern: (pattern,))
        self._record("invalidate_tags", "tags", tuple)
        self._record("clear", "clear", lambda: ())
        return self

    def __exit__(self, *error: object) -> None:
        for owner, name, original in self._patched:
            setattr(owner, name, original)
        self._patched.clear()
        registry.reset()

    def _replace(self, name: str, function: Any) -> None:
        self._patched.append((Core, name, getattr(Core, name)))
        setattr(Core, name, function)

    def _record(self, name: str, kind: str, keys_of: Any) -> None:
        original = getattr(Core, name)

        def recorded(core: Core, *args: Any, **kwargs: Any) -> Any:
            keys = keys_of(*args, **kwargs)
            if keys is not None:
                self.events.append(Event(kind, core.name, keys))
            return original(core, *args, **kwargs)

        self._replace(name, recorded)
