"""Calls of functions as SQL."""

from __future__ import annotations

from collections.abc import Collection

from kit_rest.database.sql import array_of
from kit_rest.declaring.tables import Routine, quoted_name


def call(routine: Routine, given: Collection[str]) -> str:
    """Return the call of a function with these arguments, whose values are the parameters a_0, a_1, …"""
    listed = ", ".join(
        f"{quoted_name(name)} => %(a_{at})s::{kind}"
        for at, (name, kind) in enumerate(routine.types.items())
        if name in given
    )
    return f"{routine.source}({listed})"


def value_call(routine: Routine, given: Collection[str]) -> str:
    """Return the statement whose one row has the JSON of the function's value or values."""
    called = call(routine, given)
    if routine.function.returns == "nothing":
        return f"SELECT NULL FROM (SELECT {called}) c"
    if routine.function.returns == "values":
        return f"SELECT {array_of('to_json(c.v)::text')} FROM {called} c (v)"
    return f"SELECT coalesce(to_json(c.v)::text, 'null') FROM (SELECT {called} AS v) c"
