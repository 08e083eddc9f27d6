"""What may be written around a type, or stand for one."""

import copy
import dataclasses
import sys
import textwrap
from typing import Annotated, Any, ClassVar, Final, Generic, Literal, NamedTuple, Optional, Self, TypedDict, TypeVar

import pytest
from kit_schemas import BaseSchema, Discriminator, SchemaDefinitionError, ValidationError, field
from marshmallow.validate import Range

T = TypeVar("T")
U = TypeVar("U")
Tree = dict[str, "Tree"]


class Item(BaseSchema):
    size: int


class Page(BaseSchema, Generic[T]):
    items: list[T]
    next: T | None = None


class Pair(Page[T], Generic[T, U]):
    by_name: dict[str, Annotated[U, Range(min=1)]] = field(default_factory=dict)
    other: "U | None" = None


class Items(Page[Item]):
    count: int = 0


class Both(Pair[Item, int]):
    pass


class More(Items):
    pass


def run(source: str) -> dict[str, Any]:
    """Run source that only newer versions of Python can read, in a module of its own."""
    name = f"{__name__}.run"
    module = type(sys)(name)
    sys.modules[name] = module
    exec(compile(textwrap.dedent(source), name, "exec", dont_inherit=True), vars(module))
    return vars(module)


def test_a_generic_class_is_made_concrete_by_a_subclass():
    for cls in (Items, More):
        page = cls.load({"items": [{"size": "1"}], "next": {"size": 2}})
        assert page == cls(items=[Item(size=1)], next=Item(size=2))
        assert cls.load(page.dump()) == page
    both = Both.load({"items": [{"size": 1}], "by_name": {"a": "5"}, "other": "7"})
    assert (both.by_name, both.other) == ({"a": 5}, 7)
    with pytest.raises(ValidationError) as caught:
        Both.load({"items": [{}], "by_name": {"a": 0}})
    assert set(caught.value.messages) == {"items", "by_name"}
    assert Items.json_schema()["properties"]["items"]["items"] == {"$ref": "#/$defs/Item"}


@pytest.mark.parametrize("use", [Page.load, Page[int].load, Page[Item].load, lambda data: Page(**data).dump()])
def test_a_type_variable_that_stands_for_nothing_is_named(use):
    message = r"Page\.items: no field for the type ~T; derive a class that says what T stands for"
    with pytest.raises(SchemaDefinitionError, match=message):
        use({"items": []})


def test_a_generic_class_with_its_types_is_no_class_of_its_own():
    class Holder(BaseSchema):
        page: Page[Item]

    with pytest.raises(SchemaDefinitionError, match=r"Holder\.page: .*derive a class.*class SomePage\(Page\[…\]\)"):
        Holder.load({})


@pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 695")
def test_generic_classes_of_python_3_12():
    found = run(
        """
        from kit_schemas import BaseSchema
        class Item(BaseSchema): size: int
        class Page[T](BaseSchema):
            items: list[T]
            first: "T | None" = None
        class Items(Page[Item]): pass
        type Row[T] = dict[str, T]
        type Rows = list["Row[Item]"]
        class Table(BaseSchema):
            row: Row[int]
            rows: Rows
            twice: Row[Row[int]]
        """
    )
    page = found["Items"].load({"items": [{"size": 1}], "first": {"size": "2"}})
    assert page.first == found["Item"](size=2)
    table = found["Table"].load({"row": {"a": "1"}, "rows": [{"b": {"size": 1}}], "twice": {"c": {"d": "2"}}})
    assert (table.row, table.rows) == ({"a": 1}, [{"b": found["Item"](size=1)}])
    assert table.twice == {"c": {"d": 2}}


def test_self_is_the_class_that_has_the_field():
    class Node(BaseSchema):
        name: str
        parent: Self | None = None
        children: "list[Self]" = field(default_factory=list)

    class Named(Node):
        title: str = ""

    data = {"name": "a", "parent": {"name": "b"}, "children": [{"name": "c"}]}
    assert Node.load(data) == Node(name="a", parent=Node(name="b"), children=[Node(name="c")])
    named = Named.load({**data, "parent": {"name": "b", "title": "t"}})
    assert named.parent == Named(name="b", title="t")
    assert Named.load(named.dump()) == named

    class Strict(Node, strict=True):
        count: int = 0

    with pytest.raises(ValidationError):
        Strict.load({"name": "a", "parent": {"name": "b", "count": "1"}})

    class Leaf(BaseSchema):
        kind: Literal["leaf"]

    class Inner(BaseSchema):
        kind: Literal["inner"]
        left: Annotated[Self | Leaf, Discriminator("kind")]

    inner = Inner.load({"kind": "inner", "left": {"kind": "inner", "left": {"kind": "leaf"}}})
    assert inner == Inner(kind="inner", left=Inner(kind="inner", left=Leaf(kind="leaf")))


def test_final_is_a_field_of_its_type():
    class Made(BaseSchema):
        number: Final[int]
        text: "Final[str]" = "x"
        limited: Annotated[Final[int], Range(max=5)] = 1

    assert Made.load({"number": "1", "text": "y"}) == Made(number=1, text="y")
    with pytest.raises(ValidationError):
        Made.load({"number": 1, "limited": 6})


def test_class_variables_may_be_wrapped():
    class Made(BaseSchema):
        one: Annotated[ClassVar[int], "a note"] = 1
        other: "Annotated[ClassVar[int], 'a note']" = 2
        kept: "ClassVar[Nowhere]" = 3  # noqa: F821
        value: int = 4

    assert Made.load({}).dump() == {"value": 4}


@dataclasses.dataclass
class Plain:
    size: int


class Typed(TypedDict):
    size: int


class Named(NamedTuple):
    size: int


@pytest.mark.parametrize(
    ("hint", "remedy"),
    [
        (Final, "say of which type it is"),
        (dataclasses.InitVar[int], "an __init__ of your own"),
        (dataclasses.KW_ONLY, "every field is given by keyword"),
        (Plain, r"make it a schema: class Plain\(BaseSchema\)"),
        (list[Typed], r"class Typed\(BaseSchema\)"),
        (Optional[Named], r"class Named\(BaseSchema\)"),  # noqa: UP045
        (type("EmailStr", (), {"__module__": "pydantic.networks"}), r"Annotated\[str, Email\(\)\]"),
        (type("HttpUrl", (), {"__module__": "pydantic.networks"}), r"Annotated\[str, URL\(\)\]"),
        (bytes, r"give one: Annotated\[…, SomeField\(\)\]"),
        (Tree, "the alias Tree contains itself"),
        (dict[str, list[Tree]], "the alias Tree contains itself"),
    ],
)
def test_what_has_no_field_has_a_remedy(hint, remedy):
    made = type("Made", (BaseSchema,), {"__annotations__": {"value": hint}, "__module__": __name__})
    with pytest.raises(SchemaDefinitionError, match=rf"^Made\.value: .*{remedy}"):
        made.load({"value": 1})


@pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 695")
@pytest.mark.parametrize(
    "alias",
    [
        "type Deep = dict[str, Deep]",
        "type Deep = list[Deep] | None",
        "type Deep = 'list[Deep]'",
        "type Deep = Deep | None",
        "type Deep = list[Other]; type Other = dict[str, Deep]",
        "type Nest[T] = list[Nest[list[T]]]; type Deep = Nest[int]",
    ],
)
def test_an_alias_that_contains_itself_is_named(alias):
    made = run(f"from kit_schemas import BaseSchema\n{alias}\nclass Made(BaseSchema):\n    value: Deep = None")["Made"]
    assert repr(made(value={})) == "Made(value={})"
    for use in (
        made.load,
        lambda data: made(value=1).dump(),
        lambda data: made.json_schema(),
        lambda data: made.Schema(),
    ):
        with pytest.raises(SchemaDefinitionError, match=r"^Made\.value: the alias .* contains itself.*class.*Any"):
            use({"value": {}})


def test_an_empty_tuple_is_one_of_no_items():
    class Made(BaseSchema):
        nothing: tuple[()]
        any: tuple

    assert Made.load({"nothing": [], "any": [1, "a"]}) == Made(nothing=(), any=(1, "a"))
    with pytest.raises(ValidationError):
        Made.load({"nothing": [1], "any": []})


LAZY = """
from typing import TYPE_CHECKING, Annotated, ClassVar
from datetime import date
from kit_schemas import BaseSchema, Discriminator, field
from marshmallow.validate import Range

if TYPE_CHECKING:
    from logging import Logger

class Outer(BaseSchema):
    inner: Inner
    many: list[Inner] = field(default_factory=list)
    own: Outer | None = None
    limited: Annotated[Later, Range(max=most)] = 1

class Inner(BaseSchema):
    size: int

class Logging(BaseSchema):
    log: ClassVar[Logger | None] = None
    noted: Annotated[ClassVar[Logger], "a note"] = None
    size: int = 1

class Day(BaseSchema):
    date: date | None = None

class Lost(BaseSchema):
    log: Logger | None = None

class Page[T](BaseSchema):
    items: list[T]
    later: Later

class Items(Page[Inner]): pass

Later, most = int, 5
"""


@pytest.mark.skipif(
    sys.version_info < (3, 14), reason="PEP 649: annotations that are evaluated when they are asked for"
)
def test_annotations_of_python_3_14():
    found = run(LAZY)
    outer = found["Outer"].load({"inner": {"size": "1"}, "many": [{"size": 2}], "own": {"inner": {"size": 3}}})
    assert outer.many == [found["Inner"](size=2)]
    with pytest.raises(ValidationError):
        found["Outer"].load({"inner": {"size": 1}, "limited": 6})
    assert found["Logging"].load({"size": "2"}).dump() == {"size": 2}
    assert str(found["Day"].load({"date": "2026-01-02"}).date) == "2026-01-02"
    assert found["Items"].load({"items": [{"size": 1}], "later": "3"}).later == 3
    with pytest.raises(SchemaDefinitionError, match=r"Lost: .*'Logger' is not defined.*type checkers only"):
        found["Lost"].load({})


@pytest.mark.skipif(sys.version_info < (3, 13), reason="copy.replace")
def test_copies_with_changes_of_python_3_13():
    assert copy.replace(Item(size=1), size=2) == Item(size=2)


def test_a_copy_with_changes_is_what_replace_makes():
    class Counted(Item):
        def replace(self, /, **changes: Any) -> Self:
            return super().replace(**{"size": self.size + 1, **changes})

    assert Item(size=1).__replace__(size=2) == Item(size=2)
    assert Counted(size=1).__replace__() == Counted(size=2)
    with pytest.raises(TypeError, match="has no 'sise'"):
        Item(size=1).__replace__(sise=2)
