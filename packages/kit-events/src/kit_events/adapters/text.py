"""Text that may be JSON."""

import json
from typing import Any


def parsed(text: Any) -> Any:
    """Return what JSON text says, and anything else as it is."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
