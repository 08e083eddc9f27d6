"""The header field Preference-Applied."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from kit_rest.requests.preferences import NONE, Preferences

if TYPE_CHECKING:
    from kit_rest.requests.mapper import Asked

_READS = ("GET", "HEAD")


def applied(asked: Asked) -> dict[str, str]:
    """Return Preference-Applied, for the preferences that were kept to."""
    said = None if asked.prefer is NONE else _said(asked.prefer, asked.method)
    return {"Preference-Applied": said} if said else {}


@lru_cache(maxsize=256)
def _said(prefer: Preferences, method: str) -> str:
    said: list[str] = []
    if prefer.representation is not None and method not in _READS:
        said.append(f"return={prefer.representation}")
    for name in ("resolution", "missing"):
        value = getattr(prefer, name)
        if value is not None and method in ("POST", "PUT"):
            said.append(f"{name}={value}")
    if prefer.count is not None:
        said.append(f"count={prefer.count}")
    if prefer.handling is not None:
        said.append(f"handling={prefer.handling}")
    if prefer.timezone is not None:
        said.append(f"timezone={prefer.timezone}")
    if prefer.max_affected is not None and prefer.strict and method not in _READS:
        said.append(f"max-affected={prefer.max_affected}")
    if prefer.tx is not None and method not in _READS:
        said.append(f"tx={prefer.tx}")
    return ", ".join(said)
