"""The keys that tell the deliveries of one record from other records'."""

from collections.abc import Callable, Mapping
from typing import Any

from kit_core.handlers import refuse_handler, refuse_registered
from kit_core.parameters import annotations_of, innermost, parameters_of

from kit_events.errors import InboxKeyError
from kit_events.records.record import Record

Key = str | Callable[[Any], Any] | None

_IDS = ("id", "message_id")
_IDS_OF_RAW = ("id", "messageId", "eventID")


def key_of(record: Any, key: Key) -> str:
    """Return the key of a record. Raise `InboxKeyError` if it has none."""
    if callable(key):
        found = key(record)
    elif key is None and _is_event(type(record)):
        found = getattr(getattr(record, "_kit_record", None), "id", None)
    elif isinstance(record, Mapping):
        found = _first(record.get, _IDS_OF_RAW if key is None else (key,))
    else:
        found = _first(lambda name: getattr(record, name, None), _IDS if key is None else (key,))
    if found is None or found == "":
        raise InboxKeyError(type(record).__qualname__)
    return str(found)


def check_key(function: Any, key: Key) -> None:
    """Raise TypeError for a function whose records never have the key: each of its messages would fail."""
    refuse_registered(function, "once")
    if callable(key):  # it may tell whole events apart
        return
    refuse_handler(function, "once", "takes a whole event, not a record")
    name = getattr(function, "__qualname__", type(function).__qualname__)
    kind = _annotated(function)
    if getattr(kind, "__origin__", kind) is list:
        raise TypeError(f"{name} takes a list of records: say with key= how to tell one list from others")
    if (
        isinstance(kind, type)
        and key is None
        and _is_event(kind)
        and not any("__dict__" in vars(each) for each in kind.__mro__)
    ):
        raise TypeError(f"{name} takes {kind.__name__}, whose slots hold no id: say with key= how to tell events apart")
    if not isinstance(kind, type) or not issubclass(kind, Record):
        return
    names = _IDS if key is None else (key,)
    if not any(each in kind._fields or hasattr(kind, each) for each in names):
        raise TypeError(f"{name} takes {kind.__name__}, which has no {' or '.join(names)}: {_remedy(kind)}")


def _is_event(kind: Any) -> bool:
    """Say whether a class is a BaseEvent: its own `id` may be that of its subject, which has many events."""
    return isinstance(kind, type) and hasattr(kind, "from_payload") and hasattr(kind, "get_aggregate_id")


def _remedy(kind: type[Record]) -> str:
    remedy = "say with key= how to tell its deliveries from others'"
    if not kind.shown:
        return remedy
    if kind.shown[0].endswith("_id"):
        return f"{remedy}, as key={kind.shown[0]!r}"
    return f"{remedy}, as key=lambda record: ({', '.join(f'record.{each}' for each in kind.shown)})"


def _annotated(function: Any) -> Any:
    """Return the annotation of the first parameter; None if there is none, or if it is text that says nothing yet."""
    parameters = parameters_of(function)
    if parameters is None or not parameters.positional:
        return None
    annotation = annotations_of(function).get(parameters.positional[0])
    if not isinstance(annotation, str):
        return annotation
    try:
        return eval(annotation, innermost(function).__globals__)  # noqa: S307  (the module's own source)
    except Exception:  # noqa: BLE001  (a name that is only known later; each record is looked at in any case)
        return None


def _first(read: Callable[[str], Any], names: tuple[str, ...]) -> Any:
    return next((value for name in names if (value := read(name)) not in (None, "")), None)
