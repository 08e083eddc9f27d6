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
        super().__init__()
        for name, value in fields:
            if value is None:
                continue
            key = name.lower()
            known = dict.get(self, key)
            separator = "; " if key == "cookie" else ", "
            dict.__setitem__(self, key, str(value) if known is None else f"{known}{separator}{value}")

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
