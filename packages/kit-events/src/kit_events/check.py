"""What in a template would lose messages, or do their work twice."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from kit_events import template as templates

_QUEUE = "AWS::SQS::Queue"
_PARTIAL = "ReportBatchItemFailures"
_FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")
_MAPPINGS = ("SQS", "Kinesis", "DynamoDB")
_DEAD_LETTERS = frozenset({"deadLetterTargetArn", "DeadLetterConfig", "DeadLetterQueue", "OnFailure"})
# What only the mappings of Kafka, MQ and DocumentDB have, which know no partial answers.
_OTHERS = frozenset({"Topics", "Queues", "SelfManagedEventSource", "DocumentDBEventSourceConfig"})


class Finding(NamedTuple):
    """Hold what is wrong: the logical name of the resource, and what about it."""

    resource: str
    problem: str

    def __str__(self) -> str:
        """Return both in one line."""
        return f"{self.resource}: {self.problem}"


class Mapped(NamedTuple):
    """Hold what leads a queue or stream to a function: the logical names, and the mapping's properties."""

    name: str
    function: str | None
    source: str | None
    properties: Mapping[str, Any]

    @property
    def partial(self) -> bool:
        """Return whether the function's answer may name single messages; what only AWS knows is taken to say so."""
        types = self.properties.get("FunctionResponseTypes") or ()
        return isinstance(types, dict) or any(isinstance(each, dict) for each in types) or _PARTIAL in types


class Template:
    """A template's functions, queues and mappings."""

    def __init__(self, template: Mapping[str, Any]) -> None:
        self._template = template
        self._globals = (template.get("Globals") or {}).get("Function") or {}

    def of_type(self, *types: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the name and the properties of each resource of a type."""
        for name, resource in self._template["Resources"].items():
            if isinstance(resource, dict) and resource.get("Type") in types:
                yield name, resource.get("Properties") or {}

    def functions(self) -> dict[str, dict[str, Any]]:
        """Return the properties of every function, those that are set for all among them."""
        serverless = {name: {**self._globals, **properties} for name, properties in self.of_type(_FUNCTIONS[0])}
        return {**serverless, **dict(self.of_type(_FUNCTIONS[1]))}

    def mappings(self) -> Iterator[Mapped]:
        """Yield the mappings of queues and streams, a function's Events and resources of their own."""
        for function, properties in self.of_type("AWS::Serverless::Function"):
            for name, event in (properties.get("Events") or {}).items():
                inner = (event.get("Properties") or {}) if isinstance(event, dict) else {}
                if isinstance(inner.get("SqsSubscription"), dict):
                    inner = inner["SqsSubscription"]  # of a topic: it makes a mapping, too
                elif not inner or event.get("Type") not in _MAPPINGS:
                    continue
                source = self.resource(inner.get("Queue") or inner.get("Stream") or inner.get("QueueArn"))
                yield Mapped(f"{function}.{name}", function, source, inner)
        aliases = dict(self.of_type("AWS::Lambda::Alias"))
        for name, inner in self.of_type("AWS::Lambda::EventSourceMapping"):
            if _OTHERS.isdisjoint(inner):
                called = self.resource(inner.get("FunctionName"))
                called = self.resource(aliases.get(called or "", {}).get("FunctionName")) or called
                yield Mapped(name, called, self.resource(inner.get("EventSourceArn")), inner)

    def resource(self, value: Any) -> str | None:
        """Return the logical name of what a value leads to, by reference or by the name of a queue in its ARN."""
        text = templates.text(value)
        for name, properties in self.of_type(_QUEUE) if text else ():
            if str(text).endswith(f":{templates.text(properties.get('QueueName'))}"):
                return name
        return templates.referred(value)

    def dead_letter_queues(self) -> set[str | None]:
        """Return the names of the queues that others' failures go to."""
        return {self.resource(value) for value in templates.under(self._template["Resources"], _DEAD_LETTERS)}

    def number(self, value: Any, default: int) -> int | None:
        """Return a number of the template, a parameter's default among them; None for what only AWS knows."""
        if value is None:
            return default
        parameter = (self._template.get("Parameters") or {}).get(templates.referred(value) or "")
        if parameter is not None:
            value = parameter.get("Default")
        try:
            return int(value)
        except (TypeError, ValueError):
            return None


def check(path: str | Path, *, module: str | None = None) -> list[Finding]:
    """Return what is wrong in a template: nothing, if it is an empty list.

    Named are: a mapping of a queue or stream without ReportBatchItemFailures; a queue whose visibility timeout is under
    six times the timeout of the function that reads it, plus its batching window ("Configuring an Amazon SQS queue to
    use with Lambda"); a queue without a dead-letter queue. With `module`, the name of one that can be imported: a
    handler that isn't there, a job that is no function's handler, a job whose `partial=` contradicts its mapping.
    Raise `TemplateError`, or what the import of the module raises.
    """
    template = Template(templates.load(Path(path)))
    found = [*_mappings(template), *_queues(template)]
    if module is not None:
        from kit_events.handlers import compare

        found += compare(template, module)
    return found


def _mappings(template: Template) -> Iterator[Finding]:
    functions, queues = template.functions(), dict(template.of_type(_QUEUE))
    for mapped in template.mappings():
        if not mapped.partial:
            yield Finding(
                mapped.name, "no FunctionResponseTypes: [ReportBatchItemFailures], one failure repeats a batch"
            )
        queue, function = queues.get(mapped.source or ""), functions.get(mapped.function or "")
        if queue is None or function is None:
            continue
        timeout = template.number(function.get("Timeout"), 3)
        window = template.number(mapped.properties.get("MaximumBatchingWindowInSeconds"), 0)
        visibility = template.number(queue.get("VisibilityTimeout"), 30)
        if timeout is None or window is None or visibility is None or visibility >= 6 * timeout + window:
            continue
        waits = f" and its window of {window} s" if window else ""
        needed = f"six times the {timeout} s of {mapped.function}{waits}"
        yield Finding(str(mapped.source), f"VisibilityTimeout is {visibility}, under {needed}: {6 * timeout + window}")


def _queues(template: Template) -> Iterator[Finding]:
    dead_letters = template.dead_letter_queues()
    for name, properties in template.of_type(_QUEUE):
        if name not in dead_letters and properties.get("RedrivePolicy") in (None, {}, {"Ref": "AWS::NoValue"}):
            yield Finding(
                name, "no RedrivePolicy: a message that always fails comes again until it expires, and is lost"
            )
