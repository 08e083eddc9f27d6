"""The keys of one function: its module and qualified name, the part of `self`, and the bound arguments with types."""

from collections.abc import Callable, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

from kit_cache.errors import CacheConfigError, CacheKeyError, UncacheableValueError
from kit_cache.keys.binding import Binder

if TYPE_CHECKING:
    from kit_cache.policy import KeyOptions

_serial = count(1)
LOCAL = "~"  # the first character of a key that means something in this process only


class KeyBuilder:
    """Builds the keys of one function."""

    def __init__(self, function: Callable[..., Any], options: "KeyOptions") -> None:
        qualname = function.__qualname__
        self.function = f"{function.__module__}.{qualname}"
        # A function made inside another one has no name of its own: each run makes another, all named alike.
        self.nameless = options.prefix is None and "<" in qualname
        self.prefix = self.function if options.prefix is None else options.prefix
        self._local = f"{LOCAL}{next(_serial)}:" if self.nameless else ""
        self._self_key = options.self_key
        self.generator = options.generator
        self.bind = Binder(function)
        self.names = self.bind.names
        self.bound_to: str | None = "instance" if self.names[:1] == ("self",) else None
        self._ignored = options.skip_arg if options.skip_arg in self.names else None
        self._secret = options.secret
        self._hidden: frozenset[str] | None = None

    def text(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
        """Return the text of a call; raise BindError, or CacheKeyError naming the argument.

        It begins with LOCAL where it must not leave this process.
        """
        if self.generator is not None:
            text = self._generated(self.generator(*args, **kwargs))
            return f"{self._local}{self.prefix}:{text}" if self.prefix else self._local + text
        values = self.bind(args, kwargs)
        local, scope, start = self._local, "", 0
        if self.bound_to is not None:
            scope, is_local = self.scope(values[0])
            local, start = local or (LOCAL if is_local else ""), 1
        return f"{local}{self.prefix}:{scope}{self._arguments(values, start)}"

    def scope(self, owner: Any) -> tuple[str, bool]:
        """Return the part of `self` or `cls` in a key, and whether it means something in this process only."""
        from kit_cache.keys.instances import has_state, instance_number
        from kit_cache.keys.texts import digest, text_of

        kind = owner if self.bound_to == "class" else type(owner)
        # A subclass shares nothing with its base: what the method calls may be overridden.
        name, local = f"{kind.__module__}.{kind.__qualname__}", False
        if "<" in kind.__qualname__:
            name, local = f"{name}@{instance_number(kind)}", True
        if self.bound_to == "class":
            return f"{name}:", local
        if self._self_key is not None:
            declared = self._self_key(owner)
        elif hasattr(kind, "cache_key"):
            declared = owner.cache_key()
        elif not has_state(owner):
            return f"{name}:", local
        else:
            number = instance_number(owner)
            if number is None:
                raise CacheKeyError(self.function, self.names[0], kind.__qualname__, "needs a cache_key() method")
            return f"{name}@{number}:", True
        try:
            text = text_of(declared)
        except UncacheableValueError as error:
            raise CacheKeyError(self.function, "cache_key()", error.kind) from None
        return f"{name}({text if len(text) < 64 and text.isprintable() and text.isascii() else digest(text)}):", local

    def check_shared(self, text: str) -> None:
        """Raise CacheConfigError for a key of this process only, where the function has no memory to keep it in."""
        if text.startswith(LOCAL):
            raise CacheConfigError(
                f"{self.function}: what self is isn't declared, so it can be cached in memory only;"
                " give the class a cache_key() method, or the decorator a key"
            )

    def _arguments(self, values: tuple[Any, ...], start: int) -> str:
        from kit_cache.keys.texts import digest, shortened, text_of

        hidden = self._secret_names()
        texts = []
        for index in range(start, len(values)):
            name = self.bind.name_of(index)
            if name == self._ignored:
                continue
            try:
                text = text_of(values[index])
            except (UncacheableValueError, RecursionError, ValueError):
                raise CacheKeyError(self.function, name, type(values[index]).__qualname__) from None
            texts.append(digest(text) if name in hidden else text)
        return shortened(",".join(texts))

    def _secret_names(self) -> frozenset[str]:
        """Return the parameters whose values are hashed: the named ones, and all with the name of a secret."""
        if self._hidden is None:
            from kit_core.redaction.names import is_secret_name

            everything = self.names if self._secret is True else ()
            chosen = () if isinstance(self._secret, bool) else self._secret
            self._hidden = frozenset((*everything, *chosen, *filter(is_secret_name, self.names)))
            if self._secret is True:
                self._hidden |= {"*args or **kwargs"}
        return self._hidden

    def _generated(self, text: object) -> str:
        from kit_cache.keys.texts import digest, shortened

        if type(text) is not str or not text:
            raise CacheKeyError(self.function, "key_generator", type(text).__name__, "must return a text")
        return digest(text) if self._secret is True else shortened(text)
