"""What other libraries left in a class body is refused with the way to write it here; the libraries are real ones."""

import abc
import dataclasses
import functools
import warnings
from typing import Annotated, Any, ClassVar

import annotated_types
import attrs
import marshmallow
import pydantic
import pytest
from kit_schemas import BaseSchema, SchemaDefinitionError, ValidationError, field
from marshmallow import fields
from marshmallow.validate import Range


def made(hint: Any = int, **body: Any) -> Any:
    return type("Made", (BaseSchema,), {"__annotations__": {"value": hint}, "__module__": __name__, **body})


def _checked(cls: Any, value: Any) -> Any:
    raise AssertionError("never called")


def _deprecated(decorator: str, *arguments: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(pydantic, decorator)(*arguments, **options)(_checked)


VALIDATES, VALIDATES_SCHEMA = r"@validates\('name'\) of marshmallow", "@validates_schema of marshmallow"


@pytest.mark.parametrize(
    ("left", "message"),
    [
        (pydantic.field_validator("value")(_checked), f"@field_validator of pydantic .*{VALIDATES}"),
        (pydantic.field_validator("value", mode="before")(_checked), f"@field_validator of pydantic .*{VALIDATES}"),
        (pydantic.model_validator(mode="before")(_checked), f"@model_validator of pydantic .*{VALIDATES_SCHEMA}"),
        (pydantic.model_validator(mode="after")(lambda self: self), f"@model_validator .*{VALIDATES_SCHEMA}"),
        (pydantic.field_serializer("value")(_checked), "@field_serializer of pydantic .*@post_dump of marshmallow"),
        (pydantic.model_serializer()(lambda self: {}), "@model_serializer of pydantic .*@post_dump"),
        (
            pydantic.computed_field(property(lambda self: 1), return_type=int),
            "@computed_field of pydantic .*@post_dump",
        ),
        (_deprecated("validator", "value"), f"@validator of pydantic .*{VALIDATES}"),
        (_deprecated("root_validator", pre=True), f"@root_validator of pydantic .*{VALIDATES_SCHEMA}"),
    ],
)
def test_decorated_methods_of_pydantic(left, message):
    with pytest.raises(SchemaDefinitionError, match=rf"^Made\.check: {message}"):
        made(check=left)


def test_decorated_methods_of_a_mixin():
    class Positive:
        check = pydantic.field_validator("value")(_checked)

    class Base(BaseSchema):
        value: int

    for bases in ((BaseSchema, Positive), (Positive, BaseSchema), (Base, Positive)):
        with pytest.raises(SchemaDefinitionError, match=r"^Made: Positive: @field_validator of pydantic does nothing"):
            type("Made", bases, {"__annotations__": {"value": int}})


def test_decorated_methods_of_the_first_pydantic_and_of_sqlalchemy():
    """Told by the attributes that their decorators set: pydantic.v1 does not run on each Python that this does."""
    for mark, message in [
        ("__validator_config__", f"@validator of pydantic .*{VALIDATES}"),
        ("__root_validator_config__", f"@root_validator of pydantic .*{VALIDATES_SCHEMA}"),
        ("__sa_validators__", "@validates of SQLAlchemy .*import validates from marshmallow"),
    ]:

        def check(self: Any, value: Any) -> Any:
            raise AssertionError("never called")

        marked = classmethod(_checked)
        for function in (check, marked):
            setattr(function, mark, (["value"], {}))
        for left in (check, classmethod(check), marked):
            with pytest.raises(SchemaDefinitionError, match=rf"^Made\.check: {message}"):
                made(check=left)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("__post_init__", r"@validates_schema or @post_load .*super\(\).__init__\(\*\*values\)"),
        ("__attrs_post_init__", "@validates_schema or @post_load"),
        ("__attrs_pre_init__", r"super\(\).__init__"),
        ("model_post_init", "@validates_schema or @post_load"),
        ("__post_init_post_parse__", "@validates_schema"),
        ("__pydantic_init_subclass__", "__init_subclass__"),
        ("__pre_deserialize__", "@pre_load"),
        ("__post_deserialize__", "@post_load"),
        ("__pre_serialize__", "@pre_dump"),
        ("__post_serialize__", "@post_dump"),
    ],
)
def test_methods_that_nothing_calls(name, remedy):
    mixin = type("Mixin", (), {name: _checked})
    for make in (
        lambda: made(**{name: _checked}),
        lambda: type("Made", (BaseSchema, mixin), {"__annotations__": {"value": int}}),
    ):
        with pytest.raises(SchemaDefinitionError, match=rf"^Made: {name} is never called here: .*{remedy}"):
            make()


def test_a_constructor_of_ones_own_may_call_them():
    class Span(BaseSchema):
        low: int
        high: int

        def __init__(self, **values: Any) -> None:
            super().__init__(**values)
            self.__post_init__()

        def __post_init__(self) -> None:
            if self.low > self.high:
                raise ValidationError("low is above high")

    assert Span.load({"low": 1, "high": 2}).high == 2
    with pytest.raises(ValidationError, match="low is above high"):
        Span.load({"low": 9, "high": 1})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"Config": type("Config", (), {"extra": "forbid"})}, "class Config does nothing here: .*unknown=RAISE"),
        ({"Config": {"extra": "forbid"}}, "class Config does nothing here"),
        ({"Config": abc.ABCMeta("Config", (), {"extra": "forbid"})}, "class Config does nothing here"),
        ({"model_config": pydantic.ConfigDict(extra="forbid")}, "model_config is pydantic's: .*unknown=RAISE"),
        ({"dataclass_json_config": {"undefined": "raise"}}, "dataclass_json_config is dataclasses_json's"),
    ],
)
def test_options_of_other_libraries(body, message):
    with pytest.raises(SchemaDefinitionError, match=rf"^Made: {message}"):
        made(**body)


def test_options_are_none_of_a_class_variable_either():
    hints = {"value": int, "model_config": ClassVar[pydantic.ConfigDict]}
    with pytest.raises(SchemaDefinitionError, match="model_config is pydantic's"):
        made(__annotations__=hints, model_config=pydantic.ConfigDict(extra="forbid"))
    assert made(__annotations__={"Config": ClassVar[Any]}, Config=type("Config", (), {})).load({}) is not None


def test_a_schema_or_an_enum_may_be_called_config():
    class Service(BaseSchema):
        class Config(BaseSchema):
            port: int

        config: Config

    assert Service.load({"config": {"port": 1}}).config.port == 1


@pytest.mark.parametrize(
    ("default", "message"),
    [
        (pydantic.Field(gt=0), "a field of pydantic means nothing here"),
        (pydantic.PrivateAttr(default=1), r"PrivateAttr of pydantic .*super\(\).__init__"),
        (attrs.field(), "a field of attrs means nothing here"),
        (attrs.Factory(int), "a field of attrs means nothing here"),
        (dataclasses.field(default=1), "a field of dataclasses means nothing here"),
        (..., "`...` is no default: a field without a default is required"),
        (property(lambda self: 1), "a property of this name hides the field's value"),
    ],
)
def test_defaults_that_are_none(default, message):
    with pytest.raises(SchemaDefinitionError, match=rf"^Made\.value: {message}"):
        made(value=default)


def test_a_private_attribute_needs_no_annotation_to_be_refused():
    with pytest.raises(SchemaDefinitionError, match=r"^Made\._seen: PrivateAttr of pydantic means nothing here"):
        made(_seen=pydantic.PrivateAttr(default=0))


def test_slots_and_properties_hide_no_value():
    with pytest.raises(SchemaDefinitionError, match=r"^Made\.value: __slots__ of this name hides the field's value"):
        made(__slots__=("value",))
    assert made(__slots__=("cache",)).load({"value": 1}).value == 1

    class Named:
        @property
        def value(self) -> int:
            return 5

    class Slotted:
        __slots__ = ("value",)

    for mixin in (Named, Slotted):
        for bases in ((BaseSchema, mixin), (mixin, BaseSchema)):
            with pytest.raises(SchemaDefinitionError, match=rf"^Made\.value: .*{mixin.__name__}\.value hides"):
                type("Made", bases, {"__annotations__": {"value": int}})
        # What the class itself says comes first.
        assert type("Made", (BaseSchema, mixin), {"__annotations__": {"value": int}, "value": 1}).load({}).value == 1


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"validate": Range(min=1)}, r"'validate' in metadata does nothing here: it is field\(validate=…\)"),
        ({"data_key": "N"}, r"'data_key' .*field\(data_key=…\)"),
        ({"load_only": True}, r"field\(load_only=…\)"),
        ({"dump_only": True}, r"field\(dump_only=…\)"),
        ({"required": False}, "a field without a default is required"),
        ({"allow_none": True}, r"annotate it with `\| None`"),
        ({"load_default": 1}, "default="),
        ({"dump_default": 1}, "default="),
        ({"missing": 1}, "default="),
        ({"attribute": "n"}, "the annotated name is the attribute"),
        ({"error_messages": {"invalid": "x"}}, r"Annotated\[…, SomeField\(error_messages=…\)\]"),
        ({"marshmallow_field": fields.Int(validate=Range(min=1))}, r"Annotated\[…, SomeField\(…\)\]"),
        ({object(): {"marshmallow_field": fields.Int()}}, r"Annotated\[…, SomeField\(…\)\]"),
        ({"mine": Range(min=1)}, r"Annotated\[…, SomeField\(…\)\]"),
        ({"dataclasses_json": {"letter_case": str}}, "data_key="),
        ({"strict": True}, "strict=True is in the class's head"),
        ({"unknown": "raise"}, "unknown=RAISE"),
        ({"many": True}, "annotate it as list"),
        ({"format": "%d.%m.%Y"}, r"SomeField\(format=…\)"),
        ({"format": "timestamp"}, r"SomeField\(format=…\)"),
        ({"places": 2}, r"SomeField\(places=…\)"),
        ({"serialize": str}, r"a field of your own: Annotated\[…, SomeField\(\)\]"),
        ({"alias": "N"}, r"field\(data_key=…\)"),
    ],
)
def test_options_in_metadata(metadata, message):
    with pytest.raises(SchemaDefinitionError, match=rf"^Made\.value: .*{message}"):
        made(value=field(metadata=metadata))


def test_metadata_that_is_true_anyway_or_ones_own_is_kept():
    metadata = {"required": True, "unit": "kg", "format": "iban", "minLength": 3, "title": "Weight"}
    assert made(str, value=field(metadata=metadata)).Schema().fields["value"].metadata == metadata
    made(str, value=field(default="", metadata={"required": False}))


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (annotated_types.Gt(0), "Gt of annotated_types does nothing here: use marshmallow's validators"),
        (annotated_types.Predicate(str.isdigit), "Predicate of annotated_types"),
        (pydantic.AfterValidator(abs), "AfterValidator of pydantic .*a function that raises ValidationError"),
        (pydantic.PlainSerializer(str), "PlainSerializer of pydantic"),
        (pydantic.StringConstraints(min_length=1), "StringConstraints of pydantic"),
        (pydantic.Strict, "Strict of pydantic"),
        (attrs.validators.ge(0), "_NumberValidator of attrs"),
        (functools.partial(fields.Integer, strict=True), r"Integer does nothing here: make one, Integer\(…\)"),
        (functools.partial(Range, min=1), r"Range does nothing here: make one, Range\(…\)"),
    ],
)
def test_checks_that_nothing_runs(check, message):
    with pytest.raises(SchemaDefinitionError, match=rf"^Made\.value: {message}"):
        made(Annotated[int, check]).load({"value": -5})
    with pytest.raises(SchemaDefinitionError, match=rf"^Made\.value: {message}"):
        made(value=field(validate=[check]))


@pytest.mark.parametrize("check", [Range, "x", 5, None, int])
def test_what_is_given_as_a_validator_is_one(check):
    with pytest.raises(SchemaDefinitionError, match=r"^Made\.value: .*(Range\(…\)|does not check anything)"):
        made(value=field(validate=[check]))


@pytest.mark.parametrize(
    "decorate",
    [
        dataclasses.dataclass,
        dataclasses.dataclass(frozen=True),
        attrs.define(slots=False),
        pydantic.dataclasses.dataclass,
    ],
)
def test_decorators_of_other_libraries(decorate):
    cls = decorate(made())
    with pytest.raises(
        SchemaDefinitionError, match=r"Made: .* takes away the defaults and the repr that hides secrets"
    ):
        cls.load({"value": 1})


@pytest.mark.parametrize("decorate", [dataclasses.dataclass(slots=True), attrs.define])
def test_decorators_that_make_slots(decorate):
    with pytest.raises(SchemaDefinitionError, match="__slots__ of this name hides"):
        decorate(made())


def test_a_marshmallow_schema_is_no_base():
    class LineSchema(marshmallow.Schema):
        sku = fields.String(required=True)

    for bases in ((BaseSchema, LineSchema), (LineSchema, BaseSchema)):
        with pytest.raises(SchemaDefinitionError, match=r"sku|LineSchema would be lost: .*from_schema\(LineSchema\)"):
            type(LineSchema)("Made", bases, {"__annotations__": {"value": int}})


def test_a_field_of_a_new_type_of_marshmallow_dataclass_is_the_field():
    """As `marshmallow_dataclass.NewType` makes it, which is no dependency."""
    from typing import NewType

    mail: Any = NewType("Mail", str)
    mail._marshmallow_field = fields.Email()
    with pytest.raises(ValidationError, match="Not a valid email"):
        made(mail).load({"value": "x"})
    short: Any = NewType("Short", str)
    short._marshmallow_args = {"validate": Range(max=5)}
    with pytest.raises(
        SchemaDefinitionError, match=r"Made\.value: NewType\('Short', …, validate=…\) does nothing here"
    ):
        made(short).load({"value": "x"})
