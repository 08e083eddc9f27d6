"""Values that are objects, large, or damaged."""

import dataclasses
import enum
import os
import pickle
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from kit_cache.codec import bodies
from kit_cache.codec.held import hold


class Colour(enum.Enum):
    RED = "red"


class Bits(enum.Flag):
    ONE = 1
    TWO = 2


@dataclasses.dataclass
class Point:
    x: int
    when: datetime
    tags: set[str] = dataclasses.field(default_factory=set)


@dataclasses.dataclass(frozen=True, slots=True)
class Fixed:
    at: Point
    amount: Decimal


class Entity:
    """As kit-schemas makes them: `load`, `dump`, and everything in `__dict__`."""

    name: str
    amount: Decimal

    def __init__(self, **values):
        raise AssertionError("no constructor runs when a value is read")

    @classmethod
    def load(cls, data):
        made = cls.__new__(cls)
        made.__dict__.update(data)
        return made

    def dump(self):
        return dict(vars(self))

    def __eq__(self, other):
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None


OBJECTS = [
    Colour.RED,
    Bits.ONE,
    Bits.ONE | Bits.TWO,
    Point(1, datetime(2026, 1, 2, tzinfo=UTC), {"a"}),
    Fixed(Point(1, datetime(2026, 1, 2, tzinfo=UTC)), Decimal("1.10")),
    [{Colour.RED: (Colour.RED,)}],
    Entity.load({"name": "a", "amount": Decimal("2.50")}),
]


@pytest.mark.parametrize("value", OBJECTS, ids=repr)
def test_objects_come_back_as_they_were(counting, value):
    made = counting(value, tiers=("disk",))
    made.load(1)
    again = made.load(1)
    assert again == value
    assert type(again) is type(value)
    assert made.calls == [1]


def test_an_attribute_beside_the_fields_is_not_lost_in_silence(counting, caplog):
    point = Point(1, datetime(2026, 1, 2, tzinfo=UTC))
    point.extra = 1
    assert counting(point, tiers=("disk",)).load(1) is point
    assert "beside its fields" in caplog.text


def test_a_class_with_other_fields_is_a_miss(monkeypatch):
    body = bodies.dumps(Point(1, datetime(2026, 1, 2, tzinfo=UTC)))
    assert bodies.loads(body) == Point(1, datetime(2026, 1, 2, tzinfo=UTC))

    @dataclasses.dataclass
    class Other:
        x: int

    Other.__qualname__ = "Point"
    monkeypatch.setattr(sys.modules[__name__], "Point", Other)
    with pytest.raises(ValueError, match="not a cached value"):
        bodies.loads(body)


@pytest.mark.parametrize(
    "body",
    [
        b't{"$":["record","os","system",0,{"x":1}]}',
        b't{"$":["record","subprocess","Popen",0,{"args":"true"}]}',
        b't{"$":["record","antigravity","X",0,{}]}',
        b't{"$":["enum","os","environ","PATH"]}',
        b't{"$":["enum","builtins","int","real"]}',
        b"Jnot zlib",
        b"",
        b"x1",
        b"j",
        b"j1 2",
        b"j{",
        pickle.dumps({"a": 1}),
    ],
)
def test_a_foreign_body_is_no_value_and_imports_nothing(body):
    before = set(sys.modules)
    with pytest.raises(ValueError, match="not a cached value"):
        bodies.loads(body)
    assert "antigravity" not in set(sys.modules) - before


def test_large_values_are_compressed_where_that_is_worth_it():
    assert len(bodies.dumps("x" * 100_000)) < 2000
    assert bodies.loads(bodies.dumps("x" * 100_000)) == "x" * 100_000
    random = os.urandom(5000).hex()
    assert bodies.loads(bodies.dumps(random)) == random
    assert len(bodies.dumps("x" * 100)) == 103


def test_a_bomb_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(bodies, "_LARGEST", 10_000)
    with pytest.raises(ValueError, match="not a cached value"):
        bodies.loads(bodies.dumps("x" * 100_000))


NESTED = {"a": [{"b": 1}], "t": (1, [2]), "when": datetime(2026, 1, 2, tzinfo=UTC), "o": [Colour.RED]}


@pytest.mark.parametrize("value", [{"a": 1}, [1, "a"], {1, 2}, {"a": [1, {"b": (1, [2])}]}, NESTED, ([1],)], ids=repr)
def test_every_reader_has_a_copy(value):
    take, _, size = hold(value)
    assert take is not None
    first, second = take(), take()
    assert first == second == value
    assert first is not second
    assert size > 0


@pytest.mark.parametrize("value", [1, "a", None, (1, "a"), frozenset({1}), Colour.RED, b"x"])
def test_what_nobody_can_change_is_not_copied(value):
    take, kept, _ = hold(value)
    assert take is None
    assert kept is value


def test_a_value_may_be_shared_by_those_who_promise_not_to_change_it(counting):
    made = counting({"a": [1]}, tiers=("memory",), share=True)
    made.load(1)
    assert made.load(1) is made.load(1)


def test_another_process_reads_objects_of_modules_that_it_has_imported(counting, tmp_path, monkeypatch):
    (tmp_path / "shapes.py").write_text(
        textwrap.dedent(
            """
            import dataclasses, sys
            from kit_cache import method_cache

            @dataclasses.dataclass
            class Shape:
                sides: int

            @method_cache(cache_name="shapes", tiers=("disk",))
            def load(x):
                print("loading")
                return Shape(x)

            if __name__ != "__main__":
                print(load(3))
            """
        )
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    command = [sys.executable, "-c", "import shapes"]
    shown = [subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n") for _ in range(2)]
    assert shown == [["loading", "Shape(sides=3)", ""], ["Shape(sides=3)", ""]]
