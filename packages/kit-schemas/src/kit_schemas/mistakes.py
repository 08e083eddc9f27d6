"""Words of other libraries, which would do nothing here, and the messages about them."""

from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import fields, validate

_FIELDS = {("dataclasses", "Field"), ("pydantic", "FieldInfo"), ("attr", "_CountingAttr")}
_CONSTRAINTS = {"annotated_types", "msgspec", "pydantic.fields", "pydantic.functional_validators", "pydantic.types"}
_DOCUMENTATION = {"DocInfo", "Unit"}

_RANGE, _LENGTH = "Annotated[…, Range(…)]", "Annotated[…, Length(…)]"
_ELSEWHERE = {
    "required": "a field without a default is required",
    "allow_none": "annotate it with `| None`",
    "factory": "it is default_factory=",
    "pattern": "it is Annotated[…, Regexp(…)]",
    **dict.fromkeys(("load_default", "dump_default", "missing"), "it is default="),
    **dict.fromkeys(("alias", "validation_alias", "serialization_alias", "name"), "it is data_key="),
    **dict.fromkeys(("description", "title", "example", "examples", "deprecated"), "it goes into metadata={…}"),
    **dict.fromkeys(("validator", "validators"), "it is validate="),
    **dict.fromkeys(("ge", "gt", "le", "lt"), f"it is {_RANGE}"),
    **dict.fromkeys(("min_length", "max_length"), f"it is {_LENGTH}"),
}


def foreign_field(value: Any) -> str | None:
    """Return the message about another library's field in a class body, None for a value."""
    kind = value if isinstance(value, type) else type(value)
    if issubclass(kind, fields.Field):
        return f"a marshmallow field is no default: give it in the annotation, Annotated[…, {kind.__name__}(…)]"
    for base in kind.__mro__:
        if (base.__module__.partition(".")[0], base.__name__) in _FIELDS:
            library = base.__module__.partition(".")[0]
            return f"a field of {library} means nothing here: options are kit_schemas.field(…), checks Annotated[…]"
    return None


def foreign_metadata(found: Any) -> str | None:
    """Return the message about something in `Annotated` that was meant to check values, and would not."""
    if type(found) in (list, tuple) and any(map(_would_check, found)):
        return f"a {type(found).__name__} does nothing in Annotated: give what is in it one by one"
    kind = type(found)
    if kind.__name__ not in _DOCUMENTATION and any(base.__module__ in _CONSTRAINTS for base in kind.__mro__):
        library = kind.__module__.partition(".")[0]
        return f"{kind.__name__} of {library} does nothing here: use marshmallow's validators, {_LENGTH}, {_RANGE}"
    return None


def _would_check(found: Any) -> bool:
    if isinstance(found, type):
        return issubclass(found, (validate.Validator, fields.Field))
    return callable(found) or isinstance(found, fields.Field) or foreign_metadata(found) is not None


def foreign_options(body: Mapping[str, Any], annotated: Iterable[str]) -> str | None:
    """Return the message about options of marshmallow's and pydantic's classes in a class body."""
    if isinstance(body.get("model_config"), Mapping) and "model_config" not in annotated:
        return "model_config is pydantic's: options are in the class's head, as in (BaseSchema, unknown=RAISE)"
    # A schema or an Enum may be called so.
    if type(body.get("Meta")) is type and not hasattr(body["Meta"], "__kit_fields__") and "Meta" not in annotated:
        return "class Meta does nothing here: options are in the class's head, as in (BaseSchema, unknown=RAISE)"
    return None


def no_option(names: Iterable[str], known: Iterable[str]) -> str:
    """Return the message about options that `field()` does not have."""
    name = next(iter(names))
    return f"field() has no {name}=: {_ELSEWHERE.get(name) or 'it takes ' + ', '.join(known)}"


def wrong_names(specs: Mapping[str, Any], missing: Iterable[str], surplus: Iterable[str]) -> str:
    """Return the message about wrong names of a constructor's arguments."""
    names = {spec.data_key: name for name, spec in specs.items() if spec.data_key}
    said = [f"lacks {', '.join(map(repr, missing))}"] if missing else []
    if surplus:
        each = (f"{name!r}, as data calls {names[name]!r}" if name in names else repr(name) for name in surplus)
        said.append(f"has no {', '.join(each)}")
    return " and ".join(said)
