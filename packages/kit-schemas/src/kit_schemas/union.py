"""Unions of schemas, told apart by one field."""

from collections.abc import Mapping
from typing import Any, cast

import marshmallow
from marshmallow import ValidationError, fields

from kit_schemas.errors import UndumpableValueError, UnionSelectionError
from kit_schemas.schema import InstanceSchema
from kit_schemas.views import class_of


class Discriminator:
    """Say which field tells the members of a union apart: `Annotated[Card | Bank, Discriminator("kind")]`.

    In each member that field is a `Literal`, and no value is in two of them.
    """

    def __init__(self, field: str) -> None:
        self.field = field

    def __repr__(self) -> str:
        return f"Discriminator({self.field!r})"


class UnionField(fields.Field[Any]):
    """One of several schemas of this package; `members` has the class for each value that `key` has in the data."""

    def __init__(self, key: str, members: Mapping[str | int, Any], **options: Any) -> None:
        super().__init__(**options)
        self.key = key
        self.members = dict(members)

    def _deserialize(self, value: Any, attr: str | None, data: Any, partial: Any = None, **options: Any) -> Any:
        if not isinstance(value, Mapping):
            raise ValidationError({"_schema": ["Invalid input type."]})
        if self.key not in value:
            raise ValidationError({self.key: [self.error_messages["required"]]})
        return self._schema(self._target(value[self.key])).load(value, partial=partial)

    def _target(self, kind: Any) -> Any:
        # By type as well: True is not 1.
        for value, target in self.members.items():
            if type(kind) is type(value) and kind == value:
                return target
        choices = ", ".join(map(str, self.members))
        raise ValidationError({self.key: [f"Must be one of: {choices}."]})

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        if value is None:
            return None
        targets = self.members.values()
        target = next((each for each in targets if type(value) is class_of(each)), None)
        target = target or next((each for each in targets if isinstance(value, class_of(each))), None)
        if target is None:
            names = ", ".join(dict.fromkeys(each.__qualname__ for each in targets))
            raise UndumpableValueError(f"a {type(value).__qualname__} is none of {names}")
        return self._schema(target).dump(value, many=False)

    def _schema(self, target: Any) -> marshmallow.Schema:
        # marshmallow sets these where a schema was made with dotted names.
        holder: Any = self.parent if isinstance(self.parent, fields.Field) else self
        if getattr(holder, "only", None) is not None or getattr(holder, "exclude", None):
            raise UnionSelectionError(f"only= and exclude= can't reach into the union {self.name!r}")
        root = self.root
        if not isinstance(root, InstanceSchema):
            return cast("marshmallow.Schema", target._shared_schema())
        return cast("marshmallow.Schema", target._shared_schema(unknown=root.unknown_given, skip_none=root.skip_none))
