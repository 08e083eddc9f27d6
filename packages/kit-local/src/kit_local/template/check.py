"""Finds the parts of a template, as it is written, that kit-local does not do."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kit_local.errors import Finding, TemplateError
from kit_local.suggest import did_you_mean, near
from kit_local.template import nested
from kit_local.template.intrinsics import FUNCTIONS
from kit_local.template.nested import Tree
from kit_local.template.source import Source
from kit_local.template.supported import EVENTS, TYPES, WEBSOCKET_ROUTE, Support

SAM = "AWS::Serverless-2016-10-31"
_OF_SAM = "AWS::Serverless::"
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
            meant = near(section, _SECTIONS)
            yield _unknown(_TOP, section, source.line(section), "this section is not supported", meant)
    _check_transform(source)
    if source.data.get("Transform", SAM) not in (SAM, [SAM]):
        yield Finding(_TOP, "Transform", source.line("Transform"), f"the only transform that is supported is {SAM}")
    for name in source.mapping("Globals"):
        kind = f"{_OF_SAM}{name}"
        if kind in TYPES:
            yield from _properties(source, "Globals", TYPES[kind], ("Globals", name), nested.TYPES.get(kind))
        else:
            meant = near(name, nested.GLOBALS)
            yield _unknown("Globals", name, source.line("Globals", name), "not supported", meant)
    for section, tree in (("Parameters", nested.PARAMETER), ("Outputs", nested.OUTPUT)):
        for name in source.mapping(section):
            yield from _names(source, name, source.mapping(section, name), tree, (section, name))
    for name, resource in source.mapping("Resources").items():
        if not isinstance(resource.get("Type"), str):
            line = source.line("Resources", name)
            meant = did_you_mean("Type", resource)
            raise TemplateError(f"a resource needs a Type{meant}", file=source.file, line=line, resource=name)
        if active(name):
            yield from _resource(source, name, resource)
    for section in ("Conditions", "Outputs"):
        yield from _functions(source, section, source.data.get(section), (section,))


def _check_transform(source: Source) -> None:
    """Raise TemplateError for a template of SAM's that does not say so."""
    if "Transform" in source.data:
        return
    for name in source.mapping("Resources"):
        if str(source.mapping("Resources", name).get("Type")).startswith(_OF_SAM):
            message = f"the template needs the line 'Transform: {SAM}' for its {_OF_SAM} types"
            raise TemplateError(message, file=source.file, line=source.line("Resources", name, "Type"), resource=name)


def _resource(source: Source, name: str, resource: Mapping[str, Any]) -> Iterator[Finding]:
    path, kind = ("Resources", name), resource["Type"]
    yield from _names(source, name, resource, nested.RESOURCE, path)
    support = TYPES.get(kind)
    if support is None:
        line = source.line(*path, "Type")
        yield _unknown(name, "", line, f"resources of the type {kind} are not supported", _near_type(kind))
        return
    yield from _properties(source, name, support, (*path, "Properties"), nested.TYPES.get(kind))
    yield from _functions(source, name, resource.get("Properties"), (*path, "Properties"))
    if kind in ("AWS::Serverless::Function", "AWS::Lambda::Function"):
        yield from _runtime(source, name)
    if kind == "AWS::Serverless::Function":
        for event in source.mapping(*path, "Properties", "Events"):
            yield from _event(source, name, event, (*path, "Properties", "Events", event))
    if kind == "AWS::Serverless::WebSocketApi":
        yield from _websocket_routes(source, name, (*path, "Properties", "Routes"))


def _near_type(kind: str) -> str:
    """Return the supported type that was perhaps meant: its service is known or near, and then its name."""
    head, _, rest = kind.partition("::")
    service, _, own = rest.partition("::")
    services: dict[str, set[str]] = {}
    for known in TYPES:
        _, group, name = known.split("::")
        services.setdefault(group, set()).add(name)
    service = service if service in services else near(service, services)
    own = near(own, services.get(service, ()))
    return f"AWS::{service}::{own}" if own and head.upper() == "AWS" else ""


def _runtime(source: Source, name: str) -> Iterator[Finding]:
    """Find another language, written out: no resolved value is needed for that."""
    path = ("Resources", name, "Properties")
    of_sam = source.mapping("Resources", name)["Type"] == "AWS::Serverless::Function"
    shared = source.mapping("Globals", "Function").get("Runtime") if of_sam else None
    runtime = source.mapping(*path).get("Runtime", shared)
    if isinstance(runtime, str) and not runtime.startswith("python3."):
        yield Finding(name, "Runtime", source.line(*path, "Runtime"), ONLY_PYTHON)


def _event(source: Source, name: str, event: str, path: tuple[str, ...]) -> Iterator[Finding]:
    written = source.mapping(*path)
    yield from _names(source, name, written, nested.EVENT, path)
    kind = str(written.get("Type"))
    if kind not in EVENTS:
        reason = f"events of the type {kind} are not supported"
        yield _unknown(name, f"Events.{event}", source.line(*path), reason, near(kind, EVENTS))
        return
    yield from _properties(source, name, EVENTS[kind], (*path, "Properties"), nested.EVENTS.get(kind))


def _websocket_routes(source: Source, name: str, path: tuple[str, ...]) -> Iterator[Finding]:
    """Check each route; SAM makes one logical id of some keys, and only the last of their routes."""
    keys: dict[str, str] = {}
    for key in source.mapping(*path):
        yield from _properties(source, name, WEBSOCKET_ROUTE, (*path, key))
        logical_id = nested.websocket_route_id(name, key)
        if other := keys.get(logical_id):
            reason = f"SAM names this route and {other!r} {logical_id}, and leaves out all but the last of them"
            yield Finding(name, f"Routes.{key}", source.line(*path, key), reason)
        keys[logical_id] = key


def _properties(
    source: Source, name: str, support: Support, path: tuple[str, ...], tree: Tree | None = None
) -> Iterator[Finding]:
    for key, value in source.mapping(*path).items():
        if not support.knows(key):
            line, meant = source.line(*path, key), near(key, support.names)
            yield _unknown(name, _dotted(path, key), line, "this property is not supported", meant)
        elif tree and tree.get(key):
            yield from _names(source, name, value, tree[key] or {}, (*path, key))


def _names(source: Source, name: str, value: Any, tree: Tree, path: tuple[str | int, ...]) -> Iterator[Finding]:
    """Find the names in a mapping, or in those of a list, that a tree does not have."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _names(source, name, item, tree, (*path, index))
    elif isinstance(value, Mapping) and not _is_intrinsic(value):
        for key, item in value.items():
            if key not in tree:
                line = source.line(*path, key)
                yield _unknown(name, _dotted(path, key), line, "this name is not known here", near(key, tree))
            elif below := tree[key]:
                yield from _names(source, name, item, below, (*path, key))


def _unknown(name: str, place: str, line: int, reason: str, meant: str) -> Finding:
    """Return the finding of a name, with the one that was perhaps meant."""
    if meant:
        reason = f"{reason.replace('not supported', 'not known')}; did you mean {meant!r}?"
    return Finding(name, place, line, reason, meant)


def _is_intrinsic(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and all(key == "Ref" or key.startswith("Fn::") for key in value)


def _dotted(path: tuple[str | int, ...], key: str) -> str:
    """Return what a finding calls a place: without the section, the resource and `Properties`."""
    inner = path[1 if path[0] == "Globals" else 2 :]
    return ".".join([*(str(part) for part in inner if part != "Properties"), key])


def _functions(source: Source, name: str, value: Any, path: tuple[str | int, ...]) -> Iterator[Finding]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _functions(source, name, item, (*path, index))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key.startswith("Fn:") and key not in FUNCTIONS:
                line, meant = source.line(*path, key), near(key, FUNCTIONS)
                yield _unknown(name, key, line, "this intrinsic function is not supported", meant)
            yield from _functions(source, name, item, (*path, key))
