"""The objects in `Annotated` that say something of a value, by the words that they have for it.

annotated-types, msgspec's Meta and pydantic's constraints have the same words: `ge`, `min_length`, … An object is known
by its public attributes, and each of them must be one of the words here: a constraint that is half understood would be
half enforced. A callable checks the value itself.
"""

from kit_handler.binding.annotations import NotUnderstoodError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    Word = tuple[str, Any]

BOUNDS = ("gt", "ge", "lt", "le", "multiple_of")
LENGTHS = ("min_length", "max_length")
DESCRIPTIONS = ("documentation", "description", "title", "examples", "unit")
_WORDS = (*BOUNDS, *LENGTHS, *DESCRIPTIONS, "pattern", "tz", "assume_utc", "field")
AWARE, NAIVE, EITHER, ASSUMED = "aware", "naive", "either", "assumed"
"""Whether a time has an offset from UTC, has none, or may have one; or UTC is assumed where it has none."""

_OWN = "kit_"  # the marks of kit's other packages, such as that of an event's AggregateId, are texts that begin so


def words_of(metadata: "Iterable[Any]") -> "Iterator[Word]":
    """Yield each word of the metadata with its value; NotUnderstoodError for anything else.

    Besides the words of the objects there are `predicate`, a function that returns whether a value is right, and
    `call`, one that raises an error for a wrong value.
    """
    for item in metadata:
        if isinstance(item, type) and getattr(item, "assume_utc", False) is True:  # as markers, it may be the class
            yield "assume_utc", True
        elif isinstance(item, type):
            name = item.__qualname__
            raise NotUnderstoodError(f"has the class {name} in it, and no instance of it: {name}(…)")
        elif hasattr(item, "__is_annotated_types_grouped_metadata__"):
            yield from words_of(item)
        elif callable(item):
            yield _of_callable(item)
        elif not (isinstance(item, str) and item.startswith(_OWN)):
            yield from _of_object(item)


def offset_of(words: "Iterable[Word]", default: str) -> str:
    """Return which offset a datetime or time has by the words: Timezone of annotated-types, AssumeUtc, or `default`."""
    for word, value in words:
        if word == "assume_utc":
            return ASSUMED
        if word == "tz":
            return NAIVE if value is None or value is False else AWARE
    return default


def _of_callable(item: "Any") -> "Word":
    from kit_core.parameters import is_async, is_generator, parameters_of

    found = parameters_of(item)
    if found is not None and (len(found.required) > 1 or not (found.positional or found.takes_args)):
        raise NotUnderstoodError(f"has {item!r} in it, which can't be called with a value alone")
    if is_async(item) or is_generator(item):
        raise NotUnderstoodError(f"has {item!r} in it, which checks nothing when it is called: a check is no coroutine")
    return "call", item


def _of_object(item: "Any") -> "Iterator[Word]":
    attributes = {name: getattr(item, name, None) for name in dir(item) if not name.startswith("_")}
    said = {name: value for name, value in attributes.items() if value is not None or name == "tz"}
    if set(said) == {"func"} and type(item).__name__ == "Predicate":  # pydantic's AfterValidator looks the same
        yield "predicate", said["func"]
    elif said and said.keys() <= set(_WORDS):
        yield from said.items()
    else:
        raise NotUnderstoodError(f"has {item!r} in it, {_reason(item)}")


def _reason(item: "Any") -> str:
    if hasattr(item, "__kit_marker__"):
        return "which belongs around the annotation of a parameter, once"
    if isinstance(item, str):
        return f"a text, which checks nothing; a description is Doc({item!r}) of typing_extensions"
    return (
        "which is not understood; checks are functions that raise an error with `messages`, marshmallow's validators, "
        "and Ge, Le, Interval, MultipleOf, Len, Predicate, … of annotated-types"
    )
