"""Existing marshmallow schemas as classes."""

import json
from datetime import date
from typing import Annotated, Any, ClassVar

import marshmallow
import pytest
from kit_schemas import BaseSchema, SchemaDefinitionError, ValidationError, field, generated_source, set_compiled
from marshmallow import EXCLUDE, INCLUDE, RAISE, fields, post_load, validates_schema
from marshmallow.validate import Length


class LineSchema(marshmallow.Schema):
    sku = fields.String(required=True)


class LoanSchema(marshmallow.Schema):
    """A loan."""

    class Meta:
        dump_only = ("id",)
        exclude = ("secret",)
        unknown = INCLUDE
        dateformat = "%d.%m.%Y"

    id = fields.Integer()
    name = fields.String(required=True, validate=Length(min=1), data_key="Name")
    count = fields.Integer(load_default=1, attribute="size")
    tags = fields.List(fields.String(), load_default=list)
    fixed = fields.List(fields.String(), load_default=["a"])
    due = fields.Date()
    secret = fields.String()


Loan = BaseSchema.from_schema(LoanSchema)


def test_a_schema_becomes_a_class():
    loan = Loan.load({"Name": "Ann", "due": "02.01.2026", "more": 1})
    assert (Loan.__name__, Loan.__doc__) == ("Loan", "A loan.")
    assert loan == Loan(name="Ann", due=date(2026, 1, 2))
    assert vars(loan) == {
        "id": None,
        "name": "Ann",
        "size": 1,
        "tags": [],
        "fixed": ["a"],
        "due": date(2026, 1, 2),
    }
    assert loan.dump(skip_none=True) == {"Name": "Ann", "count": 1, "tags": [], "fixed": ["a"], "due": "02.01.2026"}
    assert Loan.load({"Name": "x"}).fixed is not Loan.load({"Name": "x"}).fixed


def test_a_field_may_not_hide_a_method():
    class LorrySchema(marshmallow.Schema):
        load = fields.Integer(required=True)

    with pytest.raises(SchemaDefinitionError, match=r"LorrySchema\.load: .*attribute='load_'"):
        BaseSchema.from_schema(LorrySchema)

    class NamedSchema(marshmallow.Schema):
        load = fields.Integer(required=True, attribute="load_")

    assert BaseSchema.from_schema(NamedSchema).load({"load": 5}).dump() == {"load": 5}


def test_its_schema_is_the_original_ones_subclass():
    assert issubclass(Loan.Schema, LoanSchema)
    assert Loan.Schema().load({"Name": "Ann"}) == Loan.load({"Name": "Ann"})
    with pytest.raises(ValidationError) as caught:
        Loan.load({"Name": ""})
    assert caught.value.messages == LoanSchema().validate({"Name": ""})


def test_it_refuses_unknown_fields_if_the_schema_says_so():
    class StrictSchema(LineSchema):
        class Meta:
            unknown = RAISE

    made = BaseSchema.from_schema(StrictSchema)
    for cls in (made, type("Sub", (made,), {}), type("Mixed", (type("Base", (BaseSchema,), {}), made), {})):
        with pytest.raises(ValidationError) as caught:
            cls.load({"sku": "a", "more": 1})
        assert caught.value.messages == {"more": ["Unknown field."]}
    assert made.load({"sku": "a", "more": 1}, unknown=EXCLUDE).sku == "a"
    assert type("Open", (made,), {}, unknown=EXCLUDE).load({"sku": "a", "more": 1}).sku == "a"
    open_ = type("Open", (BaseSchema,), {}, unknown=EXCLUDE)
    assert open_.from_schema(StrictSchema).load({"sku": "a", "more": 1}).sku == "a"
    # It says nothing, and marshmallow's default is not meant.
    assert BaseSchema.from_schema(LineSchema).load({"sku": "a", "more": 1}).sku == "a"


def test_it_is_compiled_as_any_other():
    assert "def load" in generated_source(Loan)


def test_it_can_be_given_more_fields():
    class Longer(Loan):
        note: str | None = None

    assert Longer.load({"Name": "Ann", "note": "x"}).dump(skip_none=True)["note"] == "x"


def test_hooks_and_methods_come_along():
    class SpanSchema(marshmallow.Schema):
        start = fields.Integer(required=True)
        end = fields.Integer(required=True)

        @validates_schema
        def in_order(self, data, **options):
            if data["start"] > data["end"]:
                raise ValidationError("start is after end")

    span = BaseSchema.from_schema(SpanSchema)
    assert span.load({"start": 1, "end": 2}) == span(start=1, end=2)
    with pytest.raises(ValidationError, match="start is after end"):
        span.load({"start": 3, "end": 2})


def test_what_a_post_load_hook_makes_is_what_load_returns():
    class PointSchema(marshmallow.Schema):
        x = fields.Integer(required=True)

        @post_load
        def made(self, data, **options):
            return (data["x"],)

    assert BaseSchema.from_schema(PointSchema).load({"x": 1}) == (1,)


def test_a_schema_that_works_differently_is_not_compiled():
    class UpperSchema(LineSchema):
        def get_attribute(self, obj, attr, default):
            return super().get_attribute(obj, attr, default).upper()

    upper = BaseSchema.from_schema(UpperSchema)
    assert upper.load({"sku": "a"}).dump() == {"sku": "a"}
    assert generated_source(upper) == ""


def test_nested_schemas_stay_dicts():
    class OrderSchema(marshmallow.Schema):
        lines = fields.List(fields.Nested(LineSchema))

    order = BaseSchema.from_schema(OrderSchema, name="Purchase")
    assert order.__name__ == "Purchase"
    loaded = order.load({"lines": [{"sku": "a"}]})
    assert loaded.lines == [{"sku": "a"}]
    assert loaded.dump() == {"lines": [{"sku": "a"}]}


def test_a_dotted_attribute_has_no_place():
    class OddSchema(marshmallow.Schema):
        name = fields.String(attribute="user.name")

    with pytest.raises(SchemaDefinitionError, match=r"OddSchema\.name"):
        BaseSchema.from_schema(OddSchema)


@pytest.mark.parametrize("compiled", [True, False])
def test_no_load_shares_its_default_with_another(compiled: bool) -> None:
    class Tagged(marshmallow.Schema):
        tags = marshmallow.fields.List(marshmallow.fields.String(), load_default=[])
        more = marshmallow.fields.Dict(load_default={"a": []})

    wrapped = BaseSchema.from_schema(Tagged)
    set_compiled(compiled)
    try:
        for _ in range(2):
            loaded = wrapped.load({})
            assert (loaded.tags, loaded.more) == ([], {"a": []})
            loaded.tags.append("mine")
            loaded.more["a"].append("mine")
        assert wrapped().tags == []
    finally:
        set_compiled(True)


def test_a_subclass_adds_to_a_meta_that_names_its_fields():
    class NamedSchema(marshmallow.Schema):
        class Meta:
            fields = ("name",)

        name = fields.String(required=True)
        hidden = fields.String()

    longer = type("Longer", (BaseSchema.from_schema(NamedSchema),), {"__annotations__": {"note": str}})
    assert longer.load({"name": "a", "note": "b", "hidden": "c"}).dump() == {"name": "a", "note": "b"}


def test_a_subclass_may_make_a_class_variable_of_a_field_or_another_field():
    class Fixed(Loan):
        name: ClassVar[str] = "Ann"
        size: str = "large"

    fixed = Fixed.load({"Name": "Bob", "count": 2, "size": "small"})
    assert (fixed.name, fixed.size) == ("Ann", "small")
    assert "Name" not in fixed.dump()
    assert "count" not in fixed.dump()
    assert Fixed(size="small") == fixed


def test_a_field_that_its_meta_never_loads_needs_a_default():
    class ReadSchema(marshmallow.Schema):
        class Meta:
            dump_only = ("note",)

    wrapped = BaseSchema.from_schema(ReadSchema)
    note = {"__annotations__": {"note": str}}
    with pytest.raises(SchemaDefinitionError, match=r"Noted\.note: .* needs a default"):
        type("Noted", (wrapped,), note).load({"note": "a"})
    assert type("Noted", (wrapped,), {**note, "note": "mine"}).load({"note": "a"}).dump() == {"note": "mine"}


def test_two_schemas_can_not_be_wrapped_by_one_class():
    for made in (type("Both", (Loan, BaseSchema.from_schema(LineSchema)), {}), Loan.from_schema(LineSchema)):
        with pytest.raises(SchemaDefinitionError, match="wraps both LineSchema and LoanSchema"):
            made.load({})


def test_the_schema_of_a_class_can_be_derived_from_and_wrapped():
    class Point(BaseSchema):
        x: int

    class DeepSchema(Point.Schema):
        y = fields.Integer(required=True)

    deep = BaseSchema.from_schema(DeepSchema)
    assert deep.load({"x": 1, "y": 2}) == deep(x=1, y=2)
    assert "def load" in generated_source(deep)


def test_nested_schemas_with_fewer_fields_and_plucked_ones():
    class PartSchema(marshmallow.Schema):
        sku = fields.String(required=True)
        size = fields.Integer(load_default=1)

    class WholeSchema(marshmallow.Schema):
        one = fields.Nested(PartSchema, only=("sku",))
        many = fields.Nested(PartSchema, exclude=("size",), many=True)
        names = fields.Pluck(PartSchema, "sku", many=True)

    data = {"one": {"sku": "a"}, "many": [{"sku": "b"}], "names": ["c", "d"]}
    loaded = BaseSchema.from_schema(WholeSchema).load(data)
    assert vars(loaded) == WholeSchema().load(data)
    assert loaded.dump() == data
    with pytest.raises(ValidationError) as caught:
        BaseSchema.from_schema(WholeSchema).load({"one": {"size": 1}, "names": 5})
    assert caught.value.messages == WholeSchema().validate({"one": {"size": 1}, "names": 5})


class AddressSchema(marshmallow.Schema):
    street = fields.String(required=True)
    zip = fields.String(required=True)


class PatchSchema(AddressSchema):
    """Partial by itself."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"partial": True, **options})


class SeveralSchema(AddressSchema):
    """A list by itself."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"many": True, **options})


class CustomerSchema(marshmallow.Schema):
    name = fields.String(required=True)
    home = fields.Nested(AddressSchema(partial=("zip",)))
    others = fields.Nested(AddressSchema(partial=True, many=True))
    by_name = fields.Dict(fields.String(), fields.Nested(PatchSchema()))
    whole = fields.Nested(AddressSchema)


Customer = BaseSchema.from_schema(CustomerSchema)
Patch = BaseSchema.from_schema(PatchSchema)
Several = BaseSchema.from_schema(SeveralSchema)
STREET = {"street": "High Street"}
MISSING = ["Missing data for required field."]


class Given(BaseSchema):
    """The same, given in Annotated, and nested classes whose Schema is partial or a list by itself."""

    name: str
    home: Annotated[Any, fields.Nested(AddressSchema(partial=("zip",)))] = None
    patch: Patch | None = None
    patches: list[Patch] = field(default_factory=list)
    several: Several | None = None


PARTIAL = {"name": "ann", "home": STREET, "others": [STREET, {}], "by_name": {"a": {}}}


@pytest.mark.parametrize(
    "load",
    [
        lambda cls, data: cls.load(data),
        lambda cls, data: cls.loads(json.dumps(data)),
        lambda cls, data: cls.load([data], many=True)[0],
        lambda cls, data: cls.load(data, partial=True),
        lambda cls, data: cls.Schema().load(data),
        lambda cls, data: cls.Schema().load(data, partial=True),
        lambda cls, data: cls.Schema(partial=True).load(data),
    ],
)
def test_what_is_partial_or_a_list_by_itself_stays_so(load):
    assert load(Customer, PARTIAL).others == CustomerSchema().load(PARTIAL)["others"] == [STREET, {}]
    assert load(Customer, PARTIAL).by_name == {"a": {}}
    given = load(Given, {"name": "ann", "home": STREET, "patch": {}, "patches": [STREET, {}], "several": []})
    assert given.home == STREET
    assert [vars(each) for each in (given.patch, *given.patches)] == [{}, STREET, {}]
    with pytest.raises(ValidationError) as caught:
        load(Customer, {"name": "ann", "whole": STREET})
    assert caught.value.messages in ({"whole": {"zip": MISSING}}, {0: {"whole": {"zip": MISSING}}})


def test_a_class_of_a_schema_that_is_partial_by_itself_is():
    assert vars(Patch.load(STREET)) == vars(Patch.Schema().load(STREET)) == PatchSchema().load(STREET) == STREET
    with pytest.raises(ValidationError) as caught:
        Patch.load(STREET, partial=False)
    assert caught.value.messages == {"zip": MISSING}
    assert Patch.load([{}, STREET], many=True)[1].dump() == STREET
    assert "required" not in Patch.json_schema()


def test_a_class_of_a_schema_that_is_a_list_by_itself_is():
    whole = {**STREET, "zip": "1"}
    one = Several(**whole)
    assert Several.load([whole, whole]) == Several.Schema().load([whole, whole]) == [one, one]
    assert Several.load(whole, many=False) == one
    assert one.dump() == whole
    assert Several.dump([one, one], many=True) == [whole, whole]
    given = Given.load({"name": "ann", "several": [whole]})
    assert given.several == [one]
    assert given.dump(skip_none=True)["several"] == [whole]
    assert Several.json_schema()["type"] == "array"
    assert Given.json_schema()["properties"]["several"]["type"] == ["array", "null"]
    with pytest.raises(ValidationError):
        Several.load(whole)
