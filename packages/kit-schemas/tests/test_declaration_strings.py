"""The same, in a module whose annotations are strings."""

from __future__ import annotations

import datetime
import typing
from typing import ClassVar

import pytest
from kit_schemas import BaseSchema, SchemaDefinitionError, field


class Node(BaseSchema):
    counter: ClassVar[int] = 0
    other: typing.ClassVar[str] = "x"
    name: str
    children: list[Node] = field(default_factory=list)
    sibling: Later | None = None


class Later(BaseSchema):
    date: datetime.date | None = None
    datetime: datetime.datetime | None = None


def test_forward_and_self_references():
    node = Node.load({"name": "a", "children": [{"name": "b"}], "sibling": {"date": "2026-01-02"}})
    assert node.children == [Node(name="b")]
    assert node.sibling == Later(date=datetime.date(2026, 1, 2))


def test_class_variables_in_strings_are_no_fields():
    assert set(Node(name="x").dump()) == {"name", "children", "sibling"}


def test_a_field_may_be_called_like_a_module_it_uses():
    assert Later.load({"datetime": "2026-01-02T03:04:05+00:00"}).datetime.year == 2026


def test_a_class_in_a_function_may_refer_to_itself():
    class Tree(BaseSchema):
        branches: list[Tree] = field(default_factory=list)

    assert Tree.load({"branches": [{}]}).branches == [Tree()]


def test_an_unknown_name_is_an_error_that_says_so():
    class Lost(BaseSchema):
        thing: Nowhere  # noqa: F821

    with pytest.raises(SchemaDefinitionError, match="Nowhere"):
        Lost.load({})
