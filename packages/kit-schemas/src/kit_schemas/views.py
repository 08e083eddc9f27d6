"""Classes as strict classes hold them: `strict` reaches the classes nested in one that say nothing of it."""

from typing import TYPE_CHECKING, Any

from kit_schemas.declaration import ClassOptions

if TYPE_CHECKING:
    import marshmallow


class StrictView:
    """A schema class with the fields that it has in a strict class; the instances are those of the class itself.

    It has the attributes of a schema class by which schemas, generated code and JSON Schema are made.
    """

    def __init__(self, cls: Any, options: ClassOptions) -> None:
        self.cls = cls
        self.__name__: str = cls.__name__
        self.__qualname__: str = cls.__qualname__
        self.__module__ = cls.__module__
        self.__doc__ = cls.__doc__
        self.__kit_fields__ = cls.__kit_fields__
        self.__kit_options__ = options
        self.__kit_shared__: dict[Any, Any] = {}
        self.__kit_loaders__: dict[Any, Any] = {}
        self.__kit_dumpers__: dict[Any, Any] = {}

    @property
    def Schema(self) -> "type[marshmallow.Schema]":  # noqa: N802  (as a class has it)
        """The marshmallow Schema class, built when it is first read."""
        schema: type[marshmallow.Schema] = self.cls._schema_class_of(self)
        return schema

    def _shared_schema(self, **options: Any) -> "marshmallow.Schema":
        schema: marshmallow.Schema = self.cls._shared_schema_of(self, **options)
        return schema


def class_of(owner: Any) -> Any:
    """Return the class itself of a class or a view of one."""
    return owner.cls if isinstance(owner, StrictView) else owner


def nested_in(options: ClassOptions, cls: Any) -> Any:
    """Return a class as it is nested in one with these options: a view of it, unless its own head says `strict`.

    A view takes over the `default_timezone`, too, if the class has none: a strict class refuses times without a zone.
    """
    own: ClassOptions = cls.__kit_options__
    if not options.strict or own.strict is not None:
        return cls
    zone = own.default_timezone or options.default_timezone
    view = cls.__kit_views__.get(id(zone))
    if view is None:
        made = StrictView(cls, own._replace(strict=True, default_timezone=zone))
        view = cls.__kit_views__.setdefault(id(zone), made)  # the view keeps the zone, and with it the id
    return view
