"""A SAM or CloudFormation template as plain values; PyYAML is met here alone (extra: check)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kit_events.errors import TemplateError


def load(path: Path) -> dict[str, Any]:
    """Return a template, with `!Ref x` as `{"Ref": "x"}` and so on. Raise `TemplateError` for what is none."""
    try:
        text = path.read_text(encoding="utf-8")
        template = json.loads(text) if path.suffix == ".json" else _yaml(text)
    except (OSError, ValueError) as error:
        raise TemplateError(str(path), str(error)) from error
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise TemplateError(str(path), "has no Resources")
    return template


def _yaml(text: str) -> Any:
    try:
        import yaml
    except ImportError as error:
        raise TemplateError("a template in YAML", "takes PyYAML to read: install kit-events[check]") from error

    class Loader(yaml.SafeLoader):
        """Knows CloudFormation's tags."""

    def construct(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
        value: Any
        if isinstance(node, yaml.ScalarNode):
            value = loader.construct_scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            value = loader.construct_sequence(node, deep=True)
        else:
            value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
        if suffix == "GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}

    Loader.add_multi_constructor("!", construct)
    try:
        return yaml.load(text, Loader)  # noqa: S506  (a SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(f"is no YAML: {error}") from error


def referred(value: Any) -> str | None:
    """Return the logical name of the resource that a value leads to: by Ref, by GetAtt, or by the ARN in a Sub."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    [(function, argument)] = value.items()
    if function == "Ref" and isinstance(argument, str):
        return argument
    if function == "Fn::GetAtt":
        return str(argument.split(".")[0] if isinstance(argument, str) else argument[0])
    if function == "Fn::Sub" and isinstance(argument, str) and argument.startswith("${") and argument.endswith(".Arn}"):
        return argument[2:-5]
    return None


def under(value: Any, keys: frozenset[str]) -> Iterator[str]:
    """Yield the logical names that stand under any of the keys, anywhere in a template."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ()):
        if key in keys:
            yield from _all_referred(inner)
        else:
            yield from under(inner, keys)


def _all_referred(value: Any) -> Iterator[str]:
    name = referred(value)
    if name is not None:
        yield name
        return
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _all_referred(inner)
