import datetime as dt  # noqa: F401  (named in a string)
from typing import ClassVar

import pytest
from kit_schemas import BaseSchema, SchemaDefinitionError, SchemasError, field


class Base(BaseSchema):
    id: int
    status: str = "new"
    kind: str = "base"


class Child(Base):
    name: str
    kind: ClassVar[str] = "child"
    status: str = "born"


class Plain:
    label: str = "mixed in"

    def greet(self) -> str:
        return f"hello {self.name}"


class Mixed(Base, Plain):
    name: str


def test_fields_are_inherited_and_overridden():
    child = Child(id=1, name="x")
    assert child.dump() == {"id": 1, "status": "born", "name": "x"}


def test_a_field_can_become_a_class_variable():
    with pytest.raises(TypeError, match="has no 'kind'"):
        Child(id=1, name="x", kind="other")
    assert Child.kind == "child"


def test_what_became_a_class_variable_stays_one():
    class Grandchild(Child):
        pass

    assert Grandchild(id=1, name="x").dump() == {"id": 1, "status": "born", "name": "x"}


def test_the_nearest_base_in_the_mro_decides():
    class Left(Base):
        pass

    class Right(Base):
        status: str = "right"

    class Both(Left, Right):
        pass

    assert Both(id=1).status == Both.status == "right"


@pytest.mark.parametrize(
    "name", ["owner", "self", "fields", "Meta", "opts", "unknown", "skip_none", "validate", "many"]
)
def test_a_field_may_be_called_what_marshmallow_or_this_package_uses(name):
    made = type("Made", (BaseSchema,), {"__annotations__": {name: str}})
    assert made(**{name: "v"}).dump() == made.load({name: "v"}).dump() == {name: "v"}


def test_a_plain_mixin_brings_methods_but_no_fields():
    mixed = Mixed(id=1, name="Ann")
    assert mixed.greet() == "hello Ann"
    assert "label" not in mixed.dump()


def test_an_abstract_mixin_is_respected():
    from abc import ABC, abstractmethod

    class Event(ABC):
        @abstractmethod
        def topic(self) -> str: ...

    class Unfinished(BaseSchema, Event):
        id: int

    class Finished(Unfinished):
        def topic(self) -> str:
            return f"loans/{self.id}"

    with pytest.raises(TypeError, match="abstract"):
        Unfinished(id=1)
    assert Finished(id=1).topic() == "loans/1"


def test_subclass_options_reach_the_mixin():
    class Named:
        def __init_subclass__(cls, *, topic: str, **options):
            super().__init_subclass__(**options)
            cls.topic = topic

    class Event(BaseSchema, Named, topic="loans"):
        id: int

    assert Event.topic == "loans"


def test_defaults_from_a_factory_are_not_shared():
    class Basket(BaseSchema):
        items: list[str] = field(default_factory=list)

    one, other = Basket(), Basket()
    one.items.append("x")
    assert other.items == []
    assert Basket.load({}).items == []


def test_a_mutable_default_is_refused_by_name():
    with pytest.raises(SchemaDefinitionError, match="default_factory") as caught:

        class Basket(BaseSchema):
            items: list[str] = []  # noqa: RUF012

    assert caught.value.field == "items"
    assert isinstance(caught.value, SchemasError)
    with pytest.raises(SchemaDefinitionError, match="a Child as default would be shared"):

        class Nesting(BaseSchema):
            child: Child = Child(id=1, name="x")


def test_a_callable_default_stays_a_value():
    class Job(BaseSchema):
        action: object = print

    assert Job.load({}).action is print


def test_default_and_factory_together_are_refused():
    with pytest.raises(TypeError, match="not both"):
        field(default=1, default_factory=int)


def test_an_unknown_option_is_refused():
    with pytest.raises(TypeError):
        field(defualt=1)


def test_a_dump_only_field_needs_a_default():
    with pytest.raises(SchemaDefinitionError, match="dump_only"):

        class Row(BaseSchema):
            id: int = field(dump_only=True)


@pytest.mark.parametrize("name", ["load", "dump", "Schema", "replace"])
def test_a_field_may_not_hide_a_method(name):
    with pytest.raises(SchemaDefinitionError, match="belongs to BaseSchema"):
        type("Bad", (BaseSchema,), {"__annotations__": {name: int}})


def test_an_option_leaves_no_trace_on_the_class():
    class Row(BaseSchema):
        name: str = field(data_key="Name")
        size: int = field(default=3)

    assert not hasattr(Row, "name")
    assert Row.size == 3


def test_options_without_an_annotation_are_refused() -> None:
    with pytest.raises(SchemaDefinitionError, match="annotation"):
        type("Loose", (BaseSchema,), {"name": field(default="a")})


def test_names_of_parameters_are_names_of_fields_everywhere():
    names = ["self", "cls", "data", "unknown", "partial", "many", "values", "instance", "changes", "class", "_instance"]
    made = type("Made", (BaseSchema,), {"__annotations__": dict.fromkeys(names, str)})
    data = {name: name for name in names}
    loaded = made.load(data)
    assert loaded == made(**data) == made.Schema().load(data)
    assert loaded.replace(**{name: name * 2 for name in names}) == made(**{name: name * 2 for name in names})
    assert loaded.dump() == loaded.Schema().dump(loaded) == data
    assert made.load({"self": "a"}, partial=True).dump() == {"self": "a"}


@pytest.mark.parametrize("name", ["__init__", "__dict__", "__class__", "__kit_owner__", "__kit_fields__", "__doc__"])
def test_a_field_may_not_take_what_python_uses(name):
    with pytest.raises(SchemaDefinitionError, match="belongs to Python"):
        type("Bad", (BaseSchema,), {"__annotations__": {name: str}})


@pytest.mark.parametrize("name", ["a.b", "a b", "1", ""])
def test_what_is_no_name_is_no_field(name):
    with pytest.raises(SchemaDefinitionError, match="data_key"):
        type("Bad", (BaseSchema,), {"__annotations__": {name: str}})


def test_two_fields_with_one_name_in_the_data_are_a_mistake_of_the_class():
    class Made(BaseSchema):
        one: int = field(data_key="x")
        other: int = field(data_key="x")

    with pytest.raises(SchemaDefinitionError, match=r"Made: .*collides"):
        Made.load({"x": 1})


def test_one_field_may_be_loaded_and_another_dumped_by_the_same_name():
    class Made(BaseSchema):
        given: str = field(data_key="x", load_only=True)
        shown: int = field(default=0, data_key="x", dump_only=True)

    assert Made.load({"x": "a"}).dump() == {"x": 0}
    assert Made.json_schema()["properties"] == {"x": {"type": "string", "writeOnly": True}}


@pytest.mark.parametrize("hint", ["list[", "dt.Nowhere", "int[str]", "Nowhere"])
def test_an_annotation_that_means_nothing_is_named(hint):
    made = type("Made", (BaseSchema,), {"__annotations__": {"value": hint}, "__module__": __name__})
    with pytest.raises(SchemaDefinitionError, match="Made: an annotation means nothing"):
        made.load({})


@pytest.mark.parametrize("value", ["born", property(lambda self: "born"), lambda self: "born", None])
def test_a_bases_field_is_not_changed_without_an_annotation(value):
    with pytest.raises(SchemaDefinitionError, match=r"Child\.status: .*annotate it"):
        type("Child", (Base,), {"status": value})
    annotated = {"__annotations__": {"status": str}, "status": "born"}
    assert type("Child", (Base,), annotated)(id=1).status == "born"
