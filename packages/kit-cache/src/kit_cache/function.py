"""A function and its cache: the objects that the decorators put in the function's place."""

import functools
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast, overload

from kit_core import guards

from kit_cache import codec
from kit_cache.cache import NOWHERE, Cache, CacheStats, Found
from kit_cache.errors import CacheConfigError, UncacheableValueError
from kit_cache.flights import Flight
from kit_cache.keys import BindError, Key, KeyBuilder
from kit_cache.memory import Held

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
S = TypeVar("S")


class Policy:
    """Everything that one decorator has settled for one function."""

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        cache: Cache,
        tiers: frozenset[str] | None,
        ttl: float,
        keys: KeyBuilder,
        condition: Callable[..., bool] | None = None,
        skip_arg: str | None = None,
    ) -> None:
        self.function = function
        self.cache = cache
        self.ttl = ttl
        self.keys = keys
        self._chosen = tiers
        self.selective = condition is not None or skip_arg is not None
        self._condition = condition
        self._skip_arg = skip_arg
        self._own_skip_arg = keys.names.index(skip_arg) if skip_arg in keys.names else None
        self._told = False

    @property
    def tiers(self) -> frozenset[str]:
        """The tiers that the decorator names, else the environment's."""
        return self._chosen if self._chosen is not None else self.cache.settings.tiers

    def bypass(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Tell whether the caller or the condition wants no cache; take the skip argument out if it is only for us."""
        own = self._own_skip_arg
        if own is not None:
            if kwargs.get(self.keys.names[own], args[own] if len(args) > own else False):
                return True
        elif self._skip_arg is not None and kwargs.pop(self._skip_arg, False):
            return True
        return self._condition is not None and not self._condition(*args, **kwargs)

    def held(self, key: Key) -> Held | None:
        """Return the value in memory, or None."""
        held = self.cache.memory.get(key)
        if held is not None:
            self.cache.hits += 1
        return held

    def text(self, key: Key) -> str | None:
        """Return the key outside the process, or None where the call may be cached in memory only."""
        text = self.keys.text(key)
        if text is not None:
            return text
        if "memory" not in self.tiers:
            raise CacheConfigError(
                f"{self.keys.function}: what self is isn't declared, so it can be cached in memory only;"
                " give the class a cache_key() method, or the decorator a key"
            )
        if len(self.tiers) > 1 and not self._told:
            self._told = True
            message = "cached in memory only: the class declares no cache_key()"
            guards.log("kit.cache", logging.DEBUG, message, extra={"of": self.keys.function})
        return None

    def found(self, key: Key, flight: Flight, found: Found) -> Any:
        """Take a value from a tier outside the process."""
        self.cache.hits += 1
        self._keep(key, flight, found.value, min(found.expires, time.time() + self.ttl))
        return found.value

    def loaded(self, key: Key, text: str | None, flight: Flight, value: Any) -> tuple[bytes, float]:
        """Take a value from the function itself; return its encoded form for the tiers outside, and its expiry."""
        self.cache.misses += 1
        if hasattr(value, "__await__") or hasattr(value, "__next__"):
            raise UncacheableValueError("$", type(value).__qualname__, self.keys.function)
        body = b""
        if text is not None and self.tiers != {"memory"}:
            try:
                body = codec.dumps(value)
            except UncacheableValueError as error:
                raise UncacheableValueError(error.path, error.kind, self.keys.function) from None
        expires = time.time() + self.ttl
        try:
            self._keep(key, flight, value, expires)
        except RecursionError:
            raise UncacheableValueError(codec.TOO_DEEP, type(value).__qualname__, self.keys.function) from None
        return body, expires

    def _keep(self, key: Key, flight: Flight, value: Any, expires: float) -> None:
        flight.held = held = Held(value)
        if "memory" in self.tiers:
            self.cache.keep(key, held, expires, flight)

    def delete(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Delete the cached result of a call."""
        if self._skip_arg is not None and self._own_skip_arg is None:
            kwargs = {name: value for name, value in kwargs.items() if name != self._skip_arg}
        try:
            key = self.keys(args, kwargs)
        except BindError:
            raise TypeError(f"{self.keys.function} can't be called with these arguments") from None
        return self.cache.delete(key, self.keys.text(key), self.tiers)


class _Front(Generic[P]):
    """Stands in the function's place: the policy, and `self` where it was taken from an instance."""

    def __init__(self, policy: Policy, bound: tuple[Any, ...] = ()) -> None:
        self._policy = policy
        self._bound = bound
        if not bound:
            functools.update_wrapper(cast("Callable[..., Any]", self), policy.function)

    def __set_name__(self, owner: type, name: str) -> None:
        """Note that this is a method; its first parameter may have any name."""
        keys, parent = self._policy.keys, self._policy.function.__qualname__.rpartition(".")[0]
        if keys.names and parent == owner.__qualname__:  # a function that a class only borrows stays a function
            keys.method = True

    def __getattr__(self, name: str) -> Any:
        """Look like the method, where this is one."""
        if name in ("__name__", "__qualname__", "__wrapped__") and self.__dict__.get("_bound"):
            return getattr(self._policy.function, name, self._policy.function.__get__(self._bound[0]))
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __repr__(self) -> str:
        """Name the function."""
        return f"<{type(self).__name__} {self._policy.keys.function}>"


class CachedFunction(_Front[P], Generic[P, R]):
    """A function whose results are cached; also a method, taken from its class or from an instance."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return the cached result of this call, else call the function. An exception is never cached."""
        policy, given, named = self._policy, self._bound + args, cast("dict[str, Any]", kwargs)
        if policy.selective and policy.bypass(given, named):
            return policy.function(*given, **named)  # type: ignore[no-any-return]
        try:
            key = policy.keys(given, named)
        except BindError:
            return policy.function(*given, **named)  # type: ignore[no-any-return]
        held = policy.held(key)
        if held is not None:
            return held.take()  # type: ignore[no-any-return]
        return self._fly(key, given, named)

    def _fly(self, key: Key, args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
        policy, me = self._policy, threading.get_ident()
        while True:
            flight, leads = policy.cache.flights.join(key, me, None)
            if leads:
                break
            if flight.leader == me or not flight.wait():
                return policy.function(*args, **kwargs)  # type: ignore[no-any-return]
            if flight.error is not None:
                raise flight.error
            if flight.held is not None:
                return flight.held.take()  # type: ignore[no-any-return]
        try:
            return self._lead(key, flight, args, kwargs)
        except Exception as error:
            flight.error = error
            raise
        finally:
            policy.cache.flights.leave(key, flight)

    def _lead(self, key: Key, flight: Flight, args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
        policy = self._policy
        text = policy.text(key)
        found = policy.cache.find(text, policy.tiers)
        if isinstance(found, Found):
            return policy.found(key, flight, found)  # type: ignore[no-any-return]
        value = policy.function(*args, **kwargs)
        body, expires = policy.loaded(key, text, flight, value)
        policy.cache.store(text, body, expires, found)
        return value  # type: ignore[no-any-return]

    def cache_delete(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Delete the cached result of this call, in every tier, and let no load that is under way bring it back.

        Return whether every tier has answered; a deletion that Redis missed is done when this process next reaches it.
        """
        return self._policy.delete(self._bound + args, kwargs)

    def cache_clear(self) -> bool:
        """Delete everything under the function's cache name, which other functions may share."""
        return self._policy.cache.clear()

    def cache_stats(self) -> CacheStats:
        """Return how the function's cache is doing."""
        return self._policy.cache.stats()

    @overload
    def __get__(self, instance: None, owner: type) -> "CachedFunction[P, R]": ...

    @overload
    def __get__(
        self: "CachedFunction[Concatenate[S, Q], R]", instance: S, owner: type | None = None
    ) -> "CachedFunction[Q, R]": ...

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Bind to an instance, as a function does."""
        return self if instance is None else CachedFunction(self._policy, (instance,))


class AsyncCachedFunction(_Front[P], Generic[P, R]):
    """The same for `async def`: everything is awaited, and nothing blocks the loop."""

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return the cached result of this call, else await the function. An exception is never cached."""
        policy, given, named = self._policy, self._bound + args, cast("dict[str, Any]", kwargs)
        if policy.selective and policy.bypass(given, named):
            return await policy.function(*given, **named)  # type: ignore[no-any-return]
        try:
            key = policy.keys(given, named)
        except BindError:
            return await policy.function(*given, **named)  # type: ignore[no-any-return]
        held = policy.held(key)
        if held is not None:
            return held.take()  # type: ignore[no-any-return]
        return await self._fly(key, given, named)

    async def _fly(self, key: Key, args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
        import asyncio

        policy, me = self._policy, asyncio.current_task()
        while True:
            flight, leads = policy.cache.flights.join(key, me, asyncio.get_running_loop())
            if leads:
                break
            if flight.leader is me or not await flight.wait_async():
                return await policy.function(*args, **kwargs)  # type: ignore[no-any-return]
            if flight.error is not None:
                raise flight.error
            if flight.held is not None:
                return flight.held.take()  # type: ignore[no-any-return]
        try:
            return await self._lead(key, flight, args, kwargs)
        except Exception as error:
            flight.error = error
            raise
        finally:
            policy.cache.flights.leave(key, flight)

    async def _lead(self, key: Key, flight: Flight, args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
        from kit_core.loop import in_thread

        policy = self._policy
        text = policy.text(key)
        outside = text is not None and policy.tiers != {"memory"}
        found = await in_thread(policy.cache.find, text, policy.tiers) if outside else NOWHERE
        if isinstance(found, Found):
            return policy.found(key, flight, found)  # type: ignore[no-any-return]
        value = await policy.function(*args, **kwargs)
        body, expires = policy.loaded(key, text, flight, value)
        if found.states:
            await in_thread(policy.cache.store, text, body, expires, found)
        return value  # type: ignore[no-any-return]

    async def cache_delete(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Delete the cached result of this call; see `CachedFunction.cache_delete`."""
        from kit_core.loop import in_thread

        return await in_thread(self._policy.delete, self._bound + args, dict(kwargs))

    async def cache_clear(self) -> bool:
        """Delete everything under the function's cache name, which other functions may share."""
        from kit_core.loop import in_thread

        return await in_thread(self._policy.cache.clear)

    async def cache_stats(self) -> CacheStats:
        """Return how the function's cache is doing."""
        from kit_core.loop import in_thread

        return await in_thread(self._policy.cache.stats)

    @overload
    def __get__(self, instance: None, owner: type) -> "AsyncCachedFunction[P, R]": ...

    @overload
    def __get__(
        self: "AsyncCachedFunction[Concatenate[S, Q], R]", instance: S, owner: type | None = None
    ) -> "AsyncCachedFunction[Q, R]": ...

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Bind to an instance, as a function does."""
        return self if instance is None else AsyncCachedFunction(self._policy, (instance,))
