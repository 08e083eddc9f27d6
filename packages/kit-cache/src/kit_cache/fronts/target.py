"""The target of a front: a function, its keys, its policy, and its cache."""

from _thread import get_ident
from collections.abc import Callable
from typing import Any

from kit_core import guards
from kit_core.parameters import is_async

from kit_cache.core import Core
from kit_cache.found import CachedValue
from kit_cache.keys.binding import BindError
from kit_cache.keys.builder import LOCAL, KeyBuilder
from kit_cache.policy import KeyOptions, Policy

_MOST_TEXTS = 2048
_WARNING = 30  # logging's number


class Target:
    """Everything that one decorator has settled for one function."""

    def __init__(self, function: Callable[..., Any], core: Core, policy: Policy, options: KeyOptions) -> None:
        self.function = function
        self.core = core
        self.policy = policy
        self.keys = KeyBuilder(function, options)
        self.options = options
        self.is_async = is_async(function)
        self.is_static = False
        self.table: dict[Any, Any] = {}
        self._texts: dict[Any, str] = {}
        self._ways: dict[Any, Any] = {}
        self._openings = -1
        self._told = False

    @property
    def tiers(self) -> frozenset[str]:
        """The tiers that the decorator names, else the environment's."""
        return self.core.tiers_of(self.policy.tiers)

    def call_of(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], me: object, loop: Any = None, *, hot: Any = None
    ) -> Any:
        """Return the call for these arguments; raise BindError or CacheKeyError.

        hot: the compiled front's key for them; the text of one that tells values apart is made once
        """
        text = self._texts.get(hot) if hot is not None else None
        if text is None:
            text = self.keys.text(args, kwargs)
            if hot is not None and self._is_exact(hot):
                if len(self._texts) >= _MOST_TEXTS:
                    self._texts.clear()
                self._texts[hot] = text
        tiers = self.tiers
        local = text.startswith(LOCAL)
        if local:
            self._tell_local(text, tiers)
        authority = "" if local else self.core.authority(tiers)
        return _loading().Call(
            self.core, text, self.policy, tiers, authority, bool(authority), me, loop, self.keys.function
        )

    def way_of(self, hot: Any) -> Any:
        """Return the quick way of a call that was made before, if it has one."""
        if self._openings != self.core.openings:
            self._ways, self._openings = {}, self.core.openings
        return self._ways.get(hot)

    def remember_way(self, hot: Any, call: Any) -> None:
        """Keep the quick way of a call for its next time."""
        if "memory" not in call.tiers and self._texts.get(hot) == call.key:
            way = _loading().peek_of(call)
            if way is not None:
                if len(self._ways) >= _MOST_TEXTS:
                    self._ways.clear()
                self._ways[hot] = way

    def _is_exact(self, hot: tuple[Any, ...]) -> bool:
        """Tell whether equal keys of this kind are equal values."""
        first = 1 if self.keys.bound_to is not None and self.keys.generator is None else 0
        return bool(_loading().EXACT.issuperset(hot[first + (len(hot) - first) // 2 :]))

    def link(self, call: Any, hot: tuple[Any, ...] | None) -> None:
        """Let the compiled front find the entry by its own key, if equal keys are equal values."""
        if hot is not None and self._is_exact(hot):
            entry = self.core.memory.get(call.key)
            if entry is not None:
                self.core.memory.link(entry, self.table, hot)

    def scope_key(self, owner: Any) -> Any:
        """Return the part of `self` or `cls` in a compiled front's key; TypeError where it has none."""
        from kit_cache.keys.instances import has_state, instance_number

        if self.keys.bound_to == "class":
            return owner
        kind = type(owner)
        own = self.options.self_key
        if own is not None or hasattr(kind, "cache_key"):
            declared = own(owner) if own is not None else owner.cache_key()
            if type(declared) not in _loading().EXACT:
                raise TypeError
            return kind, declared, type(declared)
        return instance_number(owner) if has_state(owner) else kind

    def hot_key(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """Return the key that a compiled front makes of these arguments; raise BindError."""
        keys = self.keys
        if keys.generator is not None:
            text = keys.generator(*args, **kwargs)
            return (text, type(text))
        values = keys.bind(args, kwargs)
        skip = self.options.skip_arg
        if skip in keys.names:
            place = keys.names.index(skip)
            values = (*values[:place], *values[place + 1 :])
        if keys.bound_to is None:
            return (*values, *map(type, values))
        return (self.scope_key(values[0]), *values[1:], *map(type, values[1:]))

    def bypass(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function itself."""
        return self.function(*args, **kwargs)

    def _tell_local(self, text: str, tiers: frozenset[str]) -> None:
        if "memory" not in tiers:
            self.keys.check_shared(text)
        if len(tiers) > 1 and not self._told and not self.keys.nameless:
            self._told = True
            message = "%s is cached in this process only, apart for each instance: give the class a cache_key()"
            guards.log("kit.cache", _WARNING, message, self.keys.function)

    def delete(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Delete the cached result of a call."""
        return self.core.delete([self.key(args, kwargs)], self.tiers)

    def key(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        """Return the key of a call; TypeError for arguments that the function would refuse."""
        skip = self.options.skip_arg
        if skip is not None and skip not in self.keys.names:
            kwargs = {name: value for name, value in kwargs.items() if name != skip}
        try:
            return self.keys.text(args, kwargs)
        except BindError:
            raise TypeError(f"{self.keys.function} can't be called with these arguments") from None

    def wants_no_cache(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Tell whether the caller or the condition wants no cache; take the skip argument out if it is only for us."""
        skip, names = self.options.skip_arg, self.keys.names
        if skip is not None and skip in names:
            place = names.index(skip)
            if kwargs.get(skip, args[place] if len(args) > place else False):
                return True
        elif skip is not None and kwargs.pop(skip, False):
            return True
        condition = self.options.condition
        return condition is not None and not condition(*args, **kwargs)


def fetch_sync(target: Target, args: tuple[Any, ...], kwargs: dict[str, Any], hot: Any = None) -> CachedValue:
    """Return the value of a call, in this thread."""
    loading = _entrance or _loading()
    way = target.way_of(hot) if hot is not None else None
    found: Any = loading.peek(way) if way is not None else None
    if isinstance(found, CachedValue):
        return found
    call = target.call_of(args, kwargs, get_ident(), hot=hot)
    found = loading.look_quickly(call, way)
    result: CachedValue = (
        found
        if isinstance(found, CachedValue)
        else loading.run(loading.fetch(call, found), lambda: target.function(*args, **kwargs))
    )
    if hot is not None:
        if "memory" in call.tiers:
            target.link(call, hot)
        elif way is None:
            target.remember_way(hot, call)
    return result


async def fetch_async(target: Target, args: tuple[Any, ...], kwargs: dict[str, Any], hot: Any = None) -> CachedValue:
    """Return the value of a call, in this task."""
    import asyncio

    call = target.call_of(args, kwargs, asyncio.current_task(), asyncio.get_running_loop(), hot=hot)
    found: CachedValue = await _loading().run_async(_loading().fetch(call), lambda: target.function(*args, **kwargs))
    if hot is not None and "memory" in call.tiers:
        target.link(call, hot)
    return found


_entrance: Any = None


def _loading() -> Any:
    """Return the way to everything slower than a hit in memory, imported by the first call that needs it."""
    global _entrance
    if _entrance is None:
        from kit_cache.loading import entrance

        _entrance = entrance
    return _entrance
