"""What generated code leaves to marshmallow, and how it is seen and turned off; exactness is test_differential.py's."""

import datetime as dt
import gc
import linecache
import signal
import subprocess
import sys
import traceback
import weakref
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import marshmallow
import pytest
from kit_schemas import BaseSchema, SchemaDefinitionError, ValidationError, field, generated_source, set_compiled
from kit_schemas.compiler.doubts import Unusual, doubts
from kit_schemas.compiler.switch import dumper_of, loader_of
from marshmallow import fields, pre_load
from marshmallow.validate import Range


class Line(BaseSchema):
    sku: str
    size: Annotated[int, Range(min=1)] = 1


class Order(BaseSchema):
    uid: UUID
    lines: list[Line] = field(default_factory=list)
    note: str | None = None


DATA = {"uid": str(UUID(int=7)), "lines": [{"sku": "a"}, {"sku": "b", "size": 2}]}


@pytest.fixture
def no_marshmallow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every use of marshmallow's own load and dump an error."""

    def refuse(*arguments: Any, **options: Any) -> None:
        raise AssertionError("marshmallow was asked")

    monkeypatch.setattr(marshmallow.Schema, "_do_load", refuse)
    monkeypatch.setattr(marshmallow.Schema, "_serialize", refuse)


@pytest.mark.usefixtures("no_marshmallow")
def test_what_fits_never_reaches_marshmallow():
    order = Order.load(DATA)
    assert order.dump() == {**DATA, "lines": [{"sku": "a", "size": 1}, {"sku": "b", "size": 2}], "note": None}
    assert Order.load([DATA], many=True) == [order]
    assert order.dump(skip_none=True)["lines"] == order.dump()["lines"]
    assert Order.load({**DATA, "more": 1}).uid == order.uid
    assert Order.load(DATA, unknown="raise") == order


@pytest.mark.usefixtures("no_marshmallow")
@pytest.mark.parametrize("data", [{}, {"uid": 5}, {**DATA, "lines": ()}, {**DATA, "lines": [{"sku": "a", "size": 0}]}])
def test_what_does_not_fit_does(data):
    with pytest.raises(AssertionError, match="marshmallow was asked"):
        Order.load(data)


@pytest.mark.usefixtures("no_marshmallow")
def test_partial_loads_and_dumps_do():
    with pytest.raises(AssertionError, match="marshmallow was asked"):
        Order.load({}, partial=True)
    with pytest.raises(AssertionError, match="marshmallow was asked"):
        Order._from_fields({}, partial=True).dump()


def test_input_that_is_consumed_is_not_touched_before_marshmallow_has_it():
    assert Order.load({**DATA, "lines": (each for each in DATA["lines"])}).lines == Order.load(DATA).lines
    assert Line.load(tuple(DATA["lines"]), many=True)[1].size == 2

    class Holder(BaseSchema):
        items: list[int]

    assert Holder(items=(each for each in [1, 2])).dump() == {"items": [1, 2]}


def test_a_hook_anywhere_leaves_the_whole_class_to_marshmallow():
    seen = []

    class Inner(BaseSchema):
        size: int

        @pre_load
        def renamed(self, data, **options):
            seen.append(dict(data))
            data["size"] = data.pop("old_size")  # in place: a second run would find nothing
            return data

    class Outer(BaseSchema):
        inner: Inner
        count: int

    with pytest.raises(ValidationError) as caught:
        Outer.load({"inner": {"old_size": 1}, "count": "x"})
    assert caught.value.messages == {"count": ["Not a valid integer."]}
    assert seen == [{"old_size": 1}]
    with pytest.raises(Unusual):
        loader_of(Outer, "exclude")({})
    assert Outer.load({"inner": {"old_size": 1}, "count": 2}).dump() == {"inner": {"size": 1}, "count": 2}
    assert dumper_of(Outer, False)(Outer(inner=Inner(size=1), count=2)) == {"inner": {"size": 1}, "count": 2}


class Shouted(fields.String):
    calls = 0

    def _deserialize(self, value, attr, data, **options):
        Shouted.calls += 1
        return super()._deserialize(value, attr, data, **options).upper()


@pytest.mark.parametrize(
    "hint",
    [
        Annotated[str, Shouted()],
        list[Annotated[str, Shouted()]],
        dict[str, Annotated[str, Shouted()]],
        tuple[Annotated[str, Shouted()], int],
        Annotated[str, fields.Function(deserialize=str)],
        Annotated[dict, fields.Nested(Line.Schema)],
    ],
)
def test_a_field_of_ones_own_leaves_the_class_to_marshmallow(hint):
    made = type("Made", (BaseSchema,), {"__annotations__": {"value": hint}})
    with pytest.raises(Unusual):
        loader_of(made, "exclude")({"value": "a"})


def test_a_field_of_ones_own_is_asked_once():
    class Made(BaseSchema):
        value: Annotated[str, Shouted()]
        count: int

    Shouted.calls = 0
    with pytest.raises(ValidationError):
        Made.load({"value": "a", "count": "x"})
    assert Shouted.calls == 1
    assert Made.load({"value": "a", "count": 1}).value == "A"


def test_a_class_that_makes_its_instances_itself_is_left_to_marshmallow():
    class Counted(BaseSchema):
        size: int

        def __init__(self, **values):
            super().__init__(**values)
            self.double = self.size * 2

    assert Counted.load({"size": 2}).double == 4


def test_defaults_of_each_kind():
    class Made(BaseSchema):
        items: list[int] = field(default_factory=list)
        action: Any = print
        hidden: int = field(default=3, dump_only=True)
        when: dt.date = dt.date(2026, 1, 2)

    one, other = Made.load({"hidden": 5}), Made.load({})
    assert one == other == Made()
    assert one.items is not other.items


def test_an_error_of_a_validator_of_ones_own_comes_out_as_it_is():
    class BrokenError(Exception):
        pass

    def broken(value):
        raise BrokenError(value)

    class Made(BaseSchema):
        size: Annotated[int, broken]

    with pytest.raises(BrokenError) as caught:
        Made.load({"size": 1})
    assert caught.value.__context__ is None


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs an interval timer")
def test_an_alarm_within_a_load_is_not_swallowed():
    class AlarmError(Exception):
        pass

    def ring(*arguments):
        raise AlarmError

    def slow(value):
        signal.raise_signal(signal.SIGALRM)

    class Made(BaseSchema):
        size: Annotated[int, slow]

    before = signal.signal(signal.SIGALRM, ring)
    try:
        with pytest.raises(AlarmError):
            Made.load({"size": 1})
    finally:
        signal.signal(signal.SIGALRM, before)
    assert not issubclass(AlarmError, doubts())
    assert not issubclass(TimeoutError, doubts())


def test_limits_that_are_no_short_literals():
    class Made(BaseSchema):
        size: Annotated[int, Range(min=-(10**5000), max=10**5000)]
        text: str = "\ud800{}'\"\n"

    assert Made.load({"size": 5}) == Made(size=5)


def test_an_error_does_not_show_that_generated_code_was_tried_before():
    with pytest.raises(ValidationError) as caught:
        Order.load({})
    assert caught.value.__context__ is None

    class Made(BaseSchema):
        when: dt.date

    with pytest.raises(TypeError) as wrong:
        Made(when="2026").dump()
    assert wrong.value.__cause__.__context__ is None  # the cause is what marshmallow's field raised


def test_the_source_can_be_read_and_tracebacks_show_its_lines():
    source = generated_source(Order)
    assert "def load(data):" in source
    assert "def dump(instance):" in source
    with pytest.raises(Unusual) as caught:
        loader_of(Order, "exclude")(5)
    assert "if type(data) is not dict: raise Unusual" in "".join(traceback.format_exception(caught.value))


def test_the_switch_holds_for_classes_in_use():
    order = Order.load(DATA)
    set_compiled(False)
    try:
        assert generated_source(Order) == ""
        assert Order.load(DATA) == order
        assert order.dump() == Order.Schema().dump(order)
    finally:
        set_compiled(True)
    assert generated_source(Order)


@pytest.mark.parametrize(("value", "compiled"), [("0", False), ("off", False), ("1", True), ("", True)])
def test_the_environment_has_the_switch_too(value, compiled):
    code = (
        "from kit_schemas import BaseSchema, generated_source\n"
        "class Line(BaseSchema):\n    sku: str\n"
        "assert Line.load({'sku': 'a'}).sku == 'a'\n"
        "print(bool(generated_source(Line)))"
    )
    command = [sys.executable, "-c", code]
    shown = subprocess.run(
        command, check=True, capture_output=True, text=True, env={"KIT_SCHEMAS_COMPILE": value, "PATH": ""}
    ).stdout
    assert shown.strip() == str(compiled)


def test_containers_deeper_than_pythons_blocks_are_left_to_marshmallow():
    hint, data = int, 1
    for _ in range(30):
        hint, data = list[hint], [data]
    made = type("Deep", (BaseSchema,), {"__annotations__": {"value": hint}})
    assert made.load({"value": data}).value == data
    assert made(value=data).dump() == {"value": data}


def test_a_class_that_contains_itself():
    class Tree(BaseSchema):
        name: str
        branches: "list[Tree]" = field(default_factory=list)

    data = {"name": "a", "branches": [{"name": "b", "branches": [{"name": "c", "branches": []}]}]}
    assert Tree.load(data).dump() == data


def test_a_wrong_annotation_of_a_nested_class_is_named():
    class Inner(BaseSchema):
        thing: complex

    class Outer(BaseSchema):
        inner: Inner | None = None

    with pytest.raises(SchemaDefinitionError, match=r"Inner\.thing"):
        Outer.load({})


def test_uuids_are_as_the_constructor_makes_them():
    import copy
    import pickle

    loaded = Order.load(DATA).uid
    made = UUID(DATA["uid"])
    assert (loaded, hash(loaded), repr(loaded), loaded.is_safe) == (made, hash(made), repr(made), made.is_safe)
    assert copy.deepcopy(loaded) == pickle.loads(pickle.dumps(loaded)) == made


def test_an_instance_of_a_subclass_is_dumped_as_the_field_says():
    class Longer(Line):
        colour: str = "red"

    order = Order(uid=UUID(int=1), lines=[Longer(sku="a")])
    assert order.dump() == order.Schema().dump(order)
    assert order.dump()["lines"] == [{"sku": "a", "size": 1}]


def test_decimals_are_dumped_without_an_exponent():
    class Price(BaseSchema):
        amount: Decimal

    assert Price(amount=Decimal("1E+3")).dump() == {"amount": "1000"}
    assert Price(amount=Decimal("1E-7")).dump() == {"amount": "0.0000001"}


def test_datetimes_in_utc_are_dumped_as_isoformat_does():
    class At(BaseSchema):
        at: dt.datetime

    first, last = dt.datetime.min.replace(tzinfo=dt.UTC), dt.datetime.max.replace(tzinfo=dt.UTC)
    noon = dt.datetime(2026, 10, 9, 12, 0, 1, tzinfo=dt.UTC)
    changes = [
        {"year": 999},
        {"year": 1000},
        {"microsecond": 1},
        {"microsecond": 999999},
        {"fold": 1},
        {"tzinfo": None},
    ]
    zones = [dt.UTC, dt.timezone(dt.timedelta()), dt.timezone(dt.timedelta(hours=-5, minutes=-30))]
    for at in [first, last, noon, *(noon.replace(**change) for change in changes), *map(noon.astimezone, zones)]:
        assert At(at=at).dump() == {"at": at.isoformat()}
    assert "datetime_text" in generated_source(At)


def test_a_class_that_is_gone_leaves_nothing_behind():
    def use() -> tuple[Any, set[Any]]:
        class Gone(BaseSchema):
            name: str
            others: "list[Gone]" = field(default_factory=list)

        before = set(linecache.cache)
        Gone.load({"name": "a", "others": [{"name": "b"}]}).dump()
        assert Gone.Schema().validate({})
        return weakref.ref(Gone), set(linecache.cache) - before

    gone, sources = use()
    assert sources
    gc.collect()
    assert gone() is None
    assert not sources & set(linecache.cache)


def test_a_metaclass_that_makes_instances_itself_is_left_to_marshmallow():
    class Counting(type):
        made = 0

        def __call__(cls, *arguments, **options):
            Counting.made += 1
            return super().__call__(*arguments, **options)

    class Counted(BaseSchema, metaclass=Counting):
        size: int

    assert Counted.load({"size": 1}).size == 1
    assert Counting.made == 1


def test_an_enum_whose_values_are_of_a_type_with_an_odd_name():
    odd = type("no name: at all", (str,), {})

    class Made(BaseSchema, strict=True):
        value: Enum("Odd", {"ONE": odd("one")})

    assert Made.load({"value": Made.__annotations__["value"].ONE}).dump() == {"value": "one"}
    assert "def load" in generated_source(Made)


class Digits(float):
    """A float that keeps the digits of its text, as JSON readers make for Decimals."""

    def __new__(cls, text):
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __str__(self):
        return self.text


class Price(BaseSchema):
    amount: Decimal
    rate: float


PRICE = {"amount": Digits("0.12345678901234567890"), "rate": Digits("0.50")}


@pytest.mark.usefixtures("no_marshmallow")
def test_a_float_that_keeps_its_digits_becomes_an_exact_decimal():
    price = Price.load(PRICE)
    assert price == Price(amount=Decimal("0.12345678901234567890"), rate=0.5)
    assert type(price.rate) is float


def test_a_float_that_keeps_its_digits_is_what_marshmallow_makes_of_it():
    assert Price.load(PRICE) == Price.Schema().load(PRICE)
    for wrong in ("nan", "inf"):
        with pytest.raises(ValidationError) as caught:
            Price.load({"amount": Digits(wrong), "rate": Digits(wrong)})
        assert caught.value.messages.keys() == {"amount", "rate"}


def test_a_strict_decimal_takes_no_float_of_any_class():
    class Strict(BaseSchema, strict=True):
        amount: Decimal

    with pytest.raises(ValidationError, match="send it as text"):
        Strict.load({"amount": Digits("0.5")})
