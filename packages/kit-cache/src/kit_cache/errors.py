"""The errors of this package.

CacheError
├── CacheConfigError     an argument or an environment variable makes no sense; also a ValueError
├── CacheKeyError        a call can't be turned into a key; also a TypeError
├── LoadTimeoutError     a loader took longer than its hard time-out; also a TimeoutError
├── UncacheableValueError  a value set by hand can't be stored; also a TypeError
└── UnknownCacheError    no decorator and no `Cache` has declared this cache name; also a LookupError

A Redis that is down, a full disk or a damaged file is never an error: it is a miss.
"""

from typing import Any


class CacheError(Exception):
    """Be the root of everything that kit-cache raises."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep the attributes in another process: by default the constructor would be called with the message alone."""
        return _restored, (type(self), self.args), self.__dict__


class CacheConfigError(CacheError, ValueError):
    """Say that an argument or an environment variable makes no sense."""


class CacheKeyError(CacheError, TypeError):
    """Say which argument of a call can't be part of a key.

    `function` is the qualified name, `argument` the parameter's name, `kind` the type that was found there.
    """

    def __init__(self, function: str, argument: str, kind: str, reason: str = "can't be part of a cache key") -> None:
        super().__init__(f"{function}: argument {argument!r} of type {kind!r} {reason}")
        self.function = function
        self.argument = argument
        self.kind = kind


class LoadTimeoutError(CacheError, TimeoutError):
    """Say that a loader took longer than its hard time-out, and no stale value was there.

    `key` is the entry's key, `seconds` the time-out. The loader goes on, and its result is cached.
    """

    def __init__(self, key: str, seconds: float) -> None:
        super().__init__(f"loading {key!r} took longer than {seconds:g} s")
        self.key = key
        self.seconds = seconds


class UncacheableValueError(CacheError, TypeError):
    """Say where in a value there is something that can't be stored.

    It is raised by `Cache.set` and `set_many`. A loaded value is returned uncached instead, with a warning.
    `path` leads there from the value itself (`$.items[3].owner`), `kind` is the type that was found there, and
    `value` the whole value.
    """

    def __init__(self, path: str, kind: str, function: str = "", *, value: Any = None) -> None:
        super().__init__(f"{function or 'the value'}: {path} of type {kind!r} can't be cached")
        self.path = path
        self.kind = kind
        self.function = function
        self.value = value


class UnknownCacheError(CacheError, LookupError):
    """Say that nothing has declared this cache name; `cache_name` is the unknown name."""

    def __init__(self, cache_name: str) -> None:
        super().__init__(f"no cache is named {cache_name!r}")
        self.cache_name = cache_name


def _restored(kind: type[CacheError], args: tuple[Any, ...]) -> CacheError:
    """Return an error that was pickled or copied, without its attributes."""
    error = kind.__new__(kind, *args)
    error.args = args  # which an OSError takes from its constructor only
    return error
