"""Words of other libraries, which would do nothing here, and the messages about them.

Libraries are told by the names of their modules: none of them is imported.
"""

import sys
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from kit_schemas.errors import SchemaDefinitionError
from kit_schemas.validate import Check

_VALIDATES = "use @validates('name') of marshmallow, or a function in Annotated[…] that raises ValidationError"
_VALIDATES_SCHEMA = "use @validates_schema of marshmallow, or @pre_load for data as it came"
_POST_DUMP = "use @post_dump of marshmallow, or Annotated[…, SomeField()] with a _serialize of its own"
_RANGE, _LENGTH = "Annotated[…, Range(…)]", "Annotated[…, Length(…)]"
_OWN_FIELD = "give the field itself: Annotated[…, SomeField({}=…)]"
_HEAD = "options are in the class's head, as in (BaseSchema, unknown=RAISE)"
_IN_INIT = "write an __init__ that calls super().__init__(**values) first"

_FIELDS = {
    *(("dataclasses", "Field"), ("pydantic", "FieldInfo"), ("pydantic", "ModelPrivateAttr")),
    *(("attrs", "_CountingAttr"), ("attrs", "Factory"), ("msgspec", "Field")),
}
# The methods that constructors and readers of other libraries call, and none here.
_METHODS = {
    "__post_init__": f"use @validates_schema or @post_load of marshmallow, or {_IN_INIT}",
    "__attrs_pre_init__": _IN_INIT,
    "__attrs_post_init__": f"use @validates_schema or @post_load of marshmallow, or {_IN_INIT}",
    "__post_init_post_parse__": _VALIDATES_SCHEMA,
    "__pydantic_init_subclass__": "it is __init_subclass__",
    "model_post_init": f"use @validates_schema or @post_load of marshmallow, or {_IN_INIT}",
    "__pre_deserialize__": "use @pre_load of marshmallow",
    "__post_deserialize__": "use @post_load of marshmallow",
    "__pre_serialize__": "use @pre_dump of marshmallow",
    "__post_serialize__": "use @post_dump of marshmallow",
}
# By the class of the information that pydantic's decorator leaves.
_DECORATORS = {
    "FieldValidatorDecoratorInfo": ("field_validator", _VALIDATES),
    "ValidatorDecoratorInfo": ("validator", _VALIDATES),
    "ModelValidatorDecoratorInfo": ("model_validator", _VALIDATES_SCHEMA),
    "RootValidatorDecoratorInfo": ("root_validator", _VALIDATES_SCHEMA),
    "FieldSerializerDecoratorInfo": ("field_serializer", _POST_DUMP),
    "ModelSerializerDecoratorInfo": ("model_serializer", _POST_DUMP),
    "ComputedFieldInfo": ("computed_field", "use @post_dump of marshmallow, which adds it to the dump"),
}
_LEFT_BY = {
    "__validator_config__": ("@validator of pydantic", _VALIDATES),
    "__root_validator_config__": ("@root_validator of pydantic", _VALIDATES_SCHEMA),
    "__sa_validators__": ("@validates of SQLAlchemy", "import validates from marshmallow"),
}
_FUNCTIONS = (types.FunctionType, classmethod, staticmethod)
_CHECKERS = {"annotated_types", "attrs", "beartype", "msgspec", "pydantic", "pydantic_core"}
_DOCUMENTATION = {"DocInfo", "Unit"}

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
# Keys of metadata by which marshmallow_dataclass, dataclasses_json, desert and mashumaro make a field.
_METADATA = {
    **{name: _ELSEWHERE[name] for name in ("required", "allow_none", "load_default", "dump_default", "missing")},
    "default": "it is default=",
    **{name: f"it is field({name}=…)" for name in ("validate", "data_key", "load_only", "dump_only")},
    "attribute": "the annotated name is the attribute, data_key= the name in the data",
    "marshmallow_field": "give the field itself: Annotated[…, SomeField(…)]",
    "dataclasses_json": "a field's name in the data is data_key=, a field of your own Annotated[…, SomeField()]",
    "alias": "it is field(data_key=…)",
    **dict.fromkeys(
        ("serialize", "deserialize", "serialization_strategy", "encoder", "decoder", "mm_field"),
        "give a field of your own: Annotated[…, SomeField()]",
    ),
    "many": "annotate it as list[…]",
    "unknown": _HEAD,
    "strict": "strict=True is in the class's head",
    **{
        name: _OWN_FIELD.format(name)
        for name in (
            *("error_messages", "as_string", "allow_nan", "places", "rounding", "truthy", "falsy", "by_value"),
            *("only", "exclude", "schemes", "require_tld", "relative", "precision", "timezone", "default_timezone"),
        )
    },
}


_FORMATS = ("iso", "iso8601", "rfc", "rfc822", "timestamp", "timestamp_ms")  # of marshmallow's DateTime
# Attributes of the classes of other libraries.
_CLASSES = ("__dataclass_fields__", "__attrs_attrs__", "__pydantic_fields__", "__required_keys__", "_field_defaults")


def foreign_field(value: Any) -> str | None:
    """Return the message about another library's field in a class body, None for a value."""
    kind = value if isinstance(value, type) else type(value)
    if issubclass(kind, _of_marshmallow("Field")):
        return f"a marshmallow field is no default: give it in the annotation, Annotated[…, {kind.__name__}(…)]"
    for base in kind.__mro__:
        library = _library(base)
        if (library, base.__name__) == ("pydantic", "ModelPrivateAttr"):
            return f"PrivateAttr of pydantic means nothing here: {_IN_INIT}, and sets the attribute"
        if (library, base.__name__) in _FIELDS:
            return f"a field of {library} means nothing here: options are kit_schemas.field(…), checks Annotated[…]"
    return None


def foreign_default(value: Any) -> str | None:
    """Return the message about a default that is no value: another library's field, `...`, or a descriptor."""
    if value is ...:
        return "`...` is no default: a field without a default is required"
    if hasattr(type(value), "__set__"):
        name = "__slots__" if type(value).__name__ == "member_descriptor" else f"a {type(value).__name__}"
        return f"{name} of this name hides the field's value, which an instance keeps in its __dict__: remove it"
    return foreign_field(value)


def hidden_by(cls: type, name: str) -> str | None:
    """Return the message about a base's property or slot, which comes before an instance's own value."""
    base = next((base for base in cls.__mro__ if name in vars(base)), None)
    if base is None or not hasattr(type(vars(base)[name]), "__set__"):
        return None
    return (
        f"{base.__qualname__}.{name} hides the field's value: a Protocol need not be a base, a property can be removed"
    )


def foreign_member(value: Any) -> str | None:
    """Return the message about a decorated method or a private attribute that only another library would use."""
    kind = type(value)
    if kind in _FUNCTIONS:
        marks = {**vars(getattr(value, "__func__", value)), **vars(value)}
        found = next((_LEFT_BY[mark] for mark in marks if mark in _LEFT_BY), None)
        return None if found is None else f"{found[0]} does nothing here: {found[1]}"
    if not kind.__module__.startswith("pydantic"):
        return None
    if kind.__name__ == "ModelPrivateAttr":
        return foreign_field(value)
    decorator, remedy = _DECORATORS.get(type(getattr(value, "decorator_info", None)).__name__, ("", ""))
    return f"@{decorator} of pydantic does nothing here: {remedy}" if decorator else None


def foreign_base(cls: Any, *, made_by: Any) -> str | None:
    """Return the message about a base, or a method of one, that only another library would use.

    made_by: the constructor that calls none of these methods; one of the class's own may.
    """
    for base in cls.__mro__[1:]:
        if issubclass(base, _of_marshmallow("Schema")):
            return f"the fields of {base.__name__} would be lost: write BaseSchema.from_schema({base.__name__})"
        # A schema class was looked at when it was made.
        if "__kit_fields__" not in vars(base) and base.__module__ not in ("builtins", "typing", "abc"):
            left = next((message for message in map(foreign_member, vars(base).values()) if message), None)
            if left is not None:
                return f"{base.__name__}: {left}"
    name = next((name for name in _METHODS if hasattr(cls, name)), None)
    if name is None or cls.__init__ is not made_by:
        return None
    return f"{name} is never called here: {_METHODS[name]}"


def foreign_decorator(body: Mapping[str, Any]) -> str | None:
    """Return the message about a decorator of another library on top of a class."""
    for mark, what in (("__dataclass_fields__", "@dataclass"), ("__attrs_attrs__", "attrs' decorator")):
        if mark in body:
            return f"{what} takes away the defaults and the repr that hides secrets: deriving is enough, remove it"
    return None


def refuse_decorators(cls: type) -> None:
    """Refuse a decorator of dataclasses or attrs: it takes the repr that hides secrets, and the defaults."""
    for base in cls.__mro__:
        message = foreign_decorator(vars(base)) if "__kit_fields__" in vars(base) else None
        if message is not None:
            raise SchemaDefinitionError(message, owner=base.__qualname__)


def foreign_options(body: Mapping[str, Any], annotated: Iterable[str]) -> str | None:
    """Return the message about options of other libraries' classes in a class body."""
    for name, library in (("model_config", "pydantic"), ("dataclass_json_config", "dataclasses_json")):
        if isinstance(body.get(name), Mapping):
            return f"{name} is {library}'s: {_HEAD}"
    for name in ("Meta", "Config"):
        found = body.get(name)
        # A schema or an Enum may be called so.
        named = hasattr(found, "__kit_fields__") or hasattr(found, "__members__") or name in annotated
        if isinstance(found, (type, Mapping)) and not named:
            return f"class {name} does nothing here: {_HEAD}"
    return None


def foreign_check(check: Any) -> str | None:
    """Return the message about something in `Annotated` or `validate=` that is meant to check, and would not."""
    if type(check) in (list, tuple) and any(map(_would_check, check)):
        return f"a {type(check).__name__} does nothing in Annotated: give what is in it one by one"
    function = getattr(check, "func", check)  # of a partial
    for kind in (check, function):
        if isinstance(kind, type) and issubclass(kind, (Check, *_of_marshmallow("Validator", "Field"))):
            return f"{kind.__name__} does nothing here: make one, {kind.__name__}(…)"
    kind = check if isinstance(check, type) else type(check)
    bases = (check,) if isinstance(check, type) else kind.__mro__
    if kind.__name__ not in _DOCUMENTATION and any(_library(base) in _CHECKERS for base in bases):
        library = _library(kind)
        remedy = f"use marshmallow's validators, {_LENGTH}, {_RANGE}, or a function that raises ValidationError"
        return f"{kind.__name__} of {library} does nothing here: {remedy}"
    return None


def foreign_metadata(metadata: Mapping[Any, Any], *, required: bool) -> str | None:
    """Return the message about a key of `field(metadata=…)` by which another library makes the field.

    A key that is true in any case is left alone: that the field is required.
    """
    for name, value in metadata.items():
        if name == "required" and bool(value) is required:
            continue
        remedy = _METADATA.get(name) if isinstance(name, str) else None
        inner = value.values() if isinstance(value, Mapping) else (value,)
        if remedy is None and any(isinstance(each, (Check, *_of_marshmallow("Field", "Validator"))) for each in inner):
            remedy = _METADATA["marshmallow_field"]
        if name == "format" and isinstance(value, str) and ("%" in value or value in _FORMATS):
            remedy = _OWN_FIELD.format("format")
        if remedy is not None:
            return f"{name!r} in metadata does nothing here: {remedy}"
    return None


def no_field(hint: Any) -> str:
    """Return the message about a type that has no field."""
    origin = typing.get_origin(hint) or hint
    return f"no field for the type {origin!r}; {_remedy(hint, origin)}"


def _remedy(hint: Any, origin: Any) -> str:
    name = getattr(origin, "__name__", str(origin))
    if isinstance(origin, typing.TypeVar):
        return f"derive a class that says what {name} stands for, as in class Ids(Page[UUID])"
    if hasattr(origin, "__kit_fields__"):
        return f"derive a class of its own, as in class Some{name}({name}[…])"
    if type(origin).__name__ == "_KW_ONLY_TYPE":
        return "every field is given by keyword: remove it"
    if type(origin).__name__ == "InitVar" or name == "InitVar":
        return "a value that is no field is a parameter of an __init__ of your own"
    if origin is type(None):
        return (
            "None is what `| None` adds to a type; a field may not have the name of its type, as in `date: date = None`"
        )
    if origin in (typing.Final, typing.ClassVar):
        return f"say of which type it is: {name}[…]"
    if any(hasattr(origin, mark) for mark in _CLASSES):
        return f"make it a schema: class {name}(BaseSchema)"
    if _library(origin) == "pydantic" and name in ("EmailStr", "AnyUrl", "HttpUrl"):
        return f"it is Annotated[str, {'Email' if name == 'EmailStr' else 'URL'}()] of marshmallow.validate"
    return "give one: Annotated[…, SomeField()]"


def no_option(names: Iterable[str], known: Iterable[str]) -> str:
    """Return the message about options that `field()` does not have."""
    name = next(iter(names))
    return f"field() has no {name}=: {_ELSEWHERE.get(name) or 'it takes ' + ', '.join(known)}"


def near(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean 'X'?)`, empty if no known name is near."""
    from difflib import get_close_matches

    found = get_close_matches(name, list(known), n=1)
    return f" (did you mean {found[0]!r}?)" if found else ""


def wrong_names(specs: Mapping[str, Any], missing: Iterable[str], surplus: Iterable[str]) -> str:
    """Return the message about wrong names of a constructor's arguments."""
    names = {spec.data_key: name for name, spec in specs.items() if spec.data_key}
    said = [f"lacks {', '.join(map(repr, missing))}"] if missing else []
    if surplus:
        each = (
            f"{name!r}, as data calls {names[name]!r}" if name in names else f"{name!r}{near(name, specs)}"
            for name in surplus
        )
        said.append(f"has no {', '.join(each)}")
    return " and ".join(said)


def _would_check(found: Any) -> bool:
    if isinstance(found, type):
        return issubclass(found, (Check, *_of_marshmallow("Validator", "Field")))
    return callable(found) or isinstance(found, _of_marshmallow("Field")) or foreign_check(found) is not None


def _of_marshmallow(*names: str) -> tuple[type, ...]:
    """Return these classes of marshmallow, none as long as nobody has imported it: then nothing is of them."""
    homes = {"Field": "fields", "Schema": "schema", "Validator": "validate"}
    modules = ((sys.modules.get(f"marshmallow.{homes[name]}"), name) for name in names)
    return tuple(getattr(module, name) for module, name in modules if hasattr(module, name))


def _library(kind: Any) -> str:
    package = str(getattr(kind, "__module__", "")).partition(".")[0]
    return "attrs" if package == "attr" else package
