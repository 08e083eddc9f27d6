"""Reads a template as written: plain data, intrinsic functions in their long form, and the line of each part."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from kit_local.errors import TemplateError
from kit_local.suggest import did_you_mean

NAMES = ("template.yaml", "template.yml", "template.json")

# The short forms that CloudFormation knows ("Intrinsic function reference").
_SHORT = frozenset(
    """And Base64 Cidr Condition Equals FindInMap ForEach GetAZs GetAtt If ImportValue Join Length Not Or Ref Select
    Split Sub ToJsonString Transform""".split()  # noqa: SIM905
)
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times as fast, where it was built


class _Loader(_Base):  # type: ignore[misc]
    """Leaves dates as they are written: the versions of templates and policies look like some."""

    yaml_implicit_resolvers = {  # noqa: RUF012  (PyYAML's own way to say it)
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True)
class Source:
    """A template as written."""

    file: Path
    text: str
    data: Mapping[str, Any]
    lines: Mapping[tuple[str | int, ...], int] = field(repr=False)

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


def template_file(folder: Path) -> Path:
    """Return the file of the template in `folder`, which may also be the file itself; else raise TemplateError."""
    for file in (folder, *(folder / name for name in NAMES)):
        if file.is_file():
            return file
    raise TemplateError(f"no {NAMES[0]} in {str(folder)!r}")


def read(folder: Path) -> Source:
    """Read the template in `folder`, which may also be the file itself.

    TemplateError names the line of text that is not YAML (or JSON), or not a template.
    """
    file = template_file(folder)
    try:
        text = file.read_text(encoding="utf-8-sig")
        loader = _Loader(text)
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise TemplateError(f"cannot be read: {error}", file=file) from error
    try:
        builder = _Builder(file, loader)
        data = builder.build(loader.get_single_node(), ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        kind = "JSON" if file.suffix == ".json" else "YAML"
        raise TemplateError(f"not {kind}: {error.problem or error.context}", file=file, line=line) from error
    except yaml.YAMLError as error:  # libyaml's reader says so only now
        raise TemplateError(f"cannot be read: {error}", file=file) from error
    finally:
        loader.dispose()
    if not isinstance(data, dict) or not data.get("Resources"):
        raise TemplateError("the template has no Resources", file=file, line=1)
    source = Source(file, text, data, builder.lines)
    for section in ("Conditions", "Globals", "Mappings", "Outputs", "Parameters", "Resources"):
        for name in source.mapping(section):
            source.mapping(section, name)
    return source


class _Builder:
    def __init__(self, file: Path, loader: Any) -> None:
        self.file = file
        self.loader = loader
        self.lines: dict[tuple[str | int, ...], int] = {}
        self.open: list[int] = []  # the nodes around the present one, since an alias may point to one of them

    def build(self, node: Any, path: tuple[str | int, ...]) -> Any:
        if node is None:
            return None
        self.lines[path] = node.start_mark.line + 1
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
        self.refuse_duplicates(node)
        self.loader.flatten_mapping(node)  # the merge key "<<"
        result: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value)
            result[name] = self.build(value, (*path, name))
            self.lines[(*path, name)] = key.start_mark.line + 1
        return result

    def refuse_duplicates(self, node: Any) -> None:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self.error("a key has to be text", key)
            if key.value in seen and key.value != "<<":
                raise self.error(f"the key {key.value!r} is given twice", key)
            seen.add(key.value)

    def error(self, message: str, node: Any) -> TemplateError:
        return TemplateError(message, file=self.file, line=node.start_mark.line + 1)
