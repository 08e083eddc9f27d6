"""Events as objects of the classes that they are published from."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar, get_type_hints

from kit_core.parameters import parameters_of

from kit_events.errors import RecordShapeError
from kit_events.records.event_record import EventRecord
from kit_events.records.fields import kind_of
from kit_events.typed.conversion import Converter, MismatchError, converter_of

T = TypeVar("T")

_RECORD = "_kit_record"  # without a name that an event's payload could have


def read_events(kind: type[T], raw: Mapping[str, Any]) -> list[T]:
    """Return the events in a raw record as objects of a class. Raise `RecordShapeError` for one of another type."""
    made: list[T] = [_read(kind, record) for record in EventRecord.from_record(raw)]
    return made


def record_of(event: object) -> EventRecord:
    """Return the record that an event was read from: with its id, time and origin.

    Raise LookupError for an event that was not received, or whose class has slots and no room for it.

    Example:
        @job
        def on_paid(event: InvoicePaid) -> None:
            logger.info("paid", extra={"event_id": record_of(event).id})
    """
    record = getattr(event, _RECORD, None)
    if not isinstance(record, EventRecord):
        raise LookupError(f"this {type(event).__qualname__} is no event that was received")
    return record


def build(kind: type[T], payload: Mapping[str, Any]) -> T:
    """Return the object of a class that has this payload, as `BaseEvent.from_payload` says."""
    try:
        made: T = _builder(kind)(payload)  # type: ignore[arg-type]  # mypy thinks of classes that can't be hashed
    except MismatchError as error:
        raise RecordShapeError(kind.__name__, ".".join(("payload", *error.path)), error.reason) from None
    return made


def _read(kind: Any, record: EventRecord) -> Any:
    for part in ("type", "version"):
        _check(kind, part, _said(kind, part), getattr(record, part))
    made = kind.from_payload(record.payload)
    for part in ("type", "version"):
        if _said(kind, part) is None:
            _check(kind, part, str(getattr(made, f"get_{part}")()), getattr(record, part))
    with suppress(AttributeError):  # it has slots
        object.__setattr__(made, _RECORD, record)
    return made


def _check(kind: Any, part: str, wanted: str | None, found: str) -> None:
    if wanted not in (None, found):
        raise RecordShapeError(kind.__name__, part, f"has to be {wanted!r}, not {found!r}")


def _said(kind: Any, part: str) -> str | None:
    """Return the class variable `type` or `version` as text, None if only an object of the class can tell."""
    value = getattr(kind, part, None)
    if isinstance(value, Enum):
        value = value.value
    says_it = getattr(kind, f"get_{part}").__qualname__ == f"BaseEvent.get_{part}"
    return str(value) if says_it and isinstance(value, str | int | float) else None


@lru_cache(maxsize=256)
def _builder(kind: Any) -> Converter:
    for name in ("load", "model_validate"):
        load: Any = getattr(kind, name, None)
        if getattr(load, "__self__", None) is kind:
            return _loaded(load)
    return _constructed(kind)


def _of_class(kind: Any) -> Converter | None:
    """Return what makes an object of a class, which may be that of the event itself; None for no class of members."""
    has_members = hasattr(kind, "__dataclass_fields__") or any(
        getattr(getattr(kind, name, None), "__self__", None) is kind for name in ("load", "model_validate")
    )
    return (lambda value: _builder(kind)(value)) if has_members else None


def _loaded(load: Callable[[Any], Any]) -> Converter:
    def convert(value: Any) -> Any:
        try:
            return load(value)
        except Exception as error:
            # The errors of these libraries show the values, too.
            problem = _first_problem(error)
            if problem is None:
                raise
        raise MismatchError(problem[1], problem[0])

    return convert


def _first_problem(error: Any) -> tuple[tuple[str, ...], str] | None:
    """Return where the first problem is, and which, as marshmallow and pydantic tell it; None for another error."""
    if isinstance(messages := getattr(error, "messages", None), dict | list):
        path: list[str] = []
        while isinstance(messages, dict) and messages:
            name, messages = next(iter(messages.items()))
            path.append(str(name))
        first = messages[0] if isinstance(messages, list) and messages else messages
        return tuple(each for each in path if each != "_schema"), str(first)
    if callable(getattr(error, "errors", None)):
        [first, *_] = error.errors(include_input=False, include_url=False)
        return tuple(map(str, first["loc"])), str(first["msg"])
    return None


def _constructed(kind: Any) -> Converter:
    """Return what calls a class with the members that its constructor has parameters for."""
    parameters = parameters_of(kind)
    if parameters is None or parameters.positional_only:
        raise TypeError(f"{kind.__qualname__} has no constructor that takes its members by name: define from_payload")
    try:
        hints = get_type_hints(kind if hasattr(kind, "__dataclass_fields__") else kind.__init__, include_extras=True)
        converters = {name: converter_of(hints.get(name, Any), _of_class) for name in parameters.names}
    except (TypeError, NameError) as error:
        raise TypeError(f"{kind.__qualname__}: {error}; define from_payload") from None

    def convert(value: Any) -> Any:
        if not isinstance(value, dict):
            raise MismatchError(f"has to be a JSON object, not {kind_of(value)}")
        for name in parameters.required:
            if name not in value:
                raise MismatchError("is missing", (name,))
        arguments = {}
        for name, converter in converters.items():
            if name in value:
                try:
                    arguments[name] = converter(value[name])
                except MismatchError as error:
                    raise error.below(name) from None
        return kind(**arguments)

    return convert
