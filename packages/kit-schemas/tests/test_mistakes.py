"""What is written as other libraries have it is refused with a remedy, not ignored."""

import dataclasses
import enum
from typing import Annotated, Any, ClassVar

import marshmallow
import pytest
from kit_schemas import RAISE, BaseSchema, SchemaDefinitionError, ValidationError, field
from marshmallow import fields, validate, validates

# As in pydantic and annotated_types, which are no dependencies.
FieldInfo = type("FieldInfo", (), {"__module__": "pydantic.fields"})
Query = type("Query", (FieldInfo,), {"__module__": "fastapi.params"})
AfterValidator = type("AfterValidator", (), {"__module__": "pydantic.functional_validators"})
Gt = type("Gt", (), {"__module__": "annotated_types"})
DocInfo = type("DocInfo", (), {"__module__": "annotated_types"})


def made(hint: Any = str, **body: Any) -> Any:
    return type("Made", (BaseSchema,), {"__annotations__": {"value": hint}, **body})


@pytest.mark.parametrize(
    ("default", "message"),
    [
        (fields.Str(required=True), r"marshmallow field is no default.*Annotated\[…, String\(…\)\]"),
        (fields.Str, r"Annotated\[…, String\(…\)\]"),
        (field(default=fields.Str()), r"Annotated\[…, String\(…\)\]"),
        (dataclasses.field(default_factory=list), r"dataclasses means nothing here.*kit_schemas\.field"),
        (FieldInfo(), r"pydantic means nothing here.*kit_schemas\.field"),
        (Query(), r"pydantic means nothing here"),
    ],
)
def test_a_field_of_another_kind_is_no_default(default, message):
    with pytest.raises(SchemaDefinitionError, match=rf"^Made\.value: .*{message}"):
        made(value=default)


@pytest.mark.parametrize("value", [fields.Str(required=True), dataclasses.field(), FieldInfo()])
def test_a_field_of_another_kind_needs_an_annotation_first(value):
    with pytest.raises(SchemaDefinitionError, match=r"^Made\.other: a field needs an annotation"):
        made(other=value)


def test_what_helps_annotations_is_no_mistake():
    class Made(BaseSchema):
        class Trimmed(fields.String):
            def _deserialize(self, *args: Any, **options: Any) -> Any:
                return super()._deserialize(*args, **options).strip()

        _T = fields.String(data_key="n")

        name: Annotated[str, Trimmed()]
        other: Annotated[str, _T]

        @property
        def model_config(self) -> str:
            return self.name

    made = Made.load({"name": " x ", "n": "y"})
    assert (made.name, made.other, made.model_config) == ("x", "y", "x")


def test_what_is_a_class_variable_may_be_anything():
    class Made(BaseSchema):
        template: ClassVar[Any] = fields.Str()
        Meta: ClassVar[Any] = object

    assert Made().dump() == {}


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ([validate.Length(min=2)], "a list does nothing in Annotated: give what is in it one by one"),
        ((validate.Length(min=2),), "a tuple does nothing in Annotated"),
        (("doc", [str.isdigit]), "a tuple does nothing in Annotated"),
        ([fields.Str()], "a list does nothing in Annotated"),
        ([validate.Email], "a list does nothing in Annotated"),
        ([Gt()], "a list does nothing in Annotated"),
        (FieldInfo(), "FieldInfo of pydantic does nothing here: use marshmallow's validators"),
        (Query(), "Query of fastapi does nothing here"),
        (AfterValidator(), "AfterValidator of pydantic does nothing here"),
        (Gt(), "Gt of annotated_types does nothing here"),
    ],
)
def test_what_was_meant_to_check_and_would_not_is_refused(metadata, message):
    with pytest.raises(SchemaDefinitionError, match=rf"^Made\.value: {message}"):
        made(Annotated[str, metadata]).load({"value": "x"})


@pytest.mark.parametrize("metadata", ["a word", 5, DocInfo(), object(), {"doc": "x"}, ("doc", 1), ["doc", int], []])
def test_other_metadata_is_ignored_as_python_says(metadata):
    assert made(Annotated[str, metadata]).load({"value": "x"}).value == "x"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"Meta": type("Meta", (), {"unknown": RAISE})}, "class Meta does nothing here: .*unknown=RAISE"),
        ({"Meta": type("Meta", (marshmallow.Schema.Meta,), {})}, "class Meta does nothing here"),
        ({"model_config": {"extra": "forbid"}}, "model_config is pydantic's: .*unknown=RAISE"),
    ],
)
def test_options_in_the_body_are_refused(body, message):
    with pytest.raises(SchemaDefinitionError, match=rf"^Made: {message}"):
        made(**body)


def test_a_schema_and_an_enum_may_be_called_meta():
    class Page(BaseSchema):
        class Meta(BaseSchema):
            number: int

        meta: Meta

    assert Page.load({"meta": {"number": 1}}).meta.number == 1
    made(Meta=enum.Enum("Meta", "A"))


@pytest.mark.parametrize(
    ("option", "named"), [({"strickt": True}, r"strickt \(did you mean 'strict'\?\)"), ({"frozen": True}, "frozen")]
)
def test_an_option_of_a_class_that_there_is_not_is_named(option, named):
    message = rf"^Made: no {named} in a class's head: there are strict, default_timezone, split, unknown$"
    with pytest.raises(SchemaDefinitionError, match=message):
        type("Made", (BaseSchema,), {}, **option)


def test_an_error_of_a_mixin_stays_its_own():
    class Named:
        def __init_subclass__(cls, *, topic: str) -> None:
            super().__init_subclass__()

    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'topic'"):
        type("Made", (BaseSchema, Named), {})
    with pytest.raises(TypeError, match="unexpected keyword argument 'strickt'"):
        type("Made", (BaseSchema, Named), {}, topic="x", strickt=True)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("required", "a field without a default is required"),
        ("alias", "it is data_key="),
        ("description", "it goes into metadata="),
        ("ge", r"it is Annotated\[…, Range\(…\)\]"),
        ("max_length", r"it is Annotated\[…, Length\(…\)\]"),
        ("defualt", "it takes default, default_factory, data_key, load_only, dump_only, validate, metadata"),
    ],
)
def test_an_option_of_a_field_that_there_is_not_is_named(option, message):
    with pytest.raises(TypeError, match=rf"^field\(\) has no {option}=: {message}"):
        field(**{option: 1})


class Member(BaseSchema):
    name: str = field(data_key="fullName")
    age: int = 0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"nme": "x"}, "Member lacks 'name' and has no 'nme' (did you mean 'name'?)"),
        ({"fullName": "x"}, "Member lacks 'name' and has no 'fullName', as data calls 'name'"),
        ({}, "Member lacks 'name'"),
        ({"name": "x", "nme": "y"}, "Member has no 'nme' (did you mean 'name'?)"),
        ({"name": "x", "other": "y"}, "Member has no 'other'"),
    ],
)
def test_the_constructor_names_all_that_is_wrong(values, message):
    with pytest.raises(TypeError) as caught:
        Member(**values)
    assert str(caught.value) == message


def test_replace_names_what_is_wrong():
    with pytest.raises(TypeError, match="Member has no 'fullName', as data calls 'name'"):
        Member(name="x").replace(fullName="y")
    with pytest.raises(TypeError, match="has no 'nme'"):
        Member.load({"age": 1}, partial=True).replace(nme="y")


@pytest.mark.parametrize("given", ["x", {"name": "x"}])
def test_the_constructor_takes_keywords_only(given):
    with pytest.raises(TypeError, match=r"Member takes its fields by keyword, Member\(name=…\).*Member\.load"):
        Member(given)


@pytest.mark.parametrize("use", [lambda cls: cls.load({}), lambda cls: cls.Schema(), lambda cls: cls.json_schema()])
def test_a_hook_for_a_field_that_there_is_not_is_named(use):
    class Made(BaseSchema):
        value: int = 0

        @validates("valeu")
        def check(self, value: int, **options: Any) -> None:
            raise ValidationError("never")

    with pytest.raises(SchemaDefinitionError, match="Made: check validates 'valeu', which is no field"):
        use(Made)


def test_two_fields_of_one_name_are_found_by_its_schema_too():
    class Made(BaseSchema):
        one: int = field(data_key="x")
        other: int = field(data_key="x")

    with pytest.raises(SchemaDefinitionError, match=r"Made: .*collides"):
        Made.Schema()


@pytest.mark.parametrize("several", [[Member(name="x")], (), {"name": "x"}, None])
def test_a_dump_of_several_needs_many(several):
    with pytest.raises(TypeError, match=rf"dump is for an instance, not for a {type(several).__name__}; .*many=True"):
        Member.dump(several)
