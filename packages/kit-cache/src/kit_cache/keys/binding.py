"""Every spelling of a call as one tuple of values."""

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

from kit_core.parameters import Parameters, parameters_of

_ANY = Parameters((), 0, (), {}, takes_args=True, takes_kwargs=True)


class BindError(Exception):
    """Say that the function itself would refuse these arguments; never leaves the package."""


class Binder:
    """Turns every spelling of a call into one tuple of values, prepared once per function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        found = self.parameters = parameters_of(function) or _ANY  # around a built-in function
        self.names = found.names
        self._positional = len(found.positional)
        self._by_keyword = frozenset(self.names[found.positional_only :])
        self._varargs = found.takes_args
        self._varkw = found.takes_kwargs
        self._defaults = found.defaults
        self.simple = not (self._varargs or self._varkw)
        self._direct = self.simple and not found.keyword_only

    def __call__(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return one value per parameter, then those of `*args` and `**kwargs`; raise BindError if they don't fit."""
        if not kwargs and self._direct and len(args) == self._positional:
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
        if self.simple:
            return tuple(values)
        rest = args[self._positional :]
        # The count keeps f(1, "a", 2) apart from f(1, a=2).
        return (*values, len(rest), *rest, *chain.from_iterable(sorted(extra.items())))

    def name_of(self, index: int) -> str:
        """Return the name of the parameter that the value at `index` was given for."""
        return self.names[index] if index < len(self.names) else "*args or **kwargs"
