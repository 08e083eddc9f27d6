"""Resolvers of AppSync that are Lambda functions ("Resolver context object reference", "Direct Lambda resolvers")."""

from collections.abc import Iterator
from typing import Any, Self

from kit_events.records.fields import Fields
from kit_events.records.record import Record


class AppSyncTrigger(Record):
    """One field that AppSync asks for: `field` of `parent_type`, with its `arguments`.

    `source` is the parent's value, `fields` are the selected fields, as in `author/name`. The answer is the field's
    value. Of a batch, a list of these, kit-handler's `trigger` answers with a list of the values; a direct Lambda
    resolver also takes `ok` and `error` for single items.
    """

    kind = "request of AppSync"
    shown = ("parent_type", "field")

    field: str
    parent_type: str
    arguments: dict[str, Any] = {}  # noqa: RUF012  (copied)
    source: Any = None
    identity: dict[str, Any] = {}  # noqa: RUF012
    headers: dict[str, str] = {}  # noqa: RUF012
    fields: tuple[str, ...] = ()
    variables: dict[str, Any] = {}  # noqa: RUF012
    stash: dict[str, Any] = {}  # noqa: RUF012
    event: dict[str, Any] = {}  # noqa: RUF012

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say whether a resolver of AppSync calls with this."""
        info = raw.get("info")
        return "arguments" in raw and isinstance(info, dict) and "fieldName" in info

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the request for a field."""
        info = fields.part("info")
        request = fields.part("request") if fields.find("request", dict) is not None else None
        yield cls(
            field=info.get("fieldName", str),
            parent_type=info.get("parentTypeName", str),
            arguments=fields.find("arguments", dict) or {},
            source=fields.value.get("source"),
            identity=fields.find("identity", dict) or {},
            headers=request.texts("headers") if request is not None else {},
            fields=tuple(str(name) for name in info.find("selectionSetList", list) or ()),
            variables=info.find("variables", dict) or {},
            stash=fields.find("stash", dict) or {},
            event=fields.value,
        )

    @property
    def claims(self) -> dict[str, Any]:
        """Return the claims of the caller's token: of a user pool or OpenID Connect; empty for other callers."""
        found = self.identity.get("claims")
        return found if isinstance(found, dict) else {}

    def ok(self, data: Any) -> dict[str, Any]:
        """Return the item of a batch with the field's value."""
        return {"data": data, "errorMessage": None, "errorType": None}

    def error(self, message: str, *, type: str = "Error", data: Any = None) -> dict[str, Any]:  # noqa: A002
        """Return the item of a batch that is an error of this field alone; the client sees message and type."""
        return {"data": data, "errorMessage": message, "errorType": type}
