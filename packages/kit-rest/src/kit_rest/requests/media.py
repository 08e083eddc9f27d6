"""The media type that an answer is to have."""

from __future__ import annotations

from typing import NamedTuple

from kit_rest.errors import RestError

ARRAY = "application/vnd.pgrst.array+json"
OBJECT = "application/vnd.pgrst.object+json"
PLAN = "application/vnd.pgrst.plan"
_JSON = ("*/*", "application/*", "application/json", "application/vnd.pgrst.array", ARRAY)
_SINGULAR = (OBJECT, "application/vnd.pgrst.object")


class Media(NamedTuple):
    """What the client wants: `json`, `csv`, `openapi` or `plan`; one object, and without the members that are null."""

    kind: str = "json"
    singular: bool = False
    stripped: bool = False
    plan_format: str = "text"
    plan_options: tuple[str, ...] = ()

    @property
    def content_type(self) -> str:
        """The Content-Type of the answer."""
        if self.kind == "csv":
            return "text/csv; charset=utf-8"
        if self.kind == "plan":
            return f"{PLAN}+{self.plan_format}; charset=utf-8"
        nulls = ";nulls=stripped" if self.stripped else ""
        if self.singular:
            return f"{OBJECT}{nulls}; charset=utf-8"
        return f"{ARRAY}{nulls}; charset=utf-8" if self.stripped else "application/json; charset=utf-8"


JSON = Media()
_SINGLE = Media(singular=True)
_PLAN_OPTIONS = ("analyze", "verbose", "settings", "buffers", "wal")


def media_of(accept: str | None) -> Media:
    """Return the first media type of Accept that can be answered, by its weight; PGRST107 (406) if there is none."""
    if not accept or accept in ("*/*", "application/json"):
        return JSON
    if accept == OBJECT:
        return _SINGLE
    ranked = sorted(_ranges(accept), key=lambda each: -each[0])
    for weight, kind, parameters in ranked:
        found = _media(kind, parameters) if weight > 0 else None
        if found is not None:
            return found
    raise RestError(406, "PGRST107", "None of these media types are available: " + _shown(accept))


def _shown(accept: str) -> str:
    return accept if len(accept) <= 100 else accept[:100] + "…"


def _ranges(accept: str) -> list[tuple[float, str, dict[str, str]]]:
    ranges = []
    for each in accept.split(","):
        kind, *rest = each.split(";")
        parameters: dict[str, str] = {}
        for parameter in rest:
            name, _, value = parameter.partition("=")
            parameters[name.strip().lower()] = value.strip().strip('"')
        try:
            weight = float(parameters.pop("q", "1"))
        except ValueError:
            weight = 0.0
        ranges.append((weight, kind.strip().lower(), parameters))
    return ranges


def _media(kind: str, parameters: dict[str, str]) -> Media | None:
    stripped = parameters.get("nulls") == "stripped"
    if kind in _JSON:
        return Media(stripped=stripped and kind.startswith("application/vnd"))
    if kind in _SINGULAR:
        return Media(singular=True, stripped=stripped)
    if kind in ("text/csv", "text/*"):
        return Media("csv")
    if kind in ("application/openapi+json", "application/vnd.oai.openapi+json"):
        return Media("openapi")
    if kind in (f"{PLAN}+text", f"{PLAN}+json", PLAN):
        options = tuple(each for each in parameters.get("options", "").split("|") if each in _PLAN_OPTIONS)
        singular = parameters.get("for", "").startswith("application/vnd.pgrst.object")
        return Media("plan", singular, False, "json" if kind.endswith("json") else "text", options)
    return None
