"""A template as written: its functions, its queues, and the mappings between them."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from kit_local.check.references import referred, text, under
from kit_local.errors import TemplateError
from kit_local.template.intrinsics import Resolver
from kit_local.template.source import Source

QUEUE = "AWS::SQS::Queue"
_PARTIAL = "ReportBatchItemFailures"
_FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")
_MAPPINGS = ("SQS", "Kinesis", "DynamoDB")
_KAFKA = ("MSK", "SelfManagedKafka")
_DEAD_LETTERS = frozenset({"deadLetterTargetArn", "DeadLetterConfig", "DeadLetterQueue", "OnFailure"})
# Only the mappings of Kafka, MQ and DocumentDB have these. Kafka's take partial answers in provisioned mode alone.
_OTHERS = frozenset({"Topics", "Queues", "SelfManagedEventSource", "DocumentDBEventSourceConfig"})


class Problem(NamedTuple):
    """Hold one finding: the logical name of the resource, the text, and the line of the template, if any."""

    resource: str
    text: str
    line: int | None = None

    def __str__(self) -> str:
        """Return the name and the text in one line."""
        return f"{self.resource}: {self.text}"


class Mapped(NamedTuple):
    """Hold the way from a queue or stream to a function: the logical names, the mapping's properties and its line."""

    name: str
    function: str | None
    source: str | None
    properties: Mapping[str, Any]
    line: int

    @property
    def partial(self) -> bool:
        """Return whether the function's answer may name single messages; a value that only AWS knows counts as yes."""
        types = self.properties.get("FunctionResponseTypes") or ()
        return isinstance(types, dict) or any(isinstance(each, dict) for each in types) or _PARTIAL in types


class WrittenTemplate:
    """A template's functions, queues and mappings. Raise `TemplateError` where one of them is no mapping."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._globals = source.mapping("Globals", "Function")
        self._resolver = Resolver(
            values={
                name: parameter["Default"]
                for name, parameter in source.mapping("Parameters").items()
                if "Default" in parameter
            },
            mappings=source.mapping("Mappings"),
            conditions=source.mapping("Conditions"),
        )

    def line(self, name: str, *path: str) -> int:
        """Return the line of a resource, or of one of its properties."""
        return self._source.line("Resources", name, *(("Properties", *path) if path else ()))

    def of_type(self, *types: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the name and the properties of each resource of a type."""
        for name, resource in self._source.data["Resources"].items():
            if resource.get("Type") in types:
                yield name, self._source.mapping("Resources", name, "Properties")

    def functions(self) -> dict[str, Mapping[str, Any]]:
        """Return the properties of every function, including those of Globals."""
        serverless = {name: {**self._globals, **properties} for name, properties in self.of_type(_FUNCTIONS[0])}
        return {**serverless, **dict(self.of_type(_FUNCTIONS[1]))}

    def mappings(self) -> Iterator[Mapped]:
        """Yield the mappings of queues and streams, a function's Events and resources of their own."""
        for function, _ in self.of_type(_FUNCTIONS[0]):
            yield from self._events(function, _MAPPINGS)
        yield from (mapped for mapped in self._written_mappings() if _OTHERS.isdisjoint(mapped.properties))

    def kafka_mappings(self) -> Iterator[Mapped]:
        """Yield the mappings of topics of Kafka."""
        for function, _ in self.of_type(_FUNCTIONS[0]):
            yield from self._events(function, _KAFKA)
        yield from (mapped for mapped in self._written_mappings() if "Topics" in mapped.properties)

    def _written_mappings(self) -> Iterator[Mapped]:
        aliases = dict(self.of_type("AWS::Lambda::Alias"))
        for name, inner in self.of_type("AWS::Lambda::EventSourceMapping"):
            called = self.resource(inner.get("FunctionName"))
            called = self.resource(aliases.get(called or "", {}).get("FunctionName")) or called
            yield Mapped(name, called, self.resource(inner.get("EventSourceArn")), inner, self.line(name))

    def _events(self, function: str, types: tuple[str, ...]) -> Iterator[Mapped]:
        """Yield the mappings that a function's Events make; a topic's SqsSubscription makes one, too."""
        path = ("Resources", function, "Properties", "Events")
        for name in self._source.mapping(*path):
            event = self._source.mapping(*path, name)
            inner = self._source.mapping(*path, name, "Properties")
            if "SQS" in types and isinstance(inner.get("SqsSubscription"), dict):
                inner = inner["SqsSubscription"]
            elif not inner or event.get("Type") not in types:
                continue
            source = self.resource(inner.get("Queue") or inner.get("Stream") or inner.get("QueueArn"))
            yield Mapped(f"{function}.{name}", function, source, inner, self._source.line(*path, name))

    def resource(self, value: Any) -> str | None:
        """Return the logical name of the resource that a value leads to: a reference, or a queue's name in an ARN."""
        written = text(value)
        for name, properties in self.of_type(QUEUE) if written else ():
            if str(written).endswith(f":{text(properties.get('QueueName'))}"):
                return name
        return referred(value)

    def dead_letter_queues(self) -> set[str | None]:
        """Return the names of the queues that others' failures go to."""
        return {self.resource(value) for value in under(self._source.data["Resources"], _DEAD_LETTERS)}

    def number(self, value: Any, default: int) -> int | None:
        """Return a number of the template, with parameters at their defaults; None for a value that only AWS knows."""
        if value is None:
            return default
        try:
            return int(self._resolver.resolve(value))
        except (TemplateError, TypeError, ValueError):
            return None
