"""Reads a template as written: plain data, intrinsic functions in their long form, and the line of each part."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from kit_local.errors import TemplateError
from kit_local.suggest import did_you_mean
from kit_local.template.json_text import read_json
from kit_local.template.source import Notes, Source

NAMES = ("template.yaml", "template.yml", "template.json")

# The short forms that CloudFormation knows ("Intrinsic function reference").
_SHORT = frozenset(
    """And Base64 Cidr Condition Equals FindInMap ForEach GetAZs GetAtt If ImportValue Join Length Not Or Ref Select
    Split Sub ToJsonString Transform""".split()  # noqa: SIM905
)
_YAML = "tag:yaml.org,2002:"
_MERGE = f"{_YAML}merge"
# "CloudFormation template formats": YAML 1.1 without these tags. A date and `=` are text.
_TEXT = frozenset({f"{_YAML}timestamp", f"{_YAML}value"})
_REFUSED = frozenset(f"{_YAML}{name}" for name in ("binary", "omap", "pairs", "set", "timestamp"))
_SCALARS = frozenset(f"{_YAML}{name}" for name in ("bool", "int"))
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times as fast, where it was built


class _Loader(_Base):  # type: ignore[misc]
    """Leaves dates as they are written: the versions of templates and policies look like some."""

    yaml_implicit_resolvers = {  # noqa: RUF012  (PyYAML's own way to say it)
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _TEXT]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def template_file(folder: Path) -> Path:
    """Return the file of the template in `folder`, which may also be the file itself; else raise TemplateError."""
    for file in (folder, *(folder / name for name in NAMES)):
        if file.is_file():
            return file
    raise TemplateError(f"no {NAMES[0]} in {str(folder)!r}")


def read(folder: Path) -> Source:
    """Read the template in `folder`, which may also be the file itself.

    TemplateError names the line of text that is not YAML (or JSON), or not a template. A key that is given twice has
    its last value, as in CloudFormation.
    """
    file = template_file(folder)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise TemplateError(f"cannot be read: {error}", file=file) from error
    try:
        data, notes = _read(file, text)
    except RecursionError as error:
        raise TemplateError("nested too deeply", file=file) from error
    if not isinstance(data, dict) or not data.get("Resources"):
        raise TemplateError("the template has no Resources", file=file, line=1)
    source = Source(file, text, data, notes.lines, tuple(sorted(notes.remarks)))
    for section in ("Conditions", "Globals", "Mappings", "Outputs", "Parameters", "Resources"):
        for name, value in source.mapping(section).items():
            if value is None:
                raise TemplateError(f"{section}.{name} is empty", file=file, line=source.line(section, name))
            source.mapping(section, name)
    return source


def _read(file: Path, text: str) -> tuple[Any, Notes]:
    if text.lstrip()[:1] == "{":
        notes = Notes()
        with suppress(ValueError):  # it may be YAML that begins in the same way
            return read_json(text, notes), notes
    notes = Notes()
    return _read_yaml(file, text, notes), notes


def _read_yaml(file: Path, text: str, notes: Notes) -> Any:
    try:
        loader = _Loader(text)
    except yaml.YAMLError as error:
        raise TemplateError(f"cannot be read: {error}", file=file) from error
    try:
        return _Builder(file, loader, notes).build(loader.get_single_node(), ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        kind = "JSON" if file.suffix == ".json" else "YAML"
        raise TemplateError(f"not {kind}: {error.problem or error.context}", file=file, line=line) from error
    except yaml.YAMLError as error:  # libyaml's reader says so only now
        raise TemplateError(f"cannot be read: {error}", file=file) from error
    finally:
        loader.dispose()


class _Builder:
    def __init__(self, file: Path, loader: Any, notes: Notes) -> None:
        self.file = file
        self.loader = loader
        self.notes = notes
        self.open: list[int] = []  # the nodes around the present one, since an alias may point to one of them

    def build(self, node: Any, path: tuple[str | int, ...]) -> Any:
        if node is None:
            return None
        self.notes.lines[path] = node.start_mark.line + 1
        if id(node) in self.open:
            raise self.error("an alias within what it stands for", node)
        self.open.append(id(node))
        try:
            name = self.short_form(node)
            if name is None:
                return self.plain(node, path)
            value = self.plain(node, (*path, name))
        finally:
            self.open.pop()
        if name == "Fn::GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        return {name: value}

    def short_form(self, node: Any) -> str | None:
        if node.tag in _REFUSED:
            raise self.error(f"CloudFormation does not take the tag '!!{node.tag.removeprefix(_YAML)}'", node)
        if not node.tag.startswith("!"):
            return None
        short = node.tag[1:]
        if short not in _SHORT:
            meant = did_you_mean(node.tag, (f"!{each}" for each in _SHORT))
            raise self.error(f"the tag {node.tag!r} is not one of CloudFormation's{meant}", node)
        return short if short in ("Ref", "Condition") else f"Fn::{short}"

    def plain(self, node: Any, path: tuple[str | int, ...]) -> Any:
        if isinstance(node, yaml.ScalarNode):
            # What a short form is given is text, whatever it looks like.
            return node.value if node.tag.startswith("!") else self.loader.construct_object(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
        result: dict[str, Any] = {}
        own: set[str] = set()
        for key, value, merged in self.members(node):
            name = self.name(key)
            result[name] = self.build(value, (*path, name))
            line = key.start_mark.line + 1
            self.notes.key((*path, name), line, written=str(key.value), again=name in own)
            if not merged:
                own.add(name)
        return result

    def members(self, node: Any, *, merged: bool = False) -> Iterator[tuple[Any, Any, bool]]:
        """Yield the keys and values of a mapping, those of the merge key `<<` first: its own ones win."""
        for key, value in node.value:
            if key.tag == _MERGE:
                several = value.value if isinstance(value, yaml.SequenceNode) else [value]
                for each in reversed(several):  # the first one wins
                    if not isinstance(each, yaml.MappingNode):
                        raise self.error("only a mapping can be merged", each)
                    yield from self.members(each, merged=True)
        yield from ((key, value, merged) for key, value in node.value if key.tag != _MERGE)

    def name(self, key: Any) -> str:
        """Return a key as CloudFormation has it: `yes` is true, and a number in another notation a decimal one."""
        if not isinstance(key, yaml.ScalarNode):
            raise self.error("a key has to be text", key)
        if key.tag not in _SCALARS:
            return str(key.value)
        value = self.loader.construct_object(key)
        return str(value).lower()  # True, False and integers

    def error(self, message: str, node: Any) -> TemplateError:
        return TemplateError(message, file=self.file, line=node.start_mark.line + 1)
