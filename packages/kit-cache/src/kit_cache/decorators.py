"""The two decorators."""

import math
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, Protocol, TypeVar, overload

from kit_core.handlers import refuse_handler
from kit_core.parameters import is_async, is_generator, parameters_of

from kit_cache.cache import declare
from kit_cache.errors import CacheConfigError
from kit_cache.function import AsyncCachedFunction, CachedFunction, Policy
from kit_cache.keys import KeyBuilder
from kit_cache.settings import valid_name, valid_tiers

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
    ttl: float = 300,
    cache_name: str = "method",
    *,
    tiers: tuple[str, ...] | None = None,
    key: Callable[[Any], object] | None = None,
    key_prefix: str | None = None,
) -> Decorator:
    """Cache the results of a method or a function for `ttl` seconds.

    `tiers` is any of "memory", "redis" and "disk" (default: KIT_CACHE_TIERS, else all). Of `self` the key holds the
    result of `key(self)`, else of the class's `cache_key()`; without either an instance shares with no other, and only
    memory is used. `key_prefix` stands for the module and qualified name in the key.

    Raise CacheConfigError for arguments that make no sense; calls raise CacheKeyError for arguments, and
    UncacheableValueError for results, that can't be stored.
    """
    return _decorator("method_cache", ttl, cache_name, tiers=tiers, self_key=key, key_prefix=key_prefix)


def hybrid_cache(
    ttl: float = 300,
    key_prefix: str | None = None,
    cache_name: str = "default",
    key_generator: Callable[..., str] | None = None,
    condition: Callable[..., bool] | None = None,
    skip_cache_arg: str | None = "skip_cache",
    *,
    tiers: tuple[str, ...] | None = None,
) -> Decorator:
    """Cache the results of a function or a method for `ttl` seconds, with a say in the key and in the condition.

    `key_prefix` stands for the module and qualified name in the key; `key_generator(*args, **kwargs)` returns the rest
    of it, for a method including a text for `self`. Only calls whose `condition(*args, **kwargs)` is true are cached.
    A call with `skip_cache=True` (or another `skip_cache_arg`) neither reads nor writes; the argument is passed on
    only if the function declares it. `tiers`, `cache_key()` and the errors are those of `method_cache`.
    """
    return _decorator(
        "hybrid_cache",
        ttl,
        cache_name,
        tiers=tiers,
        key_prefix=key_prefix,
        generator=key_generator,
        condition=condition,
        skip_arg=skip_cache_arg,
    )


def _decorator(
    decorator: str,
    ttl: float,
    cache_name: str,
    *,
    tiers: tuple[str, ...] | None,
    key_prefix: str | None,
    self_key: Callable[[Any], object] | None = None,
    generator: Callable[..., str] | None = None,
    condition: Callable[..., bool] | None = None,
    skip_arg: str | None = None,
) -> Decorator:
    _check_ttl(ttl)
    valid_name(cache_name)
    used = None if tiers is None else valid_tiers(tiers)

    def decorate(function: Callable[..., Any]) -> Any:
        _check_function(function)
        refuse_handler(function, decorator, "gets whole events, no two of which are the same")
        keys = KeyBuilder(function, prefix=key_prefix, self_key=self_key, generator=generator, ignored=skip_arg)
        if keys.nameless and used is not None and "memory" not in used:
            raise CacheConfigError(f"{keys.function} is made inside a function: give it a key_prefix to share it")
        policy = Policy(
            function,
            cache=declare(cache_name, used),
            tiers=used,
            ttl=ttl,
            keys=keys,
            condition=condition,
            skip_arg=skip_arg,
        )
        return AsyncCachedFunction(policy) if is_async(function) else CachedFunction(policy)

    return decorate


def _check_ttl(ttl: object) -> None:
    if callable(ttl):
        raise TypeError("write the parentheses: @method_cache() or @hybrid_cache()")
    if isinstance(ttl, bool) or not isinstance(ttl, (int, float)) or not 0 < ttl < math.inf:
        raise CacheConfigError(f"ttl must be a number of seconds above 0, not {ttl!r}")


def _check_function(function: Any) -> None:
    if isinstance(function, staticmethod):
        raise TypeError("put the cache beneath @staticmethod, not above it")
    if isinstance(function, classmethod) or _takes_class(function):
        # `cache_delete` could not be bound to the class: since Python 3.13 a classmethod asks nobody to bind.
        raise TypeError(f"{function!r} is a class method: cache a static method or a function")
    if not hasattr(function, "__qualname__") or not hasattr(function, "__code__"):
        raise TypeError(f"{function!r} is not a function")
    if is_generator(function):
        raise TypeError(f"{function!r} is a generator: what it yields can't be cached")


def _takes_class(function: Any) -> bool:
    place = getattr(function, "__qualname__", "").rpartition(".")[0]
    found = parameters_of(function) if place and not place.endswith("<locals>") else None
    return found is not None and found.positional[:1] == ("cls",)
