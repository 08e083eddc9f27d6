import copy
import json
import pickle
import threading
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import marshmallow
import pytest
from kit_schemas import (
    EXCLUDE,
    RAISE,
    BaseSchema,
    SchemaDefinitionError,
    UndumpableValueError,
    ValidationError,
    field,
    set_compiled,
)
from marshmallow import post_load, validates_schema

ID = UUID("5b1f3c1e-6f0b-4f0e-9d0a-000000000001")


class Line(BaseSchema):
    sku: str
    note: str | None = None


class Order(BaseSchema):
    id: UUID
    total: Decimal
    lines: list[Line] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    comment: str | None = None


DATA = {"id": str(ID), "total": "10.50", "lines": [{"sku": "a"}]}


def test_the_constructor_takes_keywords_only():
    with pytest.raises(TypeError):
        Line("a")
    with pytest.raises(TypeError, match="Order lacks 'id', 'total'"):
        Order()
    with pytest.raises(TypeError, match="Line has no 'skew'"):
        Line(sku="a", skew=1)


def test_load_makes_instances_all_the_way_down():
    order = Order.load(DATA)
    assert order == Order(id=ID, total=Decimal("10.50"), lines=[Line(sku="a")])


def test_dump_is_json_ready():
    order = Order.load(DATA)
    assert order.dump() == {
        "id": str(ID),
        "total": "10.50",
        "lines": [{"sku": "a", "note": None}],
        "extra": {},
        "comment": None,
    }
    assert Order.loads(order.dumps()) == order


def test_skip_none_reaches_nested_schemas_but_not_plain_dicts():
    order = Order(id=ID, total=Decimal(1), lines=[Line(sku="a")], extra={"kept": None})
    assert order.dump(skip_none=True) == {
        "id": str(ID),
        "total": "1",
        "lines": [{"sku": "a"}],
        "extra": {"kept": None},
    }


@pytest.mark.parametrize("data", [None, 5, "text", b"bytes", [], [{}], True])
def test_what_is_no_mapping_is_a_validation_error(data):
    with pytest.raises(ValidationError) as caught:
        Order.load(data)
    assert caught.value.messages == {"_schema": ["Invalid input type."]}


@pytest.mark.parametrize("text", ["", "{", b"\xff", "[" * 100_000])
def test_text_that_is_no_json_is_a_validation_error(text):
    with pytest.raises(ValidationError) as caught:
        Order.loads(text)
    assert caught.value.messages == ["Not valid JSON."]


def test_all_errors_are_reported_at_once():
    with pytest.raises(ValidationError) as caught:
        Order.load({"id": "x", "lines": [{}]})
    assert caught.value.messages == {
        "id": ["Not a valid UUID."],
        "total": ["Missing data for required field."],
        "lines": {0: {"sku": ["Missing data for required field."]}},
    }


def test_unknown_fields_are_dropped_unless_asked_otherwise():
    data = {**DATA, "lines": [{"sku": "a", "x": 1}]}
    assert Order.load(data) == Order.load(DATA)
    assert Order.load(data, unknown=EXCLUDE) == Order.load(DATA)
    with pytest.raises(ValidationError) as caught:
        Order.load(data, unknown=RAISE)
    assert caught.value.messages == {"lines": {0: {"x": ["Unknown field."]}}}
    assert Order.load(data) == Order.load(DATA), "one load's choice must not stay for the next"


def test_unknown_reaches_nested_schemas_with_dotted_options():
    schema = Order.Schema(unknown=RAISE, exclude=("lines.note",))
    with pytest.raises(ValidationError) as caught:
        schema.load({**DATA, "lines": [{"sku": "a", "note": "x"}]})
    assert caught.value.messages == {"lines": {0: {"note": ["Unknown field."]}}}


class Closed(BaseSchema, unknown=RAISE):
    size: int
    line: Line | None = None


class Outer(BaseSchema):
    closed: Closed
    several: list[Closed] = field(default_factory=list)


UNKNOWN = ["Unknown field."]


@pytest.mark.parametrize("compiled", [True, False])
def test_a_class_may_refuse_unknown_fields(compiled):
    set_compiled(compiled)
    try:
        assert Closed.load({"size": 1}) == Closed(size=1)
        for load in (Closed.load, Closed.Schema().load, type("Child", (Closed,), {}).load):
            with pytest.raises(ValidationError) as caught:
                load({"size": 1, "x": 1})
            assert caught.value.messages == {"x": UNKNOWN}
        assert Closed.load({"size": 1, "x": 1}, unknown=EXCLUDE) == Closed(size=1)
        assert type("Open", (Closed,), {}, unknown=EXCLUDE).load({"size": 1, "x": 1}).size == 1
    finally:
        set_compiled(True)


@pytest.mark.parametrize("compiled", [True, False])
def test_each_class_has_its_own_unknown_unless_the_call_says_otherwise(compiled):
    set_compiled(compiled)
    try:
        line = {"sku": "x", "y": 1}
        assert Closed.load({"size": 1, "line": line}).line == Line(sku="x")
        data = {"closed": {"size": 1, "line": line, "x": 1}, "several": [{"size": 1, "x": 1}], "z": 1}
        with pytest.raises(ValidationError) as caught:
            Outer.load(data)
        assert caught.value.messages == {"closed": {"x": UNKNOWN}, "several": {0: {"x": UNKNOWN}}}
        assert Outer.load(data, unknown=EXCLUDE).closed.size == 1
        with pytest.raises(ValidationError) as caught:
            Outer.load(data, unknown=RAISE)
        assert caught.value.messages["closed"] == {"x": UNKNOWN, "line": {"y": UNKNOWN}}
        assert caught.value.messages["z"] == UNKNOWN
    finally:
        set_compiled(True)


def test_unknown_in_the_head_reaches_a_part_and_a_wrapped_schema():
    part = Outer.Schema(only=("closed.size",))
    with pytest.raises(ValidationError):
        part.load({"closed": {"size": 1, "x": 1}})
    assert Outer.Schema(only=("closed.size",), unknown=EXCLUDE).load({"closed": {"size": 1, "x": 1}}).closed.size == 1
    wrapped = type("Wrapped", (BaseSchema.from_schema(marshmallow.Schema.from_dict({})),), {}, unknown=RAISE)
    with pytest.raises(ValidationError):
        wrapped.load({"x": 1})


@pytest.mark.parametrize("unknown", ["include", "forbid", True])
def test_an_unknown_in_the_head_that_is_neither_is_a_mistake(unknown):
    with pytest.raises(SchemaDefinitionError, match="Made: unknown is EXCLUDE or RAISE"):
        type("Made", (BaseSchema,), {}, unknown=unknown)


def test_include_has_no_place_to_go():
    with pytest.raises(ValueError, match="EXCLUDE or RAISE"):
        Order.load(DATA, unknown=marshmallow.INCLUDE)


def test_a_partial_instance_holds_what_was_given():
    order = Order.load({"comment": "later", "lines": [{"sku": "a"}]}, partial=True)
    assert vars(order) == {"comment": "later", "lines": [Line(sku="a")]}
    assert order.dump() == {"comment": "later", "lines": [{"sku": "a", "note": None}]}
    assert not hasattr(order, "total")
    assert "total" not in repr(order)
    with pytest.raises(ValidationError):
        Order.load({"total": "x"}, partial=True)
    assert Order.load({"id": str(ID)}, partial=("total",)).lines == []


@pytest.mark.parametrize(
    "load",
    [
        lambda cls, data: cls.load(data, partial=True),
        lambda cls, data: cls.loads(json.dumps(data), partial=True),
        lambda cls, data: cls.load([data], partial=True, many=True)[0],
        lambda cls, data: cls.Schema().load(data, partial=True),
        lambda cls, data: cls.Schema(partial=True).load(data),
    ],
)
def test_what_is_nested_in_a_part_is_whole(load):
    class Inner(BaseSchema):
        line: Line

    class Outer(BaseSchema):
        size: int
        line: Line | None = None
        lines: dict[str, list[Line]] = field(default_factory=dict)
        inner: Inner | None = None

    missing = {"sku": ["Missing data for required field."]}
    for data in ({"line": {}}, {"lines": {"a": [{}]}}, {"inner": {"line": {}}}):
        with pytest.raises(ValidationError) as caught:
            load(Outer, data)
        assert str(missing)[1:-1] in str(caught.value.messages)
    changes = load(Outer, {"inner": {"line": {"sku": "a"}}})
    assert vars(changes) == {"inner": Inner(line=Line(sku="a"))}
    assert vars(changes.replace(size=1)) == {"inner": Inner(line=Line(sku="a")), "size": 1}
    assert changes.dump(skip_none=True) == {"inner": {"line": {"sku": "a"}}}
    whole = Outer(size=1).replace(**vars(changes))
    assert Outer.load(whole.dump()) == whole


def test_names_say_what_may_be_missing_in_what_is_nested():
    assert vars(Order.load({"lines": [{}]}, partial=("id", "total", "lines.sku")).lines[0]) == {"note": None}


def test_a_hook_sees_that_a_load_is_partial():
    class Seen(BaseSchema):
        size: int

        @validates_schema
        def check(self, data: Any, partial: Any, **options: Any) -> None:
            assert partial is True

    assert vars(Seen.load({}, partial=True)) == {}


def test_a_schema_with_fewer_fields_makes_partial_instances():
    assert Order.Schema(only=("comment",)).load({"comment": "x"}).dump() == {"comment": "x"}


def test_a_schema_told_not_to_load_fields_makes_partial_instances():
    assert vars(Order.Schema(dump_only=("id", "lines.sku")).load(DATA)) == {
        "total": Decimal("10.50"),
        "lines": [Line.load({}, partial=True).replace(note=None)],
        "extra": {},
        "comment": None,
    }


def test_many():
    assert Line.load([{"sku": "a"}, {"sku": "b"}], many=True) == [Line(sku="a"), Line(sku="b")]
    assert Line.loads('[{"sku": "a"}]', many=True) == [Line(sku="a")]
    with pytest.raises(ValidationError) as caught:
        Line.load([{"sku": "a"}, {}], many=True)
    assert caught.value.messages == {1: {"sku": ["Missing data for required field."]}}


def test_lists_are_dumped_by_the_class():
    lines = [Line(sku="a"), Line(sku="b", note="n")]
    assert Line.dump(lines, many=True) == [{"sku": "a", "note": None}, {"sku": "b", "note": "n"}]
    assert Line.dump(iter(lines), many=True, skip_none=True) == [{"sku": "a"}, {"sku": "b", "note": "n"}]
    assert Line.dumps(lines, many=True, skip_none=True) == '[{"sku": "a"}, {"sku": "b", "note": "n"}]'
    assert Line.dump([], many=True) == []


def test_json_text_has_no_nan():
    class Weight(BaseSchema):
        kilos: float

    with pytest.raises(ValueError, match="JSON"):
        Weight(kilos=float("nan")).dumps()


def test_an_instance_can_be_loaded_into_another_class():
    class Short(BaseSchema):
        id: UUID

    assert Short.load(Order.load(DATA)) == Short(id=ID)


def test_equality_is_of_the_same_class_and_values():
    class OtherLine(Line):
        pass

    assert Line(sku="a") == Line(sku="a")
    assert Line(sku="a") != Line(sku="b")
    assert Line(sku="a") != OtherLine(sku="a")
    assert Line(sku="a") != {"sku": "a"}
    with pytest.raises(TypeError, match="unhashable"):
        hash(Line(sku="a"))


def test_replace_leaves_the_original_alone():
    line = Line(sku="a")
    assert line.replace(note="n") == Line(sku="a", note="n")
    assert line.note is None


def test_repr_hides_secrets():
    class Login(BaseSchema):
        user: str
        password: str
        api_key: str
        signing_key: str
        privateKey: str  # noqa: N815
        db_pwd: str
        code: str = field(load_only=True)

    secrets = dict.fromkeys(["password", "api_key", "signing_key", "privateKey", "db_pwd", "code"], "hidden")
    shown = repr(Login(user="ann", **secrets))
    assert "user='ann'" in shown
    assert shown.count("'***'") == len(secrets)
    assert "hidden" not in shown


def test_schema_is_marshmallows_and_built_once():
    assert issubclass(Order.Schema, marshmallow.Schema)
    assert Order.Schema is Order.Schema
    assert Order.Schema is not Line.Schema
    assert Order.Schema.__name__ == "OrderSchema"
    assert Order.Schema().load(DATA) == Order.load(DATA)
    assert Order.Schema(many=True).load([DATA]) == [Order.load(DATA)]
    assert Order.Schema().validate({}) == {"id": ["Missing data for required field."]} | {
        "total": ["Missing data for required field."]
    }


def test_a_subclass_has_a_schema_of_its_own():
    _ = Line.Schema

    class Longer(Line):
        size: int

    assert set(Longer.Schema().fields) == {"sku", "note", "size"}


def test_a_plain_marshmallow_schema_can_nest_one():
    class Envelope(marshmallow.Schema):
        data = marshmallow.fields.Nested(Order.Schema)

    assert Envelope().load({"data": DATA}) == {"data": Order.load(DATA)}


def test_hooks_of_marshmallow_work():
    class Span(BaseSchema):
        start: int
        end: int

        @validates_schema
        def check_order(self, data, **options):
            if data["start"] > data["end"]:
                raise ValidationError("start is after end", "start")

        @post_load
        def widen(self, data, **options):
            return {**data, "end": data["end"] + 1}

    assert Span.load({"start": 1, "end": 2}) == Span(start=1, end=3)
    with pytest.raises(ValidationError) as caught:
        Span.load({"start": 3, "end": 2})
    assert caught.value.messages == {"start": ["start is after end"]}


def test_nesting_too_deep_is_a_validation_error():
    class Tree(BaseSchema):
        branch: "Tree | None" = None

    data: dict[str, Any] = {}
    for _ in range(100_000):
        data = {"branch": data}
    with pytest.raises(ValidationError, match="Nested too deeply"):
        Tree.load(data)
    while data:
        data = data.get("branch", {})


def test_threads_build_one_schema():
    class Busy(BaseSchema):
        lines: list[Line]

    start = threading.Barrier(8)
    seen = []

    def build():
        start.wait()
        seen.append(Busy.Schema)

    threads = [threading.Thread(target=build) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(seen)) == 1


def test_text_with_nul_is_accepted_as_marshmallow_does():
    assert Line.load({"sku": "a\x00"}).sku == "a\x00"


@pytest.mark.parametrize("text", ['{"sku": NaN}', '{"sku": "a", "more": -Infinity}', "\ufeff{}", None, 5])
def test_what_json_has_no_words_for_is_no_json(text):
    with pytest.raises(ValidationError) as caught:
        Line.loads(text)
    assert caught.value.messages == ["Not valid JSON."]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32-le"])
def test_json_may_be_bytes_of_each_encoding_that_json_knows(encoding):
    for kind in (bytes, bytearray):
        assert Line.loads(kind('{"sku": "é"}'.encode(encoding))).sku == "é"


def test_no_text_makes_a_decoder_or_an_encoder(monkeypatch):
    def refuse(self, *arguments, **options):
        raise AssertionError("one is kept")

    monkeypatch.setattr(json.JSONDecoder, "__init__", refuse)
    monkeypatch.setattr(json.JSONEncoder, "__init__", refuse)
    line = Line.loads(' {"sku": "a"}\n')
    assert Line.loads(b'[{"sku": "a"}]', many=True) == [line]
    assert line.dumps() == '{"sku": "a", "note": null}'
    assert Line.dumps([line], many=True, skip_none=True) == '[{"sku": "a"}]'


def test_an_unknown_that_is_neither_is_an_error():
    for load in (Line.load, Line.Schema().load):
        with pytest.raises(ValueError, match="EXCLUDE or RAISE"):
            load({"sku": "a"}, unknown="Raise")


def test_replacing_a_part_leaves_a_part():
    changes = Order.load({"comment": "later"}, partial=True)
    assert vars(changes.replace(comment="now")) == {"comment": "now"}
    assert vars(changes.replace(total=Decimal(1))) == {"comment": "later", "total": Decimal(1)}
    assert changes.replace(id=ID, total=Decimal(1), lines=[], extra={}) == Order(
        id=ID, total=Decimal(1), comment="later"
    )
    with pytest.raises(TypeError, match="lacks 'id', 'total'"):
        changes.replace(skew=1)


def test_repr_hides_what_a_given_field_says_is_load_only():
    class Login(BaseSchema):
        pin: Annotated[str, marshmallow.fields.String(load_only=True)]

    class Unfinished(BaseSchema):
        pin: str = field(load_only=True)
        thing: complex = 1j

    assert repr(Login(pin="1234")).endswith("Login(pin='***')")
    assert repr(Unfinished(pin="1234")).endswith("Unfinished(pin='***', thing=1j)")


def test_the_repr_of_what_contains_itself_has_an_end():
    line = Line(sku="a")
    line.note = line
    assert repr(line) == "Line(sku='a', note=...)"


def test_instances_can_be_copied_and_pickled():
    order = Order.load(DATA)
    changes = Order.load({"comment": "x"}, partial=True)
    for each in (order, changes):
        assert pickle.loads(pickle.dumps(each)) == copy.deepcopy(each) == each
    assert copy.copy(order).lines is order.lines


class Node(BaseSchema):
    name: str = "x"
    branches: "list[Node]" = field(default_factory=list)
    by_name: "dict[str, Node] | None" = None


class Forest(BaseSchema):
    tree: Node | None = None


@pytest.mark.parametrize("nested", [lambda data: {"branches": [data]}, lambda data: {"by_name": {"x": data}}])
def test_what_loads_can_be_shown_compared_and_dumped(nested):
    data: Any = {}
    deepest = 0
    for depth in range(300):
        try:
            loaded = Forest.load({"tree": data})
        except ValidationError:
            pass
        else:
            assert deepest == depth, "what is deeper is refused as well"
            deepest = depth + 1
            assert repr(loaded)
            assert loaded == Forest.load(loaded.dump()) == Forest.loads(loaded.dumps())
        data = nested(data)
    with pytest.raises(ValidationError, match="Nested too deeply"):
        Forest.load({"tree": data})
    assert 90 < deepest < 110


def test_the_limit_of_depth_holds_across_classes_that_contain_each_other():
    class Left(BaseSchema):
        right: "Right | None" = None

    class Right(BaseSchema):
        left: "Left | None" = None

    Left.Right = Right
    Right.Left = Left
    data: Any = None
    for _ in range(150):
        data = {"left": {"right": data}}
    with pytest.raises(ValidationError, match="Nested too deeply"):
        Right.load(data)


def test_a_value_that_can_not_be_dumped_is_named_by_its_field():
    class Shade(Enum):
        RED = "red"

    class Dot(BaseSchema):
        at: int = 0
        shade: Shade = field(default=Shade.RED, data_key="colour")

    class Line(BaseSchema):
        dots: list[Dot]

    for wrong in ("red", 5, object()):
        kind = type(wrong).__name__
        for each in (Dot(shade=wrong), Line(dots=[Dot(), Dot(shade=wrong)])):
            with pytest.raises(UndumpableValueError, match=rf"Dot\.shade can't be dumped: it holds a {kind}$"):
                each.dump()
            with pytest.raises(UndumpableValueError, match=rf"Dot\.shade can't be dumped: it holds a {kind}$"):
                each.Schema().dump(each)
    for hint, wrong in ((Decimal, "x"), (float, "x"), (int, []), (list[int], 5)):
        made = type("Made", (BaseSchema,), {"__annotations__": {"value": hint}})(value=wrong)
        kind = type(wrong).__name__
        with pytest.raises(UndumpableValueError, match=rf"Made\.value can't be dumped: it holds a {kind}$"):
            made.dump()
