"""FilterCriteria of event sources ("Lambda event filtering", "Filter rule syntax")."""

import json
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_MISSING = object()
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


_OPERATORS = {"anything-but", "equals-ignore-case", "exists", "numeric", "prefix", "suffix"}


def check(pattern: Any) -> None:
    """Raise ValueError for a pattern that Lambda would refuse."""
    if not isinstance(pattern, Mapping):
        raise ValueError("a filter's Pattern has to be an object")
    for name, wanted in pattern.items():
        if name != "$or" and isinstance(wanted, Mapping):
            check(wanted)
        elif not isinstance(wanted, list) or not wanted:
            raise ValueError(f"a filter's Pattern needs a list or an object under {name!r}")
        for rule in wanted if isinstance(wanted, list) else ():
            if name == "$or":
                check(rule)
            elif not _is_rule(rule):
                raise ValueError(f"a filter's Pattern cannot hold {rule!r} under {name!r}")


def _is_rule(rule: Any) -> bool:
    if isinstance(rule, Mapping):
        return len(rule) == 1 and set(rule) <= _OPERATORS
    return not isinstance(rule, list)


def lets_in(patterns: Iterable[Mapping[str, Any]], record: Mapping[str, Any]) -> bool:
    """Tell whether a queue's record matches one of the patterns, or there are none.

    The body is compared as JSON where the pattern looks into it; a body that isn't JSON does not match then.
    """
    patterns = tuple(patterns)
    return not patterns or any(_matches(pattern, _opened(pattern, record)) for pattern in patterns)


def _opened(pattern: Mapping[str, Any], record: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(pattern.get("body"), Mapping):
        return record
    try:
        return {**record, "body": json.loads(record["body"])}
    except ValueError:
        return {**record, "body": _MISSING}


def _matches(pattern: Mapping[str, Any], value: Any) -> bool:
    fields = value if isinstance(value, Mapping) else {}
    if value is _MISSING:
        return False
    for name, wanted in pattern.items():
        if name == "$or":
            fits = any(_matches(choice, value) for choice in wanted)
        elif isinstance(wanted, Mapping):
            fits = _matches(wanted, fields.get(name, {}))
        else:
            found = fields.get(name, _MISSING)
            values = found if isinstance(found, list) else [found]
            fits = any(_is(rule, item) for rule in wanted for item in values or [_MISSING])
        if not fits:
            return False
    return True


def _is(rule: Any, value: Any) -> bool:
    """Tell whether one value satisfies one rule."""
    if not isinstance(rule, Mapping):
        return _same_number(rule, value) or (type(rule) is type(value) and bool(rule == value))
    [(kind, wanted)] = rule.items()
    if kind == "exists":
        return (value is not _MISSING) == bool(wanted)
    if kind == "anything-but":
        return value is not _MISSING and not any(_is(item, value) for item in _listed(wanted))
    if kind == "numeric":
        pairs = zip(wanted[::2], wanted[1::2], strict=True)
        return _number(value) and all(_COMPARE[sign](value, limit) for sign, limit in pairs)
    if not isinstance(value, str):
        return False
    wanted = str(wanted)
    if kind == "prefix":
        return value.startswith(wanted)
    if kind == "suffix":
        return value.endswith(wanted)
    return kind == "equals-ignore-case" and value.lower() == wanted.lower()


def _listed(wanted: Any) -> list[Any]:
    return wanted if isinstance(wanted, list) else [wanted]


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same_number(rule: Any, value: Any) -> bool:
    return _number(rule) and _number(value) and bool(rule == value)
