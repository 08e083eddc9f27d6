"""The errors of this package.

CacheError
├── CacheConfigError     a decorator's argument or an environment variable makes no sense; also a ValueError
├── CacheKeyError        a call can't be turned into a key; also a TypeError
├── UncacheableValueError  a result can't be stored; also a TypeError
└── UnknownCacheError    no decorator has declared this cache name; also a LookupError

A Redis that is down, a full disk or a damaged file is never an error: it is a miss.
"""

from typing import Any


class CacheError(Exception):
    """Be the root of everything that kit-cache raises."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep the attributes in another process: by default the constructor would be called with the message alone."""
        return _restored, (type(self), self.args), self.__dict__


class CacheConfigError(CacheError, ValueError):
    """Say that a decorator's argument or an environment variable makes no sense."""


class CacheKeyError(CacheError, TypeError):
    """Say which argument of a call can't be part of a key.

    `function` is the qualified name, `argument` the parameter's name, `kind` the type that was found there.
    """

    def __init__(self, function: str, argument: str, kind: str, reason: str = "can't be part of a cache key") -> None:
        super().__init__(f"{function}: argument {argument!r} of type {kind!r} {reason}")
        self.function = function
        self.argument = argument
        self.kind = kind


class UncacheableValueError(CacheError, TypeError):
    """Say where in a result there is something that can't be stored.

    `path` leads there from the result itself (`$.items[3].owner`), `kind` is the type that was found there.
    """

    def __init__(self, path: str, kind: str, function: str = "") -> None:
        super().__init__(f"{function or 'the value'}: {path} of type {kind!r} can't be cached")
        self.path = path
        self.kind = kind
        self.function = function


class UnknownCacheError(CacheError, LookupError):
    """Say that no decorator has declared this cache name; `cache_name` is the unknown name."""

    def __init__(self, cache_name: str) -> None:
        super().__init__(f"no cache is named {cache_name!r}")
        self.cache_name = cache_name


def _restored(kind: type[CacheError], args: tuple[Any, ...]) -> CacheError:
    """Return an error that was pickled or copied, without its attributes."""
    return kind.__new__(kind, *args)
