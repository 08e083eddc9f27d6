"""The header field Preference-Applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kit_rest.requests.preferences import NONE

if TYPE_CHECKING:
    from kit_rest.requests.mapper import Asked

_READS = ("GET", "HEAD")


def applied(asked: Asked) -> dict[str, str]:
    """Return Preference-Applied, for the preferences that were kept to."""
    prefer = asked.prefer
    if prefer is NONE:
        return {}
    said: list[str] = []
    if prefer.representation is not None and asked.method not in _READS:
        said.append(f"return={prefer.representation}")
    for name in ("resolution", "missing"):
        value = getattr(prefer, name)
        if value is not None and asked.method in ("POST", "PUT"):
            said.append(f"{name}={value}")
    if prefer.count is not None:
        said.append(f"count={prefer.count}")
    if prefer.handling is not None:
        said.append(f"handling={prefer.handling}")
    if prefer.timezone is not None:
        said.append(f"timezone={prefer.timezone}")
    if prefer.max_affected is not None and prefer.strict and asked.method not in _READS:
        said.append(f"max-affected={prefer.max_affected}")
    if prefer.tx is not None and asked.method not in _READS:
        said.append(f"tx={prefer.tx}")
    return {"Preference-Applied": ", ".join(said)} if said else {}
