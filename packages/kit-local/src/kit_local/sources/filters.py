"""Patterns: FilterCriteria of event sources ("Filter rule syntax"), EventBridge's ("Comparison operators")."""

import json
import operator
import re
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


OF_SOURCES = frozenset({"anything-but", "equals-ignore-case", "exists", "numeric", "prefix", "suffix"})
OF_EVENTS = OF_SOURCES | {"cidr", "wildcard"}


def check(pattern: Any, operators: frozenset[str] = OF_SOURCES) -> None:
    """Raise ValueError for a pattern that Lambda would refuse; EventBridge has more operators."""
    if not isinstance(pattern, Mapping):
        raise ValueError("a filter's Pattern has to be an object")
    for name, wanted in pattern.items():
        if name != "$or" and isinstance(wanted, Mapping):
            check(wanted, operators)
        elif not isinstance(wanted, list) or not wanted:
            raise ValueError(f"a filter's Pattern needs a list or an object under {name!r}")
        for rule in wanted if isinstance(wanted, list) else ():
            if name == "$or":
                check(rule, operators)
            elif not _is_rule(rule, operators):
                raise ValueError(f"a filter's Pattern cannot hold {rule!r} under {name!r}")


def _is_rule(rule: Any, operators: frozenset[str]) -> bool:
    if isinstance(rule, Mapping):
        return len(rule) == 1 and set(rule) <= operators and all(_is_operand(*item) for item in rule.items())
    return not isinstance(rule, list)


def _is_operand(kind: str, wanted: Any) -> bool:
    """Tell whether an operator can be given a value."""
    if kind == "exists":
        return isinstance(wanted, bool)
    if kind == "numeric":
        if not isinstance(wanted, list) or not wanted or len(wanted) % 2:
            return False
        return all(isinstance(sign, str) and sign in _COMPARE for sign in wanted[::2]) and all(
            map(_number, wanted[1::2])
        )
    if kind == "anything-but":
        if isinstance(wanted, Mapping):
            return len(wanted) == 1 and set(wanted) <= _TEXT.keys() and all(map(_is_text, _values(*wanted.values())))
        return not any(isinstance(value, list | Mapping) for value in _values(wanted))
    return _is_text(wanted) or (isinstance(wanted, Mapping) and wanted.keys() == {"equals-ignore-case"})


def _values(wanted: Any) -> list[Any]:
    return wanted if isinstance(wanted, list) else [wanted]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def lets_in(patterns: Iterable[Mapping[str, Any]], record: Mapping[str, Any]) -> bool:
    """Tell whether a queue's record, or an event, matches one of the patterns, or there are none.

    A record's body is compared as JSON where the pattern looks into it; a body that isn't JSON does not match then.
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
        return value is not _MISSING and not any(_is(item, value) for item in _each(wanted))
    if kind == "numeric":
        pairs = zip(wanted[::2], wanted[1::2], strict=True)
        return _number(value) and all(_COMPARE[sign](value, limit) for sign, limit in pairs)
    if not isinstance(value, str):
        return False
    if isinstance(wanted, Mapping):  # {"prefix": {"equals-ignore-case": "a"}}
        return _TEXT[kind](value.lower(), str(wanted["equals-ignore-case"]).lower())
    return _TEXT[kind](value, str(wanted))


def _each(wanted: Any) -> Iterable[Any]:
    """Yield the rules of anything-but: values, or one operator with a value or several."""
    if isinstance(wanted, Mapping):
        [(kind, values)] = wanted.items()
        return [{kind: value} for value in _values(values)]
    return _values(wanted)


def _like(value: str, pattern: str) -> bool:
    """Tell whether a text fits a wildcard pattern, in which a backslash takes `*` and itself literally."""
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+|\\", pattern)
    expression = "".join(
        ".*" if part == "*" else re.escape(part[1:] if part in ("\\*", "\\\\") else part) for part in parts
    )
    return re.fullmatch(expression, value, re.DOTALL) is not None


def _within(value: str, network: str) -> bool:
    from ipaddress import ip_address, ip_network

    try:
        return ip_address(value) in ip_network(network)
    except ValueError:
        return False


_TEXT: dict[str, Callable[[str, str], bool]] = {
    "cidr": _within,
    "equals-ignore-case": lambda value, wanted: value.lower() == wanted.lower(),
    "prefix": str.startswith,
    "suffix": str.endswith,
    "wildcard": _like,
}


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same_number(rule: Any, value: Any) -> bool:
    return _number(rule) and _number(value) and bool(rule == value)
