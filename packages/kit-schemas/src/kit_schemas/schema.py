"""The marshmallow side: a Schema whose load gives instances of the class that it was made for."""

import copy
import functools
from collections.abc import Callable, Mapping
from decimal import InvalidOperation
from typing import Any, ClassVar, cast

import marshmallow
from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields
from marshmallow.utils import is_collection

from kit_schemas.declaration import Partial, Unknown
from kit_schemas.errors import SchemasError, UndumpableValueError

_UNDUMPABLE = (ArithmeticError, AttributeError, TypeError, ValueError)


class InstanceSchema(Schema):
    """A marshmallow Schema that loads instances of the class that it was made for, and dumps them.

    `skip_none` leaves fields that are None out of the dump. Its own `skip_none` and `unknown` reach the schemas nested
    in this one. Hooks get the same as in marshmallow: a post_load hook gets the dict, before it becomes an instance.
    """

    # Named so that no field can be: what a class declares is taken out of its schema's attributes.
    __kit_owner__: ClassVar[Any]

    class Meta:
        """An unknown field is ignored, as `BaseSchema.load` does; nothing is looked up by the schema's name."""

        unknown = EXCLUDE
        register = False

    def __init__(self, *, skip_none: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.skip_none = skip_none
        self.unknown_given: Unknown | None = options.get("unknown")

    def load(
        self,
        data: Any,
        *,
        many: bool | None = None,
        partial: Partial | None = None,
        unknown: Unknown | None = None,
    ) -> Any:
        """Load one instance, or a list of them with `many`; ValidationError names every wrong field.

        Any other `unknown` than EXCLUDE and RAISE is a ValueError: an instance has no place for fields that
        its class does not declare.
        """
        if any(each not in (EXCLUDE, RAISE, None) for each in (unknown, self.unknown)):
            raise ValueError("unknown must be EXCLUDE or RAISE: an instance has no place for unknown fields")
        loaded = super().load(data, many=many, partial=partial, unknown=unknown)
        # Fields that this schema was told to leave out can't be missed by the constructor either.
        left_out = self.exclude - set(self.opts.exclude) | self.dump_only - set(self.opts.dump_only)
        fewer = self.only is not None or bool(left_out)
        is_partial = fewer or bool(self.partial if partial is None else partial)
        if isinstance(loaded, list):
            return [self._instance(each, is_partial) for each in loaded]
        return self._instance(loaded, is_partial)

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Dump an instance, or with `many` several, to plain values."""
        dumped = super().dump(obj, many=many)
        if not self.skip_none:
            return dumped
        if isinstance(dumped, list):
            return [_without_none(each) for each in dumped]
        return _without_none(dumped)

    def _serialize(self, obj: Any, *, many: bool = False) -> Any:
        """Name the field whose value can't be dumped: the constructor does not check its values."""
        try:
            return super()._serialize(obj, many=many)
        except _UNDUMPABLE as error:
            own = isinstance(error, UndumpableValueError) and error.field is None
            name = None if many or (isinstance(error, SchemasError) and not own) else self._undumpable(obj)
            if name is None:
                raise
            field = f"{type(obj).__qualname__}.{name}"
            held = str(error) if own else f"it holds a {type(vars(obj)[name]).__qualname__}"
            raise UndumpableValueError(f"{field} can't be dumped: {held}", field=field) from error

    def _deserialize(self, data: Any, *, error_store: Any, partial: Partial | None = None, **options: Any) -> Any:
        """Let `partial=True` be about the fields of this schema only: half of a nested one would be kept for all.

        A nested Schema that is partial by itself stays so: it is told nothing, where names would be told to it.
        """
        if partial is True:
            error_store.may_miss = True
            partial = None
        return super()._deserialize(data, error_store=error_store, partial=partial, **options)

    def _undumpable(self, obj: Any) -> str | None:
        for name, field in self.dump_fields.items():
            attribute = field.attribute or name
            ours = type(field).__module__.startswith(("marshmallow.", "kit_schemas."))
            if ours and field._CHECK_ATTRIBUTE and attribute in getattr(obj, "__dict__", ()):
                try:
                    field.serialize(name, obj, accessor=self.get_attribute)
                except _UNDUMPABLE:
                    return attribute
        return None

    def _invoke_processors(self, tag: str, *, pass_collection: bool, data: Any, many: bool, **options: Any) -> Any:
        """Leave data that is no mapping as it is where a pre_load hook fails at it: marshmallow says so then."""
        run = functools.partial(super()._invoke_processors, tag, pass_collection=pass_collection, many=many, **options)
        if tag != "pre_load":
            return run(data=data)
        if not many or pass_collection:
            return _prepared(lambda given: run(data=given), data, many=many)
        if not is_collection(data):
            return data
        return [_prepared(lambda given: run(data=[given])[0], each) for each in data]

    @staticmethod
    def _call_and_store(getter_func: Any, data: Any, *, error_store: Any, **options: Any) -> Any:
        """Store an error also where a number is more than a field of marshmallow's, or a validator, can handle."""
        if data is marshmallow.missing and getattr(error_store, "may_miss", False):
            return data

        def called(value: Any) -> Any:
            try:
                return getter_func(value)
            except (OverflowError, InvalidOperation):
                raise ValidationError("Invalid value.") from None

        store: Any = Schema._call_and_store
        return store(called, data, error_store=error_store, **options)

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Give each load its own default where marshmallow would hand out one list to all; guard the validators."""
        from kit_schemas.validators import guard

        super().on_bind_field(field_name, field_obj)
        guard(field_obj)
        default = field_obj.load_default
        if getattr(type(default), "__hash__", None) is None:
            field_obj.load_default = functools.partial(copy.deepcopy, copy.deepcopy(default))

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Read the instance's own value: a default of its class is no value of one that was loaded partially."""
        if hasattr(type(obj), "__kit_fields__"):
            return vars(obj).get(attr, default)
        return super().get_attribute(obj, attr, default)

    def _instance(self, values: Any, partial: bool) -> Any:
        if not isinstance(values, dict):
            return values
        return self.__kit_owner__._from_fields(values, partial=partial)


class NestedField(fields.Nested):
    """A nested schema of this package, which takes `unknown` and `skip_none` from the schema that it is in.

    target: a class, or the view of one in a strict class; cls: the class of the instances.
    All fields share one instance of the nested schema, so a schema that contains itself costs nothing per level.
    """

    def __init__(self, target: Any, cls: type, **options: Any) -> None:
        super().__init__(lambda: target.Schema, **options)
        self.target = target
        self.cls = cls

    def _serialize(self, nested_obj: Any, attr: Any, obj: Any, **options: Any) -> Any:  # type: ignore[override]
        if nested_obj is None:
            return None
        schema = self.schema
        many = schema.many or bool(self.many)
        if type(nested_obj) is not self.cls:
            self._check(nested_obj if many and is_collection(nested_obj) else (nested_obj,), obj)
        return schema.dump(nested_obj, many=many)

    def _check(self, values: Any, holder: Any) -> None:
        """Raise UndumpableValueError for a value of another class."""
        # `.Schema()` dumps an object of another kind, too, and its values.
        if holder is not None and not isinstance(holder, getattr(self.root, "__kit_owner__", ())):
            return
        for each in values:
            if not isinstance(each, self.cls) and not self._is_made_by_hooks(each):
                raise UndumpableValueError(f"a {type(each).__qualname__} is no {self.cls.__qualname__}")

    def _is_made_by_hooks(self, value: Any) -> bool:
        """Tell whether a class's hooks make something else of data or of an instance, and a value may be that.

        It would be dumped as `{}` otherwise.
        """
        schema = self.target._shared_schema()
        return bool(schema._hooks.get("post_load") or schema._hooks.get("pre_dump")) and schema.dump(value) != {}

    @property
    def schema(self) -> Schema:
        """The nested schema; one of its own only where the outer one was made with dotted `only=` and the like."""
        root = self.root
        if not isinstance(root, InstanceSchema):
            return super().schema
        dotted = self.only is not None or self.exclude or root.load_only or root.dump_only
        if not dotted:
            shared: Schema = self.target._shared_schema(unknown=root.unknown_given, skip_none=root.skip_none)
            return shared
        if self._schema is None:
            own = cast("InstanceSchema", super().schema)
            own.skip_none, own.unknown_given = root.skip_none, root.unknown_given
            own.unknown = root.unknown_given or own.unknown
        return super().schema


def _prepared(run: Callable[[Any], Any], data: Any, *, many: bool = False) -> Any:
    try:
        return run(data)
    except (AttributeError, LookupError, TypeError, ValueError):
        if _fits(data, many=many):
            raise
    return data


def _fits(data: Any, *, many: bool) -> bool:
    if isinstance(data, Mapping):
        return True  # of many, too: a hook for the collection may take the list out of it
    return many and is_collection(data) and all(isinstance(each, Mapping) for each in data)


def _without_none(dumped: Any) -> Any:
    return {key: value for key, value in dumped.items() if value is not None} if isinstance(dumped, dict) else dumped
