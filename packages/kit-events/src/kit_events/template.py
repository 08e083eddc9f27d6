"""A SAM or CloudFormation template as plain values; PyYAML is met here alone (extra: check)."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kit_events.errors import TemplateError

_SUBSTITUTED = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.Arn)?\}")


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
    """Return the logical name of the resource that a value leads to: by Ref, by GetAtt, or by either in a Sub."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    [(function, argument)] = value.items()
    if function == "Ref":
        return str(argument).split(".")[0]  # SAM has !Ref Function.Alias
    if function == "Fn::GetAtt":
        return str(argument.split(".")[0] if isinstance(argument, str) else argument[0])
    substituted = _SUBSTITUTED.fullmatch(text(value) or "")
    return substituted[1] if substituted else None


def text(value: Any) -> str | None:
    """Return a text as it is in the template, also that of a Sub."""
    found = value.get("Fn::Sub") if isinstance(value, dict) else value
    return found if isinstance(found, str) else None


def under(value: Any, keys: frozenset[str], *, found: bool = False) -> Iterator[Any]:
    """Yield what stands under any of the keys, anywhere in a template: texts, and references to resources."""
    if found and (text(value) or referred(value)):
        yield value
        return
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ()):
        yield from under(inner, keys, found=found or key in keys)
