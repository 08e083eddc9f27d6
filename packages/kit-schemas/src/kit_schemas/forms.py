"""The forms of texts that strict classes take."""

import re

PLAIN_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
_ZONE = "(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
RFC_3339 = {
    "date": re.compile(_DATE),
    "time": re.compile(f"{_TIME}{_ZONE}?"),
    "datetime": re.compile(f"{_DATE}[Tt]{_TIME}{_ZONE}?"),
}
"""The forms of RFC 3339, with or without a zone: ISO 8601 has many more, such as `2026-W01-1` and `T03`."""
CANONICAL_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
