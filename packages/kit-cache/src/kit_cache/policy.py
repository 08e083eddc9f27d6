"""The options of entries, as one function or one call of `Cache` has set them."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypedDict

from kit_cache.errors import CacheConfigError
from kit_cache.settings import is_utf8, valid_tiers

if TYPE_CHECKING:
    from datetime import timedelta

Seconds: TypeAlias = "float | timedelta"
Ttl: TypeAlias = "Seconds | Callable[[Any], Seconds]"
Tags: TypeAlias = "tuple[str, ...] | Callable[[Any], tuple[str, ...]]"
_LONGEST_TAG = 128


class EntryOptions(TypedDict, total=False):
    """Options of entries, for decorators and for `Cache`; seconds are numbers or timedeltas.

    stale: seconds after its ttl for which an old value is served if loading fails or is slow, and to callers that come
        while one caller loads
    eager: the share of the ttl (0 to 1) after which one caller has the value refreshed in the background
    jitter: the share of the ttl (0 to 1) by which it is shortened at random, so that entries do not end together
    negative_ttl: the ttl of None, and of `cache_errors`
    cache_errors: exceptions that are cached, in memory, and raised again
    soft_timeout: seconds after which a stale value is served while the load goes on
    hard_timeout: seconds after which LoadTimeoutError is raised while the load goes on
    retry_after: seconds after a failed load in which a stale value is served without another attempt
    tags: names to invalidate entries by, or a function of the value that returns them
    tiers: any of "memory", "redis" and "disk"
    share: hand the same object to every reader instead of copies; for values that nobody changes
    lock: let one process load a value, and the others wait for it (default: True)
    """

    stale: Seconds
    eager: float | None
    jitter: float
    negative_ttl: Seconds | None
    cache_errors: tuple[type[Exception], ...]
    soft_timeout: Seconds | None
    hard_timeout: Seconds | None
    retry_after: Seconds
    tags: Tags
    tiers: tuple[str, ...] | None
    share: bool
    lock: bool


class Policy(NamedTuple):
    """The checked form of EntryOptions, in seconds."""

    ttl: float | Callable[[Any], Seconds]
    stale: float = 0.0
    eager: float | None = None
    jitter: float = 0.0
    negative_ttl: float | None = None
    cache_errors: tuple[type[Exception], ...] = ()
    soft_timeout: float | None = None
    hard_timeout: float | None = None
    retry_after: float = 1.0
    tags: Tags = ()
    tiers: frozenset[str] | None = None
    share: bool = False
    lock: bool = True

    def ttl_of(self, value: Any) -> float:
        """Return the seconds for which a value is fresh; 0 or less: it is not cached."""
        if value is None and self.negative_ttl is not None:
            return self.negative_ttl
        ttl = self.ttl
        seconds = ttl if isinstance(ttl, float) else _number(ttl(value), "what ttl returns", least=-inf)
        if self.jitter:
            from random import random

            seconds *= 1 - self.jitter * random()  # noqa: S311  (it only spreads the load)
        return seconds

    def tags_of(self, value: Any) -> tuple[str, ...]:
        """Return the tags of a value."""
        return valid_tags(self.tags(value)) if callable(self.tags) else self.tags


class KeyOptions(NamedTuple):
    """The options of a decorator about keys."""

    prefix: str | None = None
    self_key: Callable[[Any], object] | None = None
    generator: Callable[..., str] | None = None
    condition: Callable[..., bool] | None = None
    skip_arg: str | None = None
    secret: bool | tuple[str, ...] = False


def make_policy(ttl: Ttl, options: EntryOptions) -> Policy:
    """Return the checked options; raise CacheConfigError for values that make no sense, TypeError for unknown names."""
    unknown = options.keys() - EntryOptions.__annotations__.keys()
    if unknown:
        raise TypeError(f"no option is named {', '.join(sorted(unknown))}")
    found: dict[str, Any] = dict(options)
    for name in ("stale", "retry_after"):
        if name in found:
            found[name] = _number(found[name], name, least=0)
    for name in ("negative_ttl", "soft_timeout", "hard_timeout"):
        if found.get(name) is not None:
            found[name] = _number(found[name], name)
    for name, most in (("jitter", 1.0), ("eager", 1.0)):
        if found.get(name) is not None and not (_is_number(found[name]) and 0 <= found[name] < most):
            raise CacheConfigError(f"{name} is a share of the ttl from 0 to below 1, not {found[name]!r}")
    if found.get("tiers") is not None:
        found["tiers"] = valid_tiers(found["tiers"])
    if "tags" in found and not callable(found["tags"]):
        found["tags"] = valid_tags(found["tags"])
    errors = found.get("cache_errors", ())
    if not isinstance(errors, tuple) or not all(
        isinstance(each, type) and issubclass(each, Exception) for each in errors
    ):
        raise CacheConfigError(f"cache_errors is a tuple of exception classes, not {errors!r}")
    return Policy(ttl=ttl if callable(ttl) else _number(ttl, "ttl"), **found)


def _number(value: object, name: str, *, least: float | None = None) -> float:
    convert = getattr(value, "total_seconds", None)
    seconds = value if convert is None else convert()
    if not _is_number(seconds) or not (seconds > 0 if least is None else seconds >= least) or seconds == inf:  # type: ignore[operator]
        wanted = "above 0" if least is None else f"of at least {least:g}"
        raise CacheConfigError(f"{name} must be a number of seconds {wanted}, or a timedelta, not {value!r}")
    return float(seconds)  # type: ignore[arg-type]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def valid_tags(tags: object) -> tuple[str, ...]:
    """Return the tags as a tuple; raise CacheConfigError where one is no text, empty, too long, or not in UTF-8."""
    if isinstance(tags, (tuple, list, set, frozenset)) and all(
        isinstance(tag, str) and 0 < len(tag) <= _LONGEST_TAG and is_utf8(tag) for tag in tags
    ):
        return tuple(tags)
    raise CacheConfigError(f"tags is a tuple of texts of 1 to {_LONGEST_TAG} characters, not {tags!r}")
