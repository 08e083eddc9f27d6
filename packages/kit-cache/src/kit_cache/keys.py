"""Which calls are the same call.

A key is the function's module and qualified name, for a method the declared identity of `self`, and the bound arguments
with their types. It is a tuple, quick to make, for the memory of this process, and a text for everything outside of it.
"""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Mapping
from enum import Enum
from itertools import chain, count
from typing import Any, cast
from uuid import UUID

from kit_core.parameters import Parameters, parameters_of

from kit_cache.codec import to_json, to_text
from kit_cache.errors import CacheKeyError, UncacheableValueError
from kit_cache.instances import instance_number

# Types in which two equal values are one value. float isn't here (0.0 == -0.0), nor Decimal (1.0 == 1.00) and
# datetime (12:00Z == 14:00+02:00): those take the long way, through text.
_EXACT = frozenset({str, int, bool, bytes, UUID, type(None)})
_ANY = Parameters((), 0, (), {}, takes_args=True, takes_kwargs=True)
_LONGEST_TEXT = 200
_serial = count(1)

# A call inside this process: its function; what `self` is, as a text to share or a number that is this process's own;
# the bound values, as they are with their types, or as one text.
Key = tuple[Hashable, str | int | None, tuple[object, ...] | str, tuple[type, ...] | None]


class BindError(Exception):
    """Say that the function itself would refuse these arguments; never leaves the package."""


class Binder:
    """Turns every spelling of a call into one tuple of values, compiled once per function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        found = parameters_of(function) or _ANY  # around a built-in function
        self.names = found.names
        self._positional = len(found.positional)
        self._by_keyword = frozenset(self.names[found.positional_only :])
        self._varargs = found.takes_args
        self._varkw = found.takes_kwargs
        self._defaults = found.defaults
        self._simple = not (self._varargs or self._varkw or found.keyword_only)

    def __call__(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return one value per parameter, then those of `*args` and `**kwargs`; raise BindError if they don't fit."""
        if not kwargs and self._simple and len(args) == self._positional:
            return args
        if len(args) > self._positional and not self._varargs:
            raise BindError
        given = dict(zip(self.names, args[: self._positional], strict=False))
        extra: dict[str, Any] = {}
        for name, value in kwargs.items():
            if name in self._by_keyword:
                if name in given:
                    raise BindError
                given[name] = value
            elif self._varkw:
                extra[name] = value
            else:
                raise BindError
        try:
            values = [given[name] if name in given else self._defaults[name] for name in self.names]
        except KeyError:
            raise BindError from None
        if self._simple:
            return tuple(values)
        rest = args[self._positional :]
        # The count keeps f(1, "a", 2) apart from f(1, a=2).
        return (*values, len(rest), *rest, *chain.from_iterable(sorted(extra.items())))

    def name_of(self, index: int) -> str:
        """Return the name of the parameter that the value at `index` was given for."""
        return self.names[index] if index < len(self.names) else "*args or **kwargs"


class KeyBuilder:
    """Builds the keys of one function."""

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        prefix: str | None,
        self_key: Callable[[Any], object] | None,
        generator: Callable[..., str] | None,
        ignored: str | None,
    ) -> None:
        qualname = function.__qualname__
        self.function = f"{function.__module__}.{qualname}"
        # A function made inside another one has no name of its own: each run makes another, all named alike.
        self.nameless = prefix is None and "<" in qualname
        self.prefix = prefix if prefix is not None else self.function
        self._identity: Hashable = next(_serial) if self.nameless else self.prefix
        self._self_key = self_key
        self._generator = generator
        self._bind = Binder(function)
        self.names = self._bind.names
        self.method = self.names[:1] == ("self",)
        self._ignored = self.names.index(ignored) if ignored in self.names else None

    def __call__(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Key:
        """Return the key of a call; raise BindError, or CacheKeyError naming the argument."""
        if self._generator is not None:
            return (self._identity, None, self._generated(self._generator(*args, **kwargs)), None)
        values = self._bind(args, kwargs)
        if self._ignored is not None:
            values = (*values[: self._ignored], *values[self._ignored + 1 :])
        scope: str | int | None = None
        if self.method:
            scope = self._scope(values[0])
            values = values[1:]
        types = tuple(map(type, values))
        if _EXACT.issuperset(types):
            return (self._identity, scope, values, types)
        return (self._identity, scope, self._canonical(values), None)

    def text(self, key: Key) -> str | None:
        """Return the text of a key outside this process, or None if it must not leave it."""
        _, scope, values, _ = key
        if self.nameless or type(scope) is int:
            return None
        if self._generator is not None:
            return f"{self.prefix}:{values}" if self.prefix else str(values)
        arguments = values if type(values) is str else self._canonical(cast("tuple[object, ...]", values))
        return f"{self.prefix}:{_digest(to_text([scope, arguments]))}"

    def _generated(self, text: object) -> str:
        if type(text) is not str or not text:
            raise CacheKeyError(self.function, "key_generator", type(text).__name__, "must return a text")
        return text if len(text) <= _LONGEST_TEXT and text.isprintable() else _digest(text)

    def _scope(self, instance: Any) -> str | int:
        """Return the identity of an instance: a text that other processes share, or a number of this one."""
        kind = type(instance)
        if self._self_key is not None:
            declared = self._self_key(instance)
        elif hasattr(kind, "cache_key"):
            declared = instance.cache_key()
        else:
            number = instance_number(instance)
            if number is None:
                raise CacheKeyError(self.function, self.names[0], kind.__qualname__, "needs a cache_key() method")
            return number
        # A subclass shares nothing with its base: what the method calls may be overridden.
        name = f"{kind.__module__}.{kind.__qualname__}"
        if type(declared) is str:
            return f"{name}:text:{declared}"
        try:
            return f"{name}:json:{_text(declared)}"
        except UncacheableValueError as error:
            raise CacheKeyError(self.function, "cache_key()", error.kind) from None

    def _canonical(self, values: Iterable[object]) -> str:
        texts = []
        for index, value in enumerate(values):
            try:
                texts.append(_text(value))
            except (UncacheableValueError, RecursionError, ValueError):
                name = self._bind.name_of(self._original_index(index))
                raise CacheKeyError(self.function, name, type(value).__qualname__) from None
        return ",".join(texts)

    def _original_index(self, index: int) -> int:
        index += self.method
        return index + (self._ignored is not None and index >= self._ignored)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def _text(value: object) -> str:
    """Return the one JSON text that stands for `value`, in any order of its dicts and sets."""
    return to_text(_canonical(value))


def _canonical(value: object) -> object:
    kind = type(value)
    if isinstance(value, Enum):
        # A combination of flags of which none is declared has no name.
        return {"$": ["enum", kind.__module__, kind.__qualname__, value.name or str(value.value)]}
    if kind is dict:
        pairs = [[_text(key), _canonical(item)] for key, item in value.items()]  # type: ignore[attr-defined]
        return {"$": ["dict", sorted(pairs, key=lambda pair: str(pair[0]))]}
    if kind is list or kind is tuple:
        return {"$": [kind.__name__, [_canonical(item) for item in value]]}  # type: ignore[attr-defined]
    if kind is set or kind is frozenset:
        return {"$": ["set", sorted(_text(item) for item in value)]}  # type: ignore[attr-defined]
    if hasattr(kind, "cache_key"):
        return {"$": ["object", kind.__module__, kind.__qualname__, _canonical(value.cache_key())]}  # type: ignore[attr-defined]
    return to_json(value)
