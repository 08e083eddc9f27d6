"""Functions of the database that may be called: `/rpc/name`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from kit_rest.errors import ResourceDefinitionError

Returns = Literal["value", "values", "nothing", "row", "rows"]
_RETURNS = ("value", "values", "nothing", "row", "rows")


class Function:
    """A function of the database as `/rpc/name`.

    name: the name in the path
    sql: the function's name in the database, with its schema; by default the same
    parameters: types of PostgreSQL by parameter name, `{"a": "int", "tags": "text[]"}`
    optional: parameters that have a default
    claims: parameters that get a claim, and that no caller can set
    returns: `value` for one, `values` for a set of them, `nothing` for void, `row` or `rows` of the resource `of`
    of: the name of the resource whose columns the rows have
    reads: whether it changes nothing; only then GET and HEAD may call it
    role, scope: the caller's, as `route` of kit-handler takes them

    Example:
        >>> Function("overdue", sql="app.overdue", parameters={"days": "int"}, returns="rows", of="loans", reads=True)
    """

    def __init__(
        self,
        name: str,
        *,
        sql: str | None = None,
        parameters: Mapping[str, str] | None = None,
        optional: Sequence[str] = (),
        claims: Mapping[str, Any] | None = None,
        returns: Returns = "value",
        of: str | None = None,
        reads: bool = False,
        role: Any = None,
        scope: Any = None,
        schema: str | None = None,
    ) -> None:
        self.name = name
        self.sql = sql or name
        self.parameters = dict(parameters or {})
        self.optional = tuple(optional)
        self.claims = dict(claims or {})
        self.returns = returns
        self.of = of
        self.reads = reads
        self.role = role
        self.scope = scope
        self.schema = schema
        if returns not in _RETURNS:
            raise ResourceDefinitionError(f"{name}: returns is one of {', '.join(_RETURNS)}, not {returns!r}")
        if (returns in ("row", "rows")) != (of is not None):
            raise ResourceDefinitionError(f"{name}: rows are `of` a resource, and nothing else is")
        for each in (*self.optional, *self.claims):
            if each not in self.parameters:
                raise ResourceDefinitionError(f"{name} has no parameter {each!r}")
