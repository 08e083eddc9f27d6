"""Compiled code against marshmallow alone, over generated schemas and values."""

import datetime as dt
from decimal import Decimal

import differential
import pytest
from kit_schemas import set_compiled


@pytest.mark.parametrize("part", range(4))
def test_no_difference_in_twenty_thousand_cases(part):
    counts = differential.run(part * 50, 50)
    assert counts.cases == 5000
    # Else nothing would have been compared.
    assert counts.loads_compiled > counts.accepted * 0.6
    assert counts.dumps_compiled > counts.dumps * 0.6


def test_a_difference_would_be_noticed():
    noon = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    for one, other in [
        (1, True),
        (1, 1.0),
        (0.0, -0.0),
        (Decimal("1.0"), Decimal("1.00")),
        ([1], (1,)),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (noon, noon.replace(tzinfo=None)),
        (noon, noon.astimezone(dt.timezone(dt.timedelta(hours=1)))),
        (differential.Tree(name="a"), differential.Tree(name="b")),
    ]:
        assert not differential.identical(one, other)
        assert differential.identical(one, one)


def test_the_same_holds_without_generated_code():
    set_compiled(False)
    try:
        assert differential.run(0, 1).loads_compiled == 0
    finally:
        set_compiled(True)
