"""Where a parameter's value comes from, when its name and type don't say so: `Annotated[str, Header("X-Shop")]`."""


class Marker:
    """Name a part of the request; `name` is its name there, by default the parameter's."""

    __slots__ = ("name",)
    __kit_marker__ = True
    source = ""

    def __init__(self, name: str | None = None) -> None:
        self.name = name

    def key(self, parameter: str) -> str:
        """Return the name of `parameter` in the request."""
        return self.name or parameter

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})" if self.name else f"{type(self).__name__}()"


class Query(Marker):
    """Take the parameter from the query; a list takes every value of the name."""

    __slots__ = ()
    source = "query"


class Header(Marker):
    """Take the parameter from a header field: `user_agent` is `user-agent`; a list is split at commas."""

    __slots__ = ()
    source = "header"

    def key(self, parameter: str) -> str:
        """Return the field's name."""
        return self.name or parameter.replace("_", "-")


class Cookie(Marker):
    """Take the parameter from a cookie."""

    __slots__ = ()
    source = "cookie"


class Body(Marker):
    """Take the parameter from the body: all of it, or with a name that member of a JSON object.

    str and bytes are the body as it came, anything else is read from JSON.
    """

    __slots__ = ()
    source = "body"


class AssumeUtc:
    """Take a datetime or time without an offset for UTC: `Annotated[datetime, AssumeUtc]`; by default it is refused."""

    __slots__ = ()
    assume_utc = True

    def __repr__(self) -> str:
        return "AssumeUtc()"
