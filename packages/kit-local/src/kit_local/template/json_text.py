"""Reads a template in JSON: as CloudFormation does, and with the line of each part.

YAML's reader takes most of JSON, but no surrogate pairs, long keys or control characters, and other numbers.
"""

import json
from bisect import bisect_left
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

from kit_local.template.source import Notes

_SPACE = " \t\r\n"


def read_json(text: str, notes: Notes) -> Any:
    """Return the data of a text that is JSON; ValueError for any other text."""
    json.loads(text, parse_constant=_refuse)  # with the messages and the limits of the standard library
    return _Reader(text, notes).value(0, ())[0]


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


class _Reader:
    def __init__(self, text: str, notes: Notes) -> None:
        self._text, self._notes = text, notes
        self._ends = [at for at, letter in enumerate(text) if letter == "\n"]
        self._scalar = json.JSONDecoder().raw_decode

    def value(self, at: int, path: tuple[str | int, ...]) -> tuple[Any, int]:
        """Return the value at a place, and the place behind it."""
        at = self._skip(at)
        self._notes.lines[path] = self._line(at)
        if self._text[at] == "{":
            return self._object(at, path)
        if self._text[at] == "[":
            return self._array(at, path)
        return self._scalar(self._text, at)

    def _object(self, at: int, path: tuple[str | int, ...]) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        while self._text[at := self._skip(at + 1)] != "}":
            line = self._line(at)
            name, at = scanstring(self._text, at + 1, True)
            again = name in found
            found[name], at = self.value(self._skip(at) + 1, (*path, name))
            self._notes.key((*path, name), line, written=name, again=again)
            if self._text[at := self._skip(at)] == "}":
                break
        return found, at + 1

    def _array(self, at: int, path: tuple[str | int, ...]) -> tuple[list[Any], int]:
        found: list[Any] = []
        while self._text[at := self._skip(at + 1)] != "]":
            item, at = self.value(at, (*path, len(found)))
            found.append(item)
            if self._text[at := self._skip(at)] == "]":
                break
        return found, at + 1

    def _skip(self, at: int) -> int:
        while self._text[at] in _SPACE:
            at += 1
        return at

    def _line(self, at: int) -> int:
        return bisect_left(self._ends, at) + 1
