"""Creates a template's resources in the order in which they need one another."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from kit_local.errors import Finding, TemplateError
from kit_local.provision.shapes import shaped
from kit_local.stack import Api, Function, QueueSource, Rule, Stack, StreamSource
from kit_local.suggest import did_you_mean
from kit_local.template import Template
from kit_local.template.intrinsics import text_of
from kit_local.template.supported import TYPES

if TYPE_CHECKING:
    from kit_testing.servers import Aws, Postgres, Redis

    from kit_local.provision.apis import Draft

# "Get values stored in other services using dynamic references"; a secret may be named by its ARN, which has colons.
_DYNAMIC = re.compile(r"\{\{resolve:([a-z-]+):([^}]+)\}\}")
_SECRET = re.compile(r"(arn(?::[^:]+){6}|[^:]+)(?::SecretString(?::([^:]*)(?::([^:]*)(?::([^:]*))?)?)?)?")
_FUNCTION = re.compile(r"(?:^|:function:)([A-Za-z0-9_-]+)(?::[A-Za-z0-9_$-]+)?(?:/invocations)?$")


@dataclass(frozen=True)
class Resource:
    """What the rest of the template can ask about a resource: its Ref, and its attributes for Fn::GetAtt."""

    ref: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Item:
    """A resource that is to be created, its applied properties resolved."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]

    def get(self, name: str, default: Any = None) -> Any:
        """Return a property as it is."""
        return self.properties.get(name, default)

    def text(self, name: str, default: str = "") -> str:
        """Return a property as text."""
        value = self.properties.get(name)
        return default if value is None else text_of(value)

    def integer(self, name: str, default: int) -> int:
        """Return a property as a number."""
        return int(self.properties.get(name, default))

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a property as a truth value."""
        return text_of(self.properties.get(name, default)).lower() == "true"


class Builder:
    """Holds what exists so far; `build` is called once."""

    def __init__(
        self,
        template: Template,
        *,
        types: Mapping[str, Callable[["Builder", Item], Resource]],
        cloud: "Aws",
        origins: Mapping[str, str],
        postgres: "Postgres | None" = None,
        redis: "Redis | None" = None,
    ) -> None:
        self.template = template
        self.types = types
        self.cloud = cloud
        self.origins = origins
        self.postgres = postgres
        self.redis = redis
        self.environment: Mapping[str, str] = dict(cloud.environment())
        self.functions: dict[str, Function] = {}
        self.sources: list[QueueSource] = []
        self.streams: list[StreamSource] = []
        self.rules: list[Rule] = []
        self.bucket_events = ""  # URL of the queue in which buckets tell EventBridge
        self.dead_letters: dict[str, str] = {}  # function's logical id -> ARN of where its failed events go
        self.apis: dict[str, Draft] = {}  # by API id
        self._made: dict[tuple[str, str], Item] = {}  # by type, and Ref or ARN
        self._databases: list[str] = []  # their URLs
        self._resources: dict[str, Resource] = {}
        self._creating: list[str] = []
        self._found: list[Finding] = []
        pseudo = {"AWS::Region": cloud.region, "AWS::AccountId": cloud.account}
        self.resolver = template.resolver(pseudo, ref=self._ref, get_att=self._get_att)
        api_ids = {self.api_id(name): origin for name, origin in origins.items()}
        self._urls = _url_rewriter(api_ids)

    # ---- names

    def arn(self, service: str, rest: str) -> str:
        """Return the ARN of something in this account and region."""
        return f"arn:aws:{service}:{self.cloud.region}:{self.cloud.account}:{rest}"

    def name(self, logical_id: str, *, limit: int = 64) -> str:
        """Return a name as CloudFormation makes them, always the same one: stack, logical id, suffix."""
        suffix = _digest(self.template.name, logical_id, length=12).upper()
        return f"{self.template.name[:24]}-{logical_id[: limit - 38]}-{suffix}"

    def api_id(self, logical_id: str) -> str:
        """Return the id of an API."""
        return _digest(self.template.name, logical_id, length=10)

    # ---- what is being created

    def call(self, service: str, operation: str, **params: Any) -> Any:
        """Call AWS with `params` in the types that it wants; None is left out."""
        client = self.cloud.client(service)
        return getattr(client, operation)(**shaped(client, operation, params))

    def unsupported(self, item: Item, path: str, reason: str) -> None:
        """Note a value that kit-local cannot do; all of them are told together, once everything was looked at."""
        self._found.append(self.template.finding(reason, item.logical_id, *path.split(".")))

    def error(self, message: str, item: Item, *path: str) -> TemplateError:
        """Return the error that says what is wrong with a resource."""
        return self.template.error(message, item.logical_id, *path)

    def function(self, reference: str) -> str | None:
        """Return the logical id of the function with a name, ARN or invocation URI; None where there is none."""
        match = _FUNCTION.search(reference)
        names = {function.name: logical_id for logical_id, function in self.functions.items()}
        return names.get(match[1]) if match else None

    def made(self, kind: str, reference: str) -> Item | None:
        """Return the resource of a type by its Ref or ARN; None where there is none, or not yet."""
        return self._made.get((kind, reference))

    def api(self, item: Item, name: str = "ApiId") -> "Draft":
        """Return the API that a property names."""
        if item.text(name) not in self.apis:
            raise self.error(f"{name} has to be an API of this template", item, name)
        return self.apis[item.text(name)]

    def server(self, item: Item) -> "Postgres":
        """Return the PostgreSQL that databases are made in."""
        if self.postgres is None:
            raise self.error("there is no PostgreSQL to provision the database in", item)
        return self.postgres

    def database(self, item: Item, name: str, user: str, password: str) -> None:
        """See to it that a database exists, with a user that owns it."""
        url = self.server(item).url_for(name, user, password)
        if url not in self._databases:  # the secret's attachment asks for what the instance has asked for already
            self.server(item).ensure_database(name, user, password)
            self._databases.append(url)

    # ---- the whole

    def build(self, finish: Callable[["Builder"], tuple[Api, ...]]) -> Stack:
        """Create everything, `finish` the APIs; UnsupportedError and TemplateError name resource and line."""
        resources = self.template.resources
        # Functions first: what refers to one by its literal name has to find it.
        for logical_id in sorted(resources, key=lambda name: resources[name]["Type"] != "AWS::Lambda::Function"):
            self.create(logical_id)
        apis = finish(self)
        self.template.report(self._found)
        return Stack(
            name=self.template.name,
            region=self.cloud.region,
            account=self.cloud.account,
            folder=self.template.folder,
            functions=self.functions,
            apis=apis,
            queues=tuple(self.sources),
            streams=tuple(self.streams),
            rules=tuple(self.rules),
            bucket_events=self.bucket_events,
            outputs=self._outputs(),
            postgres_url=self._databases[0] if self._databases else None,
            redis_url=self.redis.url if self.redis is not None and self.template.needs_redis else None,
        )

    def create(self, logical_id: str) -> Resource:
        """Return a resource, creating it, and what it needs before it, where it does not exist yet."""
        if logical_id in self._resources:
            return self._resources[logical_id]
        if logical_id in self._creating:
            cycle = [*self._creating[self._creating.index(logical_id) :], logical_id]
            text = f"resources need each other: {' -> '.join(cycle)}" if len(cycle) > 2 else "the resource needs itself"
            raise self.template.error(text, logical_id)
        self._creating.append(logical_id)
        try:
            resource = self._create(logical_id, self.template.resources[logical_id])
        except TemplateError as error:
            if error.file is None:
                raise self.template.error(error.message, logical_id) from error.__cause__
            raise
        except (BotoCoreError, ClientError) as error:
            raise self.template.error(str(error), logical_id) from error
        finally:
            self._creating.pop()
        self._resources[logical_id] = resource
        return resource

    def _create(self, logical_id: str, spec: Mapping[str, Any]) -> Resource:
        needed = spec.get("DependsOn") or []
        for name in map(text_of, needed if isinstance(needed, list) else [needed]):
            if name in self.template.resources:
                self.create(name)
            elif name not in self.template.source.data["Resources"]:
                raise TemplateError(f"DependsOn names no resource: {name!r}{self._meant(name)}")
        kind = spec["Type"]
        if kind not in self.types:
            self.unsupported(Item(logical_id, kind, {}), "", f"resources of the type {kind} are not supported")
            return Resource(f"unsupported-{logical_id}")
        written = spec.get("Properties") or {}
        properties = self.resolve({name: value for name, value in written.items() if name in TYPES[kind].applied})
        item = Item(logical_id, kind, properties)
        try:
            resource = self.types[kind](self, item)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise self.error(f"the properties cannot be read ({type(error).__name__}: {error})", item) from error
        for name in (resource.ref, resource.attributes.get("Arn", resource.ref)):
            self._made[kind, name] = item
        return resource

    # ---- values

    def resolve(self, value: Any) -> Any:
        """Return a value with intrinsic functions, dynamic references and the APIs' own URLs replaced."""
        return self._finished(self.resolver.resolve(value))

    def _finished(self, value: Any) -> Any:
        if isinstance(value, str):
            if "{{resolve:" in value:
                value = _DYNAMIC.sub(self._dynamic, value)
            return self._urls(value)
        if isinstance(value, list):
            return [self._finished(item) for item in value]
        if isinstance(value, dict):
            return {key: self._finished(item) for key, item in value.items()}
        return value

    def _dynamic(self, match: re.Match[str]) -> str:
        try:
            return self._looked_up(match)
        except (BotoCoreError, ClientError) as error:
            raise TemplateError(f"the dynamic reference {match[0]!r} has no value here: {error}") from error

    def _looked_up(self, match: re.Match[str]) -> str:
        if match[1] in ("ssm", "ssm-secure"):
            return str(self.call("ssm", "get_parameter", Name=match[2], WithDecryption=True)["Parameter"]["Value"])
        parts = _SECRET.fullmatch(match[2]) if match[1] == "secretsmanager" else None
        if parts is None:
            raise TemplateError(f"the dynamic reference {match[0]!r} is not supported")
        secret, key, stage, version = parts.groups()
        options = {"SecretId": secret, "VersionStage": stage or None, "VersionId": version or None}
        text = self.call("secretsmanager", "get_secret_value", **options)["SecretString"]
        try:
            return text_of(json.loads(text)[key]) if key else str(text)
        except (KeyError, TypeError, ValueError):
            # Not chained: the error would show the secret.
            raise TemplateError(f"the secret {secret!r} has no key {key!r}") from None

    def _ref(self, name: str) -> Any:
        return self._known(name).ref

    def _get_att(self, name: str, attribute: str) -> Any:
        if self._creating and name == self._creating[-1]:
            raise TemplateError(f"Fn::GetAtt {name}.{attribute} is in the properties of {name}: it needs itself")
        resource = self._known(name)
        if attribute in resource.attributes:
            return resource.attributes[attribute]
        if resource.ref.startswith("unsupported-"):
            return f"{resource.ref}.{attribute}"
        known = ", ".join(sorted(resource.attributes)) or "none"
        meant = did_you_mean(attribute, resource.attributes)
        raise TemplateError(f"{name!r} has no attribute {attribute!r} locally (known: {known}){meant}")

    def _known(self, name: str) -> Resource:
        if name in self.template.resources:
            return self.create(name)
        if name in self.template.source.data["Resources"] and self.template.ignore_unsupported:
            return Resource(f"unsupported-{name}")
        text = f"there is no parameter or resource {name!r}, or its condition does not hold"
        raise TemplateError(f"{text}{self._meant(name)}")

    def _meant(self, name: str) -> str:
        """Return the suggestion for the name of a resource or parameter."""
        return did_you_mean(name, {*self.template.resources, *self.template.values} - {name})

    def _outputs(self) -> dict[str, str]:
        outputs = {}
        for name, output in (self.template.document.get("Outputs") or {}).items():
            if "Condition" not in output or self.resolver.condition(output["Condition"]):
                try:
                    outputs[name] = text_of(self.resolve(output.get("Value")))
                except (TemplateError, TypeError) as error:
                    source = self.template.source
                    line = source.line("Outputs", name)
                    raise TemplateError(f"the output {name!r}: {error}", file=source.file, line=line) from error
        return outputs


def _digest(*parts: str, length: int) -> str:
    """Return letters and digits that stand for `parts`, the same ones each time."""
    number = int.from_bytes(hashlib.sha256("/".join(parts).encode()).digest())
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    return "".join(alphabet[number >> (5 * place) & 31] for place in range(length))


def _url_rewriter(origins: Mapping[str, str]) -> Callable[[str], str]:
    if not origins:
        return lambda text: text
    ids = "|".join(origins)
    pattern = re.compile(rf"\b(https|wss)://({ids})\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(?=[/?#:]|$)")

    def local(match: re.Match[str]) -> str:
        origin = origins[match[2]].rstrip("/")
        return origin if match[1] == "https" else origin.replace("http", "ws", 1)

    return lambda text: pattern.sub(local, text) if ".execute-api." in text else text
