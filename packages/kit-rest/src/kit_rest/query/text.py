"""Splitting and unquoting texts of a query, as both published clients write them.

A quote opens a quoted text only where an element begins. Inside, a backslash escapes a quote and a backslash and
nothing else. `@supabase/postgrest-js` does not escape at all, so a quote ends a quoted text only where the element
ends.
"""

from __future__ import annotations

import re

from kit_rest.errors import parse_error

_SPECIAL = {separator: re.compile(rf'["(){{}}{re.escape(separator)}]') for separator in ",.:!"}
_BEFORE_AN_ELEMENT = ".,(:{!"


def split_top(text: str, separator: str = ",") -> list[str]:
    """Split at separators that stand in no quotes, parentheses or braces."""
    if '"' not in text and "(" not in text and "{" not in text:
        return text.split(separator)
    search = _SPECIAL[separator].search
    parts: list[str] = []
    depth = start = at = 0
    while (found := search(text, at)) is not None:
        at = found.end()
        char = found[0]
        if char == '"':
            before = text[: at - 1].rstrip(" ")
            if not before or before[-1] in _BEFORE_AN_ELEMENT:
                at = _quote_end(text, at - 1)
        elif char in "({":
            depth += 1
        elif char in ")}":
            depth -= 1
        elif depth <= 0:
            parts.append(text[start : at - 1])
            start = at
    parts.append(text[start:])
    return parts


def _quote_end(text: str, start: int) -> int:
    """Return the place after a quoted text that begins at `start`; an element ends after its last quote."""
    at = start + 1
    while at < len(text):
        if text[at] == "\\" and text[at + 1 : at + 2] in ('"', "\\"):
            at += 2
            continue
        if text[at] == '"' and text[at + 1 : at + 2] in ("", ",", ")", "}", ".", "-", ":", "(", "!", " ", "="):
            return at + 1
        at += 1
    return at


def unquoted(text: str) -> str:
    """Return a text without the quotes around it, if there are any, and without the escapes in them."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        inner = text[1:-1]
        return inner.replace('\\"', '"').replace("\\\\", "\\") if "\\" in inner else inner
    return text


def list_elements(text: str) -> list[str]:
    """Return the elements of a list in parentheses, `(1,"a,b",c)`; PGRST100 if it is none."""
    if len(text) < 2 or text[0] != "(" or text[-1] != ")":
        raise parse_error("a list: it stands in parentheses", text)
    inner = text[1:-1]
    if not inner:
        return []
    if '"' not in inner:
        return inner.split(",")
    return [unquoted(each) for each in _elements(inner)]


def _elements(inner: str) -> list[str]:
    """Split the inside of a list at commas that stand in no quotes; parentheses mean nothing there."""
    parts: list[str] = []
    start = at = 0
    begins = True
    while at < len(inner):
        char = inner[at]
        if char == '"' and begins:
            at = _element_end(inner, at)
            begins = False
            continue
        if char == ",":
            parts.append(inner[start:at])
            start, begins = at + 1, True
        else:
            begins = False
        at += 1
    parts.append(inner[start:])
    return parts


def _element_end(inner: str, start: int) -> int:
    at = start + 1
    while at < len(inner):
        if inner[at] == "\\" and inner[at + 1 : at + 2] in ('"', "\\"):
            at += 2
        elif inner[at] == '"' and inner[at + 1 : at + 2] in ("", ","):
            return at + 1
        else:
            at += 1
    return at


def array_literal(values: list[str] | list[str | None]) -> str:
    """Return texts as PostgreSQL's array literal, each quoted; None is NULL."""
    return "{" + ",".join(map(_array_element, values)) + "}"


def _array_element(value: str | None) -> str:
    if value is None:
        return "NULL"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def array_text(text: str) -> str:
    """Return an array literal that PostgreSQL reads, of one that a client has written.

    One whose elements are quoted where they have to be stays as it is. Otherwise the elements were joined with commas
    as they were, as `@supabase/postgrest-js` does it, and are quoted here. A text in no braces is left alone.
    """
    if len(text) < 2 or text[0] != "{" or text[-1] != "}":
        return text
    inner = text[1:-1]
    if not inner or ('"' not in inner and "{" not in inner and "}" not in inner and "\\" not in inner):
        plain = inner.split(",") if inner else []
        return text if all(plain) else array_literal(plain)
    elements = _elements(inner)
    if all(_is_sound(each) for each in elements):
        return text
    return array_literal(inner.split(","))


def _is_sound(element: str) -> bool:
    if len(element) >= 2 and element[0] == element[-1] == '"':
        inner = element[1:-1].replace("\\\\", "").replace('\\"', "")
        return '"' not in inner and "\\" not in inner
    return bool(element) and not any(char in element for char in '"{}\\')
