"""A function and its cache: the objects that the decorators put in the function's place."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast, overload

from kit_cache import clock
from kit_cache.found import CachedValue
from kit_cache.fronts.compiled import compile_front
from kit_cache.fronts.target import Target, fetch_async, fetch_sync
from kit_cache.keys.binding import BindError
from kit_cache.stats import CacheStats, stats_of
from kit_cache.tiers.memory import Entry

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
S = TypeVar("S")


class _Front(Generic[P]):
    """Stands in the function's place; holds its target, and `self` where it was taken from an instance."""

    _target: Target
    _bound: tuple[Any, ...] = ()
    _call: Any

    def __init__(self, target: Target) -> None:
        self._target = target
        functools.update_wrapper(cast("Callable[..., Any]", self), target.function)

    def __set_name__(self, owner: type, name: str) -> None:
        """Note that this is a method; its first parameter may have any name."""
        keys, parent = self._target.keys, self._target.function.__qualname__.rpartition(".")[0]
        # A function that a class only borrows stays a function.
        if keys.names and parent == owner.__qualname__ and keys.bound_to is None:
            keys.bound_to = "instance"
            _compile(self)

    def __getattr__(self, name: str) -> Any:
        """Look like the method, where this is one."""
        if name in ("__name__", "__qualname__", "__wrapped__", "__doc__", "__module__") and self._bound:
            function = self._target.function
            return function.__get__(self._bound[0]) if name == "__wrapped__" else getattr(function, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __repr__(self) -> str:
        """Name the function."""
        return f"<{type(self).__name__} {self._target.keys.function}>"

    @property
    def uncached(self) -> Any:
        """The function itself, bound as this is."""
        return self._target.function.__get__(self._bound[0]) if self._bound else self._target.function

    def cache_key(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """Return the key of this call, as `Cache` and patterns know it; it begins with "~" if no other process does."""
        return self._target.key(self._bound + args, dict(kwargs))

    def _bind(self, owner: Any) -> Any:
        kind: Any = type(self)
        bound = object.__new__(kind.__mro__[1] if kind._compiled else kind)
        bound.__dict__.update(_target=self._target, _bound=(owner,), _call=kind.__call__)
        return bound

    _compiled = False


class CachedFunction(_Front[P], Generic[P, R]):
    """A function whose results are cached; also a method, taken from its class or from an instance."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return the cached result of this call, else call the function."""
        return self._call(*self._bound, *args, **kwargs)  # type: ignore[no-any-return]

    def cache_get(self, *args: P.args, **kwargs: P.kwargs) -> CachedValue:
        """Call it, and return the result with its origin: the tier, its age, and whether it is stale."""
        return fetch_sync(self._target, self._bound + args, dict(kwargs))

    def cache_delete(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Delete the cached result of this call, in every tier, and let no load that is under way bring it back.

        Return whether every tier has answered; a deletion that Redis missed is done as soon as it is back.
        """
        return self._target.delete(self._bound + args, dict(kwargs))

    def cache_clear(self) -> bool:
        """Delete everything under the function's cache name, which other functions may share."""
        return self._target.core.clear()

    def cache_stats(self) -> CacheStats:
        """Return how the function's cache is doing."""
        return stats_of(self._target.core)

    @overload
    def __get__(self, instance: None, owner: type) -> "CachedFunction[P, R]": ...

    @overload
    def __get__(
        self: "CachedFunction[Concatenate[S, Q], R]", instance: S, owner: type | None = None
    ) -> "CachedFunction[Q, R]": ...

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Bind to an instance, as a function does; a class method binds to the class."""
        if self._target.keys.bound_to == "class":
            return self._bind(owner if owner is not None else type(instance))
        return self if instance is None or self._target.is_static else self._bind(instance)


class AsyncCachedFunction(_Front[P], Generic[P, R]):
    """A coroutine function whose results are cached; its `cache_…` calls are awaited, but for `cache_key`."""

    _is_coroutine_marker = True  # as inspect.markcoroutinefunction leaves it

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Awaitable[R]:
        """Return the cached result of this call, else await the function."""
        return self._call(*self._bound, *args, **kwargs)  # type: ignore[no-any-return]

    async def cache_get(self, *args: P.args, **kwargs: P.kwargs) -> CachedValue:
        """Call it, and return the result with its origin; see `CachedFunction.cache_get`."""
        return await fetch_async(self._target, self._bound + args, dict(kwargs))

    async def cache_delete(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Delete the cached result of this call; see `CachedFunction.cache_delete`."""
        from kit_core.loop import in_thread

        return await in_thread(self._target.delete, self._bound + args, dict(kwargs))

    async def cache_clear(self) -> bool:
        """Delete everything under the function's cache name, which other functions may share."""
        from kit_core.loop import in_thread

        return await in_thread(self._target.core.clear)

    async def cache_stats(self) -> CacheStats:
        """Return how the function's cache is doing."""
        from kit_core.loop import in_thread

        return await in_thread(stats_of, self._target.core)

    @overload
    def __get__(self, instance: None, owner: type) -> "AsyncCachedFunction[P, R]": ...

    @overload
    def __get__(
        self: "AsyncCachedFunction[Concatenate[S, Q], R]", instance: S, owner: type | None = None
    ) -> "AsyncCachedFunction[Q, R]": ...

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Bind to an instance, as a function does; a class method binds to the class."""
        if self._target.keys.bound_to == "class":
            return self._bind(owner if owner is not None else type(instance))
        return self if instance is None or self._target.is_static else self._bind(instance)


def front_of(target: Target) -> Any:
    """Return the object that takes the function's place: of a class of its own, whose call is the compiled one."""
    base: type = AsyncCachedFunction if target.is_async else CachedFunction
    made = type(base.__name__, (base,), {"_compiled": True, "__call__": None, "__module__": base.__module__})
    front = made(target)
    _compile(front)
    return front


def _compile(front: Any) -> None:
    """Give a front its call; anew where it turns out to be a method."""
    target: Target = front._target
    slow = _slow_async(target) if target.is_async else _slow(target)
    called = None
    options = target.options
    if options.generator is None and options.condition is None and not hasattr(target.function, "__wrapped__"):
        parts = {"get": target.table.get, "slow": slow, "bypass": target.bypass}
        if target.keys.bound_to is not None:
            parts["scope"] = target.scope_key
        called = compile_front(
            target.function.__name__,
            target.keys.bind.parameters,
            parts,
            skip_arg=options.skip_arg,
            is_async=target.is_async,
        )
    if called is None:
        called = _general_async(target, slow) if target.is_async else _general(target, slow)
    type(front).__call__ = staticmethod(called)


def _slow(target: Target) -> Callable[..., Any]:
    def slow(args: tuple[Any, ...], kwargs: dict[str, Any], hot: Any) -> Any:
        return fetch_sync(target, args, kwargs, hot).value

    return slow


def _slow_async(target: Target) -> Callable[..., Any]:
    async def slow(args: tuple[Any, ...], kwargs: dict[str, Any], hot: Any) -> Any:
        return (await fetch_async(target, args, kwargs, hot)).value

    return slow


def _general(target: Target, slow: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        if target.wants_no_cache(args, kwargs):
            return target.function(*args, **kwargs)
        try:
            entry, hot = _find_hot(target, args, kwargs)
        except BindError:
            return target.function(*args, **kwargs)  # which says what is wrong
        return slow(args, kwargs, hot) if entry is None else entry.read()

    return call


def _general_async(target: Target, slow: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        if target.wants_no_cache(args, kwargs):
            return await target.function(*args, **kwargs)
        try:
            entry, hot = _find_hot(target, args, kwargs)
        except BindError:
            return await target.function(*args, **kwargs)
        return await slow(args, kwargs, hot) if entry is None else entry.read()

    return call


def _find_hot(target: Target, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Entry | None, Any]:
    """Return the entry that may be handed out at once, and the key of compiled fronts; raise BindError."""
    hot = None
    try:
        hot = target.hot_key(args, kwargs)
        entry = target.table.get(hot)
    except TypeError:  # something that can't be hashed
        return None, None
    if entry is None or clock.mono() >= entry.mono or clock.wall() >= entry.wall:
        return None, hot
    entry.uses += 1
    return entry, hot
