"""The two decorators."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, Protocol, TypeVar, Unpack, overload

from kit_core.handlers import refuse_handler
from kit_core.parameters import is_generator, parameters_of

from kit_cache.errors import CacheConfigError
from kit_cache.fronts.function import AsyncCachedFunction, CachedFunction, front_of
from kit_cache.fronts.target import Target
from kit_cache.policy import EntryOptions, KeyOptions, Policy, Ttl, make_policy
from kit_cache.registry import core_of
from kit_cache.settings import DEFAULT_TTL, DEFAULT_TTLS

P = ParamSpec("P")
R = TypeVar("R")


class Decorator(Protocol):
    """The result of `method_cache(…)` and `hybrid_cache(…)`; it keeps the function's signature."""

    @overload
    def __call__(  # type: ignore[overload-overlap]  # a coroutine function is a function, too: the first one matches
        self, function: Callable[P, Coroutine[Any, Any, R]], /
    ) -> AsyncCachedFunction[P, R]: ...

    @overload
    def __call__(self, function: Callable[P, R], /) -> CachedFunction[P, R]: ...


def method_cache(
    ttl: Ttl | None = None,
    cache_name: str = "method",
    *,
    key: Callable[[Any], object] | None = None,
    key_prefix: str | None = None,
    secret: bool | tuple[str, ...] = False,
    **options: Unpack[EntryOptions],
) -> Decorator:
    """Cache the results of a method or a function.

    ttl: seconds, a timedelta, or a function of the value that returns either (0: do not cache it). By default that of
        the cache name: 1800 s for "settings", 600 s for "database", 300 s for "api" and every other one.
    cache_name: functions of one name are cleared together
    key: a function of `self` that returns its part of keys, by default its `cache_key()`. Instances without attributes
        of their own share by their class; others without either share with none, and only memory is used.
    key_prefix: stands for the module and qualified name in the key
    secret: parameters whose values are hashed in keys, besides those whose names say that they are secret; True: all
    options: see `EntryOptions`

    Raise CacheConfigError for arguments that make no sense. Calls raise CacheKeyError for arguments that can't be in a
    key. A result that can't be stored is returned uncached, with one warning.

    >>> @method_cache(ttl=600, cache_name="database")
    ... def user(user_id: int) -> dict[str, str]:
    ...     return {"name": f"user {user_id}"}
    """
    keys = KeyOptions(key_prefix, self_key=key, secret=secret)
    return _decorator("method_cache", ttl, cache_name, keys, options)


def hybrid_cache(
    ttl: Ttl | None = None,
    key_prefix: str | None = None,
    cache_name: str = "default",
    key_generator: Callable[..., str] | None = None,
    condition: Callable[..., bool] | None = None,
    skip_cache_arg: str | None = "skip_cache",
    *,
    secret: bool | tuple[str, ...] = False,
    **options: Unpack[EntryOptions],
) -> Decorator:
    """Cache the results of a function or a method, with a say in the key and in the condition.

    key_prefix: stands for the module and qualified name in the key
    key_generator: called with the call's arguments, returns the rest of the key, for a method including a text for
        `self`
    condition: called with the call's arguments; only calls for which it is true are cached
    skip_cache_arg: a call with `skip_cache=True` neither reads nor writes; the argument is passed on only if the
        function declares it

    The other arguments and the errors are those of `method_cache`.

    >>> @hybrid_cache(ttl=60, cache_name="users", key_prefix="", key_generator=lambda user_id: f"user:{user_id}")
    ... def profile(user_id: int) -> dict[str, int]:
    ...     return {"id": user_id}
    """
    keys = KeyOptions(key_prefix, generator=key_generator, condition=condition, skip_arg=skip_cache_arg, secret=secret)
    return _decorator("hybrid_cache", ttl, cache_name, keys, options)


def _decorator(name: str, ttl: Ttl | None, cache_name: str, keys: KeyOptions, options: EntryOptions) -> Decorator:
    if hasattr(ttl, "__code__") and getattr(ttl, "__name__", "") != "<lambda>" and not parameters_of(ttl).required:  # type: ignore[union-attr]
        raise TypeError("write the parentheses: @method_cache() or @hybrid_cache()")
    policy = make_policy(DEFAULT_TTLS.get(cache_name, DEFAULT_TTL) if ttl is None else ttl, options)
    core = core_of(cache_name, policy.tiers)

    def decorate(function: Callable[..., Any]) -> Any:
        refuse_handler(function, name, "gets whole events, no two of which are the same")
        return _decorated(function, Target, core, policy, keys)

    return decorate


def _decorated(function: Any, make: type[Target], core: Any, policy: Policy, keys: KeyOptions) -> Any:
    inner, wrapper = function, ""
    if isinstance(function, (staticmethod, classmethod)):
        inner, wrapper = function.__func__, type(function).__name__
    _check_function(inner, wrapper)
    target = make(inner, core, policy, keys)
    target.is_static = wrapper == "staticmethod"
    if wrapper:
        target.keys.bound_to = "class" if wrapper == "classmethod" else None
    if target.keys.nameless and policy.tiers is not None and "memory" not in policy.tiers:
        raise CacheConfigError(f"{target.keys.function} is made inside a function: give it a key_prefix to share it")
    return front_of(target)


def _check_function(function: Any, wrapper: str) -> None:
    if not wrapper and _takes_class(function):
        # `cache_delete` could not be bound to the class: since Python 3.13 a classmethod asks nobody to bind.
        raise TypeError(f"{function!r} is a class method: put the cache above @classmethod")
    if not hasattr(function, "__qualname__") or not hasattr(function, "__code__"):
        raise TypeError(f"{function!r} is not a function")
    if is_generator(function):
        raise TypeError(f"{function!r} is a generator: what it yields can't be cached")


def _takes_class(function: Any) -> bool:
    place = getattr(function, "__qualname__", "").rpartition(".")[0]
    found = parameters_of(function) if place and not place.endswith("<locals>") else None
    return found is not None and found.positional[:1] == ("cls",)
