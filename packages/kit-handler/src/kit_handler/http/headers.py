"""Header fields, looked up in any case."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class Headers(dict[str, str]):
    """Hold header fields by lower-case name; `["Content-Type"]`, `.get` and `in` work in any case.

    Fields that came more than once are one value joined with ", " (RFC 9110, 5.3), or "; " for `cookie`.
    """

    def __init__(self, fields: "Iterable[tuple[str, Any]]" = ()) -> None:
        found: dict[str, str] = {}
        for name, value in fields:
            if value is not None:
                key = name.lower()
                if key in found:
                    value = f"{found[key]}{'; ' if key == 'cookie' else ', '}{value}"
                found[key] = value if type(value) is str else str(value)
        super().__init__(found)

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __setitem__(self, name: str, value: str) -> None:
        super().__setitem__(name.lower(), value)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    if TYPE_CHECKING:

        def get(self, name: str, default: "Any" = None) -> "Any": ...

    else:

        def get(self, name, default=None):
            """Return the field's value, or `default`."""
            return super().get(name.lower(), default)
