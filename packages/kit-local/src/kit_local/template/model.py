"""A template that is known to be supported: its resources, its code, and what has to run beside it."""

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kit_local.errors import Finding, TemplateError, UnsupportedError
from kit_local.template.check import findings
from kit_local.template.intrinsics import Resolver
from kit_local.template.nested import websocket_route_id
from kit_local.template.parameters import parameter_values
from kit_local.template.parse import read
from kit_local.template.source import Source
from kit_local.template.supported import TYPES
from kit_local.template.translate import translate

_log = logging.getLogger("kit.local")


@dataclass(frozen=True)
class ApiStub:
    """An API that the template has, before anything exists: enough to open a port for it."""

    logical_id: str
    kind: Literal["http", "rest", "websocket"]
    stage: str


@dataclass(frozen=True)
class Template:
    """A template as CloudFormation, with every condition decided.

    `resources` are those that will exist, by logical id; `code` the folder of each function, by logical id;
    `values` what parameters and pseudo parameters are worth.
    """

    folder: Path
    name: str
    source: Source
    document: Mapping[str, Any]
    resources: Mapping[str, Mapping[str, Any]]
    values: Mapping[str, Any]
    code: Mapping[str, Path]
    apis: tuple[ApiStub, ...]
    ignore_unsupported: bool = False
    found: frozenset[Finding] = frozenset()  # what was warned of already

    @property
    def needs_postgres(self) -> bool:
        """Whether there is a database."""
        return any(
            resource["Type"] in ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster") for resource in self.resources.values()
        )

    @property
    def needs_redis(self) -> bool:
        """Whether there is a cache."""
        kinds = ("CacheCluster", "ReplicationGroup", "ServerlessCache")
        return any(
            resource["Type"] in [f"AWS::ElastiCache::{kind}" for kind in kinds] for resource in self.resources.values()
        )

    def origin(self, logical_id: str) -> tuple[str, ...]:
        """Return where in the file a resource comes from: SAM names things after a resource and its event or route."""
        written = self.source.data["Resources"]
        name = max((name for name in written if logical_id.startswith(name)), key=len, default=logical_id)
        if written.get(name, {}).get("Type") == "AWS::Serverless::WebSocketApi":
            stem = re.sub("(Integration|Permission|Route)$", "", logical_id)
            for key in self.source.mapping("Resources", name, "Properties", "Routes"):
                if websocket_route_id(name, key) == f"{stem}Route":
                    return (name, "Properties", "Routes", key)
        event = ("Properties", "Events", logical_id.removeprefix(name))
        return (name, *event) if ("Resources", name, *event) in self.source.lines else (name,)

    def line(self, logical_id: str, *path: str) -> int:
        """Return the line of a resource, or of one of its properties."""
        return self.source.line("Resources", *self.origin(logical_id), "Properties", *path)

    def finding(self, reason: str, logical_id: str, *path: str) -> Finding:
        """Return what to report of a value that is not supported."""
        name, *event = self.origin(logical_id)
        return Finding(name, ".".join(filter(None, [*event[1:], *path])), self.line(logical_id, *path), reason)

    def error(self, message: str, logical_id: str, *path: str) -> TemplateError:
        """Return the error that says what is wrong with a resource."""
        return TemplateError(message, file=self.source.file, line=self.line(logical_id, *path), resource=logical_id)

    def report(self, found: Iterable[Finding]) -> None:
        """Raise UnsupportedError for what was found, or warn of it where that was asked for."""
        found = [finding for finding in found if finding not in self.found]
        if found and not self.ignore_unsupported:
            raise UnsupportedError(found, file=self.source.file)
        warn(self.source, found)

    def resolver(self, values: Mapping[str, Any], **lookups: Callable[..., Any]) -> Resolver:
        """Return what gives intrinsic functions their values; `values` go before the template's own."""
        return _resolver(self.document, {**self.values, **values}, **lookups)


def load(
    folder: Path,
    *,
    parameters: Mapping[str, str] | None = None,
    ignore_unsupported: bool = False,
    region: str = "us-east-1",
    account: str = "123456789012",
) -> Template:
    """Read, check and translate the template in `folder`.

    Raises UnsupportedError with everything in it that does not run locally (with `ignore_unsupported` that is
    logged as warnings, and left out), TemplateError for a template that is wrong.
    """
    folder = folder.resolve()
    source = read(folder)
    for line, text in source.remarks:
        _log.warning("%s:%d: %s", source.file, line, text)
    name = stack_name(folder)
    declared = parameter_values(source, parameters or {})
    values = {**declared, **_pseudo(name, region, account)}
    resolver = _resolver(source.data, values)
    try:
        written = source.data["Resources"]
        found = list(findings(source, lambda logical_id: _active(resolver, written[logical_id])))
        if found and not ignore_unsupported:
            raise UnsupportedError(found, file=source.file)
        warn(source, found)
        unknown = frozenset(logical_id for logical_id in written if written[logical_id]["Type"] not in TYPES)
        document = translate(source, parameters=declared, region=region, without=unknown)
        resolver = _resolver(document, values)  # SAM adds conditions of its own
        translated = document["Resources"]
        resources = {logical_id: item for logical_id, item in translated.items() if _active(resolver, item)}
    except TemplateError as error:
        if error.file is None:
            raise TemplateError(error.message, file=source.file) from error
        raise
    functions = [logical_id for logical_id, item in resources.items() if item["Type"] == "AWS::Lambda::Function"]
    code = {logical_id: _code(source, logical_id, resolver, folder) for logical_id in functions}
    apis = tuple(_apis(resources, resolver))
    return Template(folder, name, source, document, resources, values, code, apis, ignore_unsupported, frozenset(found))


def stack_name(folder: Path) -> str:
    """Return the name of the stack in `folder`: the folder's own, as far as CloudFormation allows it."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", folder.name).strip("-")
    return name if name[:1].isalpha() else f"stack-{name}".rstrip("-")


def warn(source: Source, found: Iterable[Finding]) -> None:
    """Log what was found and is left out."""
    for item in found:
        _log.warning("%s:%d: %s %s: %s; left out", source.file, item.line, item.resource, item.property, item.reason)


def _resolver(document: Mapping[str, Any], values: Mapping[str, Any], **lookups: Any) -> Resolver:
    mappings, conditions = document.get("Mappings") or {}, document.get("Conditions") or {}
    return Resolver(values=values, mappings=mappings, conditions=conditions, **lookups)


def _pseudo(name: str, region: str, account: str) -> dict[str, Any]:
    return {
        "AWS::AccountId": account,
        "AWS::NotificationARNs": [],
        "AWS::Partition": "aws",
        "AWS::Region": region,
        "AWS::StackId": f"arn:aws:cloudformation:{region}:{account}:stack/{name}/00000000-0000-0000-0000-000000000000",
        "AWS::StackName": name,
        "AWS::URLSuffix": "amazonaws.com",
    }


def _active(resolver: Resolver, resource: Any) -> bool:
    condition = resource.get("Condition") if isinstance(resource, Mapping) else None
    try:
        return condition is None or resolver.condition(condition)
    except TypeError:
        raise TemplateError(f"a Condition is the name of one, not {condition!r}") from None


def _code(source: Source, name: str, resolver: Resolver, folder: Path) -> Path:
    path: tuple[str, ...] = ("Resources", name, "Properties")
    sam = source.data["Resources"][name]["Type"] == "AWS::Serverless::Function"
    key = "CodeUri" if sam else "Code"
    if sam and key not in source.mapping(*path):
        path = ("Globals", "Function")
    value = resolver.resolve(source.mapping(*path).get(key, "." if sam else None))
    if not isinstance(value, str) or "://" in value or not (folder / value).is_dir():
        reason = f"the code has to be a folder beside the template, not {value!r}"
        raise TemplateError(reason, file=source.file, line=source.line(*path, key), resource=name)
    return (folder / value).resolve()


def _apis(resources: Mapping[str, Mapping[str, Any]], resolver: Resolver) -> Iterable[ApiStub]:
    stages: dict[Any, str] = {}
    for resource in resources.values():
        if resource["Type"] in ("AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage"):
            properties = resource.get("Properties") or {}
            api = properties.get("RestApiId", properties.get("ApiId"))
            stages[api.get("Ref") if isinstance(api, Mapping) else api] = resolver.resolve(properties.get("StageName"))
    for name, resource in resources.items():
        if resource["Type"] == "AWS::ApiGateway::RestApi":
            yield ApiStub(name, "rest", stages.get(name, ""))
        elif resource["Type"] == "AWS::ApiGatewayV2::Api":
            socket = (resource.get("Properties") or {}).get("ProtocolType") == "WEBSOCKET"
            yield ApiStub(name, "websocket" if socket else "http", stages.get(name, "$default"))
