"""Loading and dumping an entity of ten fields and a nested list: kit-schemas, marshmallow alone and pydantic v2.

The fields: UUID, str, int, Decimal, float, bool, datetime with a zone, date, Enum, `str | None`, and a list of three
objects of str, int and Decimal. All values come as JSON has them. pydantic makes the same types of the same data, and
dumps with `mode="json"`. Also what a class and the import cost. The limits are for what is not strict.

Prints the least CPU time of several rounds for each; ends with 1 if a limit is passed.
"""

import dataclasses
import datetime as dt
import enum
import subprocess
import sys
import types
from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

from _table import cpu_microseconds, print_table
from kit_schemas import BaseSchema
from kit_schemas.compiler.switch import dumper_of, loader_of
from pydantic import BaseModel


class Status(enum.Enum):
    """Where an order is."""

    OPEN = "open"
    PAID = "paid"


LINE = {"sku": str, "quantity": int, "price": Decimal}
ORDER = {
    "uid": UUID,
    "customer": str,
    "number": int,
    "total": Decimal,
    "weight": float,
    "urgent": bool,
    "placed_at": dt.datetime,
    "due": dt.date,
    "status": Status,
    "note": str | None,
}
DATA = {
    "uid": "9d6b3c2e-7a4f-4c9e-8a57-3f1f0f2d9c20",
    "customer": "Ann",
    "number": 7,
    "total": "1500.00",
    "weight": 2.5,
    "urgent": False,
    "placed_at": "2026-01-02T03:04:05+00:00",
    "due": "2026-02-01",
    "status": "open",
    "note": None,
    "lines": [
        {"sku": "pen", "quantity": 2, "price": "1.20"},
        {"sku": "ink", "quantity": 1, "price": "4.00"},
        {"sku": "nib", "quantity": 9, "price": "0.35"},
    ],
}


def made(base: type, name: str, annotations: dict[str, object], **head: object) -> type:
    """Return a class with these annotations, as a `class` statement makes it."""
    return types.new_class(
        name, (base,), head, lambda body: body.update(__annotations__=dict(annotations), __module__=__name__)
    )


def order_of(base: type, **head: object) -> type:
    """Return the order's class and, in it, that of its lines."""
    return made(base, "Order", {**ORDER, "lines": list[made(base, "Line", LINE, **head)]}, **head)  # type: ignore[misc]


def dataclass_of(annotations: dict[str, object]) -> type:
    """Return a dataclass with these annotations."""
    return dataclasses.dataclass(kw_only=True)(made(object, "Order", annotations))


def load_and_dump() -> bool:
    """Print the first table, and tell whether its limits hold."""
    order, strict, model = order_of(BaseSchema), order_of(BaseSchema, strict=True), order_of(BaseModel)
    schema = order._shared_schema()
    ours, theirs = order.load(DATA), model.model_validate(DATA)
    stricter = strict.load(DATA)
    hundred = [DATA] * 100
    assert vars(ours)["placed_at"] == theirs.placed_at
    assert ours.dump() == schema.dump(ours) == DATA | {"note": None}
    loads: dict[str, Callable[[], object]] = {
        "load": lambda: order.load(DATA),
        "load, strict": lambda: strict.load(DATA),
        "load 100": lambda: order.load(hundred, many=True),
        "dump": ours.dump,
        "dump, strict": stricter.dump,
    }
    marshmallow: dict[str, Callable[[], object]] = {
        "load": lambda: schema.load(DATA),
        "load, strict": lambda: strict._shared_schema().load(DATA),
        "load 100": lambda: schema.load(hundred, many=True),
        "dump": lambda: schema.dump(ours),
        "dump, strict": lambda: strict._shared_schema().dump(stricter),
    }
    pydantic: dict[str, Callable[[], object]] = {
        "load": lambda: model.model_validate(DATA),
        "load, strict": lambda: model.model_validate(DATA),
        "load 100": lambda: [model.model_validate(each) for each in hundred],
        "dump": lambda: theirs.model_dump(mode="json"),
        "dump, strict": lambda: theirs.model_dump(mode="json"),
    }
    calls = {
        (peer, name): call for peer, all_ in enumerate((loads, marshmallow, pydantic)) for name, call in all_.items()
    }
    singles = {str(key): call for key, call in calls.items() if "100" not in key[1]}
    times = cpu_microseconds(singles, number=1000, rounds=15)
    times |= cpu_microseconds({str(key): calls[key] for key in calls if "100" in key[1]}, number=20, rounds=9)
    rows, holds = [], True
    for name in loads:
        mine, slow, fast = (times[str((peer, name))] for peer in range(3))
        rows.append((name, f"{mine:.2f}", f"{slow:.2f}", f"{fast:.2f}", f"{slow / mine:.1f}", f"{mine / fast:.2f}"))
        most, least = (1.2, 5) if "dump" in name else (1.0, 8)
        holds &= "strict" in name or (mine <= most * fast and mine * least <= slow)
    heads = ("", "kit_schemas", "marshmallow", "pydantic", "times faster", "of pydantic")
    print_table("An entity, CPU µs", heads, rows)
    return holds


def classes() -> bool:
    """Print what a class costs, and tell whether its limit holds."""
    compiled = order_of(BaseSchema)
    flat = made(BaseSchema, "Flat", ORDER)
    compiled.load(DATA).dump()

    def first_use() -> None:
        made(BaseSchema, "Flat", ORDER)._shared_schema()

    def again() -> None:
        flat.__kit_loaders__.clear()
        flat.__kit_dumpers__.clear()
        loader_of(flat, "exclude")
        dumper_of(flat, False)

    times = cpu_microseconds(
        {
            "class, kit_schemas": lambda: made(BaseSchema, "Flat", ORDER),
            "class, dataclass": lambda: dataclass_of(ORDER),
            "class, pydantic": lambda: made(BaseModel, "Flat", ORDER),
            "class and its marshmallow Schema": first_use,
            "generating its load and dump": again,
        },
        number=50,
        rounds=9,
    )
    limit = times["class, dataclass"]
    rows = [(name, f"{each:.0f}", f"{each / limit:.2f}") for name, each in times.items()]
    print_table("A class of ten fields, CPU µs", ("", "µs", "of a dataclass"), rows)
    return times["class, kit_schemas"] <= 2 * limit


IN_USE = """
from typing import Annotated
from uuid import UUID
from kit_schemas import BaseSchema
from kit_schemas.validate import Length, Range
class Line(BaseSchema):
    id: UUID
    sku: Annotated[str, Length(max=12)]
    count: Annotated[int, Range(min=1)] = 1
Line.load({"id": "5b1f3c1e-6f0b-4f0e-9d0a-000000000001", "sku": "pen"}).dump()
"""


def imports() -> bool:
    """Print what the import costs, and tell whether its limit holds."""
    statements = {
        "marshmallow": "import marshmallow",
        "kit_schemas": "import kit_schemas",
        "kit_schemas, loaded and dumped": IN_USE,
        "pydantic": "import pydantic.main",
    }
    taken: dict[str, list[float]] = {name: [] for name in statements}
    # What Lambda's runtime has loaded already is no part of it.
    code = (
        "import decimal, json, logging, time, traceback\nbefore = time.process_time()\n{}\n"
        "print(time.process_time() - before)"
    )
    for _ in range(15):
        for name, statement in statements.items():
            done = subprocess.run(
                [sys.executable, "-c", code.format(statement)], check=True, capture_output=True, text=True
            )
            taken[name].append(float(done.stdout))
    least = {name: min(times) * 1000 for name, times in taken.items()}
    base = least["marshmallow"]
    rows = [(name, f"{each:.1f}", f"{each / base:.2f}") for name, each in least.items()]
    print_table("Import, CPU ms", ("", "ms", "of marshmallow"), rows)
    return least["kit_schemas, loaded and dumped"] <= 0.5 * base


def main() -> int:
    """Print the tables; return 1 if a limit is passed."""
    holds = {
        "load at most pydantic's time and 8 times faster than marshmallow's, dump 1.2 times and 5": load_and_dump(),
        "a class at most twice a dataclass": classes(),
        "a class in use at most half of marshmallow's import": imports(),
    }
    print()
    for limit, held in holds.items():
        print(f"{limit}: {'yes' if held else 'NO'}")
    return 0 if all(holds.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
