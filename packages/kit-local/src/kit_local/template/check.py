"""Finds what a template as written asks for and kit-local does not do."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kit_local.errors import Finding, TemplateError
from kit_local.template.intrinsics import FUNCTIONS
from kit_local.template.parse import Source
from kit_local.template.supported import EVENTS, TYPES, Support

SAM = "AWS::Serverless-2016-10-31"
_SECTIONS = frozenset(
    """AWSTemplateFormatVersion Conditions Description Globals Mappings Metadata Outputs Parameters Resources Rules
    Transform""".split()  # noqa: SIM905
)
_TOP = "(template)"
ONLY_PYTHON = "only functions in Python, packaged as a folder, are supported"


def findings(source: Source, active: Callable[[str], bool]) -> Iterator[Finding]:
    """Yield every finding of `source`; resources for which `active` is false are left out."""
    for section in source.data:
        if section not in _SECTIONS:
            yield Finding(_TOP, section, source.line(section), "this section is not supported")
    if source.data.get("Transform", SAM) not in (SAM, [SAM]):
        yield Finding(_TOP, "Transform", source.line("Transform"), f"the only transform that is supported is {SAM}")
    for name in source.mapping("Globals"):
        yield from _properties(source, "Globals", TYPES.get(f"AWS::Serverless::{name}"), ("Globals", name))
    for name, resource in source.mapping("Resources").items():
        if not isinstance(resource.get("Type"), str):
            line = source.line("Resources", name)
            raise TemplateError("a resource needs a Type", file=source.file, line=line, resource=name)
        if active(name):
            yield from _resource(source, name, resource)
    for section in ("Conditions", "Outputs"):
        yield from _functions(source, section, source.data.get(section), (section,))


def _resource(source: Source, name: str, resource: Mapping[str, Any]) -> Iterator[Finding]:
    path = ("Resources", name)
    support = TYPES.get(resource["Type"])
    if support is None:
        line = source.line(*path, "Type")
        yield Finding(name, "", line, f"resources of the type {resource['Type']} are not supported")
        return
    yield from _properties(source, name, support, (*path, "Properties"))
    yield from _functions(source, name, resource.get("Properties"), (*path, "Properties"))
    if resource["Type"] in ("AWS::Serverless::Function", "AWS::Lambda::Function"):
        yield from _runtime(source, name)
    if resource["Type"] == "AWS::Serverless::Function":
        for event in source.mapping(*path, "Properties", "Events"):
            yield from _event(source, name, event, (*path, "Properties", "Events", event))


def _runtime(source: Source, name: str) -> Iterator[Finding]:
    """Find what no resolved value is needed for: another language, written out."""
    path = ("Resources", name, "Properties")
    of_sam = source.mapping("Resources", name)["Type"] == "AWS::Serverless::Function"
    shared = source.mapping("Globals", "Function").get("Runtime") if of_sam else None
    runtime = source.mapping(*path).get("Runtime", shared)
    if isinstance(runtime, str) and not runtime.startswith("python3."):
        yield Finding(name, "Runtime", source.line(*path, "Runtime"), ONLY_PYTHON)


def _event(source: Source, name: str, event: str, path: tuple[str, ...]) -> Iterator[Finding]:
    kind = str(source.mapping(*path).get("Type"))
    if kind not in EVENTS:
        yield Finding(name, f"Events.{event}", source.line(*path), f"events of the type {kind} are not supported")
        return
    yield from _properties(source, name, EVENTS[kind], (*path, "Properties"))


def _properties(source: Source, name: str, support: Support | None, path: tuple[str, ...]) -> Iterator[Finding]:
    prefix = [part for part in path[1 if name == "Globals" else 2 :] if part != "Properties"]
    if support is None:
        yield Finding(name, ".".join(prefix), source.line(*path), "not supported")
        return
    for key in source.mapping(*path):
        if not support.knows(key):
            yield Finding(name, ".".join([*prefix, key]), source.line(*path, key), "this property is not supported")


def _functions(source: Source, name: str, value: Any, path: tuple[str | int, ...]) -> Iterator[Finding]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _functions(source, name, item, (*path, index))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key.startswith("Fn::") and key not in FUNCTIONS:
                yield Finding(name, key, source.line(*path, key), "this intrinsic function is not supported")
            yield from _functions(source, name, item, (*path, key))
