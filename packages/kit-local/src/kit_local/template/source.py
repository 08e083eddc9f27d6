"""A template as it is written: plain data with the line of each part."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kit_local.errors import TemplateError

Lines = dict[tuple[str | int, ...], int]


@dataclass(frozen=True)
class Source:
    """A template as written; `remarks` are lines with a text about something that is perhaps not meant so."""

    file: Path
    text: str
    data: Mapping[str, Any]
    lines: Mapping[tuple[str | int, ...], int] = field(repr=False)
    remarks: tuple[tuple[int, str], ...] = ()

    def line(self, *path: str | int) -> int:
        """Return the line of the part at `path`, or of the innermost part around it that is written down."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def mapping(self, *path: str) -> Mapping[str, Any]:
        """Return the mapping at `path`, empty where nothing is written; TemplateError where it is something else."""
        value: Any = self.data
        for name in path:
            value = value.get(name)
            if value is None:
                return {}
            if not isinstance(value, Mapping):
                message = f"{'.'.join(path)} has to be a mapping"
                raise TemplateError(message, file=self.file, line=self.line(*path))
        return value  # type: ignore[no-any-return]


class Notes:
    """The lines and the remarks of a template, noted while it is read."""

    def __init__(self) -> None:
        self.lines: Lines = {}
        self.remarks: set[tuple[int, str]] = set()  # an alias is read again

    def key(self, path: tuple[str | int, ...], line: int, *, written: str, again: bool) -> None:
        """Note the line of a key: as it is written, and `again` if it is not the first of its name."""
        self.lines[path] = line
        if again:
            self.remarks.add((line, f"the key {written!r} is given twice; CloudFormation takes the last one"))
        if written != path[-1]:
            self.remarks.add((line, f"the key {written!r} means {path[-1]!r} in YAML 1.1; quotes keep it as it is"))
