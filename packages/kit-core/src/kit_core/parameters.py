"""The parameters of a callable, read without the module `inspect`, whose import costs milliseconds of a cold start.

Functions, methods, partials, classes, and objects with `__call__`; `__wrapped__` is looked through.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from typing import Any

_ARGS, _KWARGS, _COROUTINE = 0x04, 0x08, 0x80  # inspect.CO_VARARGS, CO_VARKEYWORDS, CO_COROUTINE
_GENERATOR = 0x20 | 0x200  # inspect.CO_GENERATOR, CO_ASYNC_GENERATOR


class Parameters:
    """Hold the parameters of a callable that a caller can give; a bound method's `self` is not among them.

    positional: the names that can be given by position, the positional-only ones first
    positional_only: how many of `positional` cannot be given by name
    keyword_only: the names after `*`
    defaults: the default of each parameter that has one
    takes_args, takes_kwargs: whether there is a `*args` or `**kwargs`
    """

    __slots__ = ("defaults", "keyword_only", "positional", "positional_only", "takes_args", "takes_kwargs")

    def __init__(
        self,
        positional: tuple[str, ...],
        positional_only: int,
        keyword_only: tuple[str, ...],
        defaults: "dict[str, Any]",
        *,
        takes_args: bool,
        takes_kwargs: bool,
    ) -> None:
        self.positional = positional
        self.positional_only = positional_only
        self.keyword_only = keyword_only
        self.defaults = defaults
        self.takes_args = takes_args
        self.takes_kwargs = takes_kwargs

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all parameters, in order."""
        return self.positional + self.keyword_only

    @property
    def required(self) -> tuple[str, ...]:
        """Return the names of the parameters without a default, in order."""
        return tuple(name for name in self.names if name not in self.defaults)


def parameters_of(called: "Any") -> Parameters | None:
    """Return the parameters of a callable, or None if they cannot be known (a built-in function).

    Example:
        >>> def load(loan_id, /, depth=1, *, fresh=False): ...
        >>> parameters_of(load).positional
        ('loan_id', 'depth')
    """
    called, given, named = _unwrapped_partial(innermost(called))
    found = _function_of(called)
    if found is None:
        return None
    function, bound = found
    code = function.__code__
    count = code.co_argcount
    names = code.co_varnames[:count]
    keyword_only = code.co_varnames[count : count + code.co_kwonlyargcount]
    values = function.__defaults__ or ()
    defaults = {**dict(zip(names[count - len(values) :], values, strict=True)), **(function.__kwdefaults__ or {})}
    skipped = given + bound
    # A parameter that a partial gives by name stays one that can be given, by name alone, as those after it.
    cut = next((place for place, name in enumerate(names) if name in named and place >= skipped), count)
    positional, keyword_only = names[skipped:cut], names[max(cut, skipped) :] + keyword_only
    defaults = {name: value for name, value in {**defaults, **named}.items() if name in positional + keyword_only}
    return Parameters(
        positional,
        max(0, min(code.co_posonlyargcount, cut) - skipped),
        keyword_only,
        defaults,
        takes_args=bool(code.co_flags & _ARGS) and cut == count,
        takes_kwargs=bool(code.co_flags & _KWARGS),
    )


def annotations_of(called: "Any") -> "dict[str, Any]":
    """Return the annotations of a callable as they stand; none if there are none.

    A name that is defined further down (PEP 649, from Python 3.14 on) is a ForwardRef.
    """
    called, _, _ = _unwrapped_partial(innermost(called))
    found = _function_of(called)
    if found is None:
        return {}
    return _annotations(found[0])


def class_annotations_of(kind: type) -> "dict[str, Any]":
    """Return the annotations in a class's own body as they stand; a name that is not known is a ForwardRef, as above.

    Example:
        >>> class Loan:
        ...     amount: int
        >>> class_annotations_of(Loan)
        {'amount': <class 'int'>}
    """
    return _annotations(kind)


def globals_of(called: "Any") -> "dict[str, Any]":
    """Return the global names of a callable's module, for annotations that are text; none if they cannot be known."""
    called, _, _ = _unwrapped_partial(innermost(called))
    found = _function_of(called)
    return {} if found is None else getattr(found[0], "__globals__", {})


def innermost(called: "Any") -> "Any":
    """Return the callable that decorators have wrapped (`__wrapped__`), or the callable itself."""
    seen = 0
    while hasattr(called, "__wrapped__") and not isinstance(called, type) and seen < _DEEPEST:
        called, seen = called.__wrapped__, seen + 1
    return called


def is_async(called: "Any", *, follow_wrapped: bool = False) -> bool:
    """Tell whether calling `called` makes a coroutine.

    follow_wrapped: look through decorators as well (`__wrapped__`)
    """
    while True:
        inner, _, _ = _unwrapped_partial(called)
        found = None if isinstance(inner, type) else _function_of(inner)
        if found is not None and found[0].__code__.co_flags & _COROUTINE:
            return True
        if getattr(inner, "_is_coroutine_marker", None) is not None:  # inspect.markcoroutinefunction
            return True
        if not (follow_wrapped and hasattr(called, "__wrapped__")) or isinstance(called, type):
            return False
        called = called.__wrapped__


def is_generator(called: "Any") -> bool:
    """Tell whether calling `called` makes a generator, or an asynchronous one, and runs nothing of its body."""
    inner, _, _ = _unwrapped_partial(called)
    found = None if isinstance(inner, type) else _function_of(inner)
    return found is not None and bool(found[0].__code__.co_flags & _GENERATOR)


def refuse_unknown(owner: str, unknown: "Collection[str]", known: "Iterable[str]") -> None:
    """Raise TypeError for keywords that `owner` does not know, each with the name that is near it.

    Example:
        >>> refuse_unknown("job", ["marging"], ["margin", "partial"])
        Traceback (most recent call last):
        TypeError: job does not know 'marging' (did you mean 'margin'?); it knows margin, partial
    """
    if not unknown:
        return
    from difflib import get_close_matches

    known, texts = list(known), []
    for name in unknown:
        close = get_close_matches(name, known, n=1)
        texts.append(f"{name!r} (did you mean {close[0]!r}?)" if close else repr(name))
    raise TypeError(f"{owner} does not know {', '.join(texts)}; it knows {', '.join(known)}")


_DEEPEST = 100


def _annotations(holder: "Any") -> "dict[str, Any]":
    try:
        return dict(holder.__annotations__)
    except AttributeError:
        return {}
    except NameError:
        from importlib import import_module

        library = import_module("annotationlib")
        return dict(library.get_annotations(holder, format=library.Format.FORWARDREF))


def _unwrapped_partial(called: "Any") -> "tuple[Any, int, dict[str, Any]]":
    """Return the callable inside of partials, how many positional parameters they give, and the named ones."""
    given = 0
    named: dict[str, Any] = {}
    while hasattr(called, "func") and hasattr(called, "keywords") and not hasattr(called, "__code__"):
        given += len(called.args)
        named = {**called.keywords, **named}
        called = called.func
    return called, given, named


def _function_of(called: "Any") -> "tuple[Any, int] | None":
    """Return the Python function that a call runs, and 1 if its first parameter is given by the call."""
    if hasattr(called, "__code__"):
        return called, int(getattr(called, "__self__", None) is not None)
    if isinstance(called, type):
        made_by: Any = called
        constructor = made_by.__init__ if made_by.__init__ is not object.__init__ else made_by.__new__
        return (constructor, 1) if hasattr(constructor, "__code__") else None
    call = getattr(type(called), "__call__", None)  # noqa: B004  (its parameters are looked for)
    if isinstance(call, staticmethod):
        return None
    return (call, 1) if hasattr(call, "__code__") else None
