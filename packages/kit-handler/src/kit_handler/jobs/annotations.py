"""The record or event that a job's or trigger's function takes, read from its parameters without inspect."""

from kit_core.loading import load_early
from kit_core.parameters import annotations_of, globals_of, parameters_of

from kit_handler._naming import name_of
from kit_handler.errors import AnnotationError, UnhandledSourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from kit_core.parameters import Parameters

    Parse = Callable[[Any], Iterable[Any]]


def is_plain(function: "Any") -> bool:
    """Tell whether the parameters of `function` can be read: it, or the function inside of it, is written in Python."""
    return parameters_of(function) is not None


def context_parameter(function: "Any") -> "int | str | None":
    """Return the place of the Lambda context: 1 for the second parameter, a name for another, None for nowhere.

    It is a second parameter that has no default, or any but the first that is called `context` or whose annotation is a
    class called `…Context`.
    """
    found, annotations = _parameters(function), annotations_of(function)
    for position, name in enumerate(found.names):
        if position and (name == "context" or _names_context(annotations.get(name))):
            return 1 if position == 1 and name in found.positional else name
    return 1 if sum(name not in found.defaults for name in found.positional) > 1 else None


def with_context(function: "Any", where: "int | str", context: "Any") -> "Callable[[Any], Any]":
    """Return `function` as one of a single argument, which passes the Lambda context `where` it is wanted."""
    if isinstance(where, str):
        return lambda value: function(value, **{where: context})
    return lambda value: function(value, context)


def record_parser(function: "Any", namespace: "Mapping[str, Any]") -> "tuple[Parse | None, bool]":
    """Return the function that makes records of a raw one, None where that is the record; and whether all come at once.

    The first parameter's annotation is a class with `from_record`, a mapping, or a list of one of these. `namespace`
    holds the local names around the function. Raises NameError or AttributeError for an annotation that can't be
    evaluated yet, AnnotationError for any other.
    """
    annotation = _first_annotation(function, namespace, "a job takes the record as its first parameter")
    together = annotation is list or getattr(annotation, "__origin__", None) is list
    if together:
        annotation = _evaluated(next(iter(getattr(annotation, "__args__", ())), None), function, namespace)
    parse: Parse | None = getattr(annotation, "from_record", None)
    if parse is None and not _takes_a_dict(annotation):
        reason = "is neither a mapping nor a class with from_record"
        if hasattr(annotation, "__dataclass_fields__") or hasattr(annotation, "model_fields"):
            reason += "; for the content of a message annotate QueueRecord of kit_events, and read its payload"
        raise AnnotationError(name_of(function), annotation, reason)
    return parse, together


def event_parser(function: "Any", namespace: "Mapping[str, Any]") -> "tuple[Callable[[Any], Any] | None, bool]":
    """Return the function that makes an argument of an event, and whether the function takes a list of them.

    It is None where nothing is annotated, so that the function takes any event as it is.

    The first parameter's annotation is a class with `from_event` or `from_record`, a mapping, or a list of one of
    these. Raises as `record_parser` does.
    """
    annotation = _first_annotation(function, namespace, "a trigger takes the event as its first parameter")
    together = annotation is list or getattr(annotation, "__origin__", None) is list
    if together:
        annotation = _evaluated(next(iter(getattr(annotation, "__args__", ())), None), function, namespace)
    of_event: Callable[[Any], Any] | None = getattr(annotation, "from_event", None)
    if of_event is not None:
        return of_event, together
    of_record: Parse | None = getattr(annotation, "from_record", None)
    if of_record is not None:
        return _only(of_record), together
    if not _takes_a_dict(annotation):
        reason = "is neither a mapping nor a class with from_event or from_record"
        raise AnnotationError(name_of(function), annotation, reason)
    return (None if annotation is None or repr(annotation) == "typing.Any" else itself), together


def itself(event: "Any") -> "Any":
    """Return the event: the parser of a function that takes a mapping."""
    return event


def parse_early(parser: "Callable[[Any, Any], Any]", function: "Any", namespace: "Mapping[str, Any]") -> "Any":
    """Return the result of `parser`, None for an annotation with a name that is defined further down.

    Raises AnnotationError for one with a name that is not, and as `parser` does.
    """
    try:
        return parser(function, namespace)
    except (NameError, AttributeError) as error:
        from kit_handler._later import refuse_misspelt

        refuse_misspelt(function, error)
        return None


def prepare_early(parse: "Any") -> None:
    """Load in Lambda's init phase what the first event needs: the correlation id's reader, and the record's class.

    parse: the `from_record` of a class; its `__kit_preload__`, if it has one, is called
    """
    load_early(_load_correlation)
    prepare = getattr(getattr(parse, "__self__", None), "__kit_preload__", None)
    if prepare is not None:
        load_early(prepare)


def _load_correlation() -> None:
    import kit_core.correlation  # noqa: F401


def parse_late(parser: "Callable[[Any, Any], Any]", function: "Any") -> "Any":
    """Return the result of `parser` for an annotation that could not be evaluated at import; or AnnotationError."""
    try:
        return parser(function, {})
    except (NameError, AttributeError) as error:
        from kit_handler._later import undefined

        raise undefined(function, error) from error


def _only(of_record: "Parse") -> "Callable[[Any], Any]":
    """Return the function that makes the one record of an event; one of several would leave the others out."""

    def only(event: "Any") -> "Any":
        found = list(of_record(event))
        if len(found) != 1:
            handler = f"a trigger of one record, where a job takes any number ({len(found)} here),"
            raise UnhandledSourceError(event if isinstance(event, dict) else (), handler=handler)
        return found[0]

    return only


def _first_annotation(function: "Any", namespace: "Mapping[str, Any]", rule: str) -> "Any":
    found = _parameters(function)
    if found.positional:
        return _evaluated(annotations_of(function).get(found.positional[0]), function, namespace)
    if found.takes_args:
        return None
    raise AnnotationError(name_of(function), None, f"has no positional parameter: {rule}")


def _evaluated(annotation: "Any", function: "Any", namespace: "Mapping[str, Any]") -> "Any":
    annotation = getattr(annotation, "__forward_arg__", annotation)  # typing.List["Name"]
    if not isinstance(annotation, str):
        return annotation
    # The module's own source, as typing.get_type_hints does it; typing is not worth its import here.
    return eval(annotation, globals_of(function), dict(namespace))  # noqa: S307


def _names_context(annotation: "Any") -> bool:
    if isinstance(annotation, str):
        return any(part.strip(" '\"").endswith("Context") for part in annotation.split("|"))
    kinds = (annotation, *getattr(annotation, "__args__", ()))
    return any(getattr(kind, "__name__", "").endswith("Context") for kind in kinds)


def _parameters(function: "Any") -> "Parameters":
    found = parameters_of(function)
    assert found is not None  # `is_plain` was asked before
    return found


def _takes_a_dict(annotation: "Any") -> bool:
    kind = getattr(annotation, "__origin__", annotation)
    if kind is None or repr(kind) == "typing.Any":
        return True
    if not isinstance(kind, type):
        return False
    return dict in kind.__mro__ or issubclass(dict, kind)
