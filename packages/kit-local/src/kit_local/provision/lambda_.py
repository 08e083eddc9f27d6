"""AWS::Lambda: functions become workers of kit-local's own, so none of this exists in the local cloud."""

import hashlib
import json
from typing import Any, Literal

from kit_local.provision import sqs, streams
from kit_local.provision.builder import Builder, Item, Resource
from kit_local.sources import filters
from kit_local.stack import Function, QueueSource
from kit_local.template.check import ONLY_PYTHON
from kit_local.template.intrinsics import text_of

ATTEMPTS = 3  # of an asynchronous invocation


def function(builder: Builder, item: Item) -> Resource:
    """Note a function."""
    if not item.text("Runtime").startswith("python3.") or item.text("PackageType", "Zip") != "Zip":
        builder.unsupported(item, "Runtime", ONLY_PYTHON)
    name = item.text("FunctionName") or builder.name(item.logical_id)
    if other := next((known.logical_id for known in builder.functions.values() if known.name == name), None):
        raise builder.error(f"the FunctionName {name!r} is that of {other}, too", item, "FunctionName")
    arn = builder.arn("lambda", f"function:{name}")
    variables = (item.get("Environment") or {}).get("Variables") or {}
    reserved = item.get("ReservedConcurrentExecutions")
    target = (item.get("DeadLetterConfig") or {}).get("TargetArn") or ""
    if ":sqs:" in target:
        builder.dead_letters[item.logical_id] = target
    elif target:
        builder.unsupported(item, "DeadLetterConfig", "only a queue can be the dead-letter target")
    builder.functions[item.logical_id] = Function(
        logical_id=item.logical_id,
        name=name,
        arn=arn,
        handler=item.text("Handler"),
        code=builder.template.code[item.logical_id],
        environment={**{key: text_of(value) for key, value in variables.items()}, **builder.environment},
        timeout=float(item.integer("Timeout", 3)),
        memory=item.integer("MemorySize", 128),
        runtime=item.text("Runtime"),
        reserved_concurrency=None if reserved is None else int(reserved),
        dead_letters=builder.dead_letters.get(item.logical_id, ""),
    )
    return Resource(name, {"Arn": arn})


def version(builder: Builder, item: Item) -> Resource:
    """Note a version: the code is always the present one."""
    name = _name(item.text("FunctionName"))
    return Resource(builder.arn("lambda", f"function:{name}:1"), {"Version": "1"})


def alias(builder: Builder, item: Item) -> Resource:
    """Note an alias: it stands for the function as it is."""
    name = _name(item.text("FunctionName"))
    return Resource(builder.arn("lambda", f"function:{name}:{item.text('Name')}"))


def _name(reference: str) -> str:
    return reference.partition(":function:")[2].split(":")[0] or reference


def event_source_mapping(builder: Builder, item: Item) -> Resource:
    """Let a queue or a stream feed a function."""
    target, source = builder.function(item.text("FunctionName")), item.text("EventSourceArn")
    queue = builder.made("AWS::SQS::Queue", source)
    patterns = tuple(_pattern(entry) for entry in (item.get("FilterCriteria") or {}).get("Filters") or ())
    if target is None:
        builder.unsupported(item, "FunctionName", "the function is not one of this template's")
    elif queue:
        _from_queue(builder, item, target, queue, patterns)
    elif "/stream/" in source or ":kinesis:" in source:
        streams.mapping(builder, item, target, patterns)
    else:
        builder.unsupported(item, "EventSourceArn", "only a queue of this template or a stream can be an event source")
    return Resource(builder.name(item.logical_id))


def _from_queue(builder: Builder, item: Item, target: str, queue: Item, patterns: tuple[Any, ...]) -> None:
    """Let a queue feed a function, refusing what AWS refuses ("Creating and configuring an Amazon SQS mapping")."""
    batch, window = item.integer("BatchSize", 10), item.integer("MaximumBatchingWindowInSeconds", 0)
    fifo, timeout = queue.flag("FifoQueue"), builder.functions[target].timeout
    if queue.integer("VisibilityTimeout", 30) < timeout:
        raise builder.error(f"the queue's VisibilityTimeout is under the function's Timeout of {timeout:g} s", item)
    if not 1 <= batch <= 10_000:
        raise builder.error(f"a BatchSize of {batch}; it is between 1 and 10000", item)
    if batch > 10 and (fifo or not window):
        raise builder.error("a BatchSize over 10 needs a standard queue and MaximumBatchingWindowInSeconds", item)
    concurrency = (item.get("ScalingConfig") or {}).get("MaximumConcurrency")
    builder.sources.append(
        QueueSource(
            function=target,
            queue_url=builder.create(queue.logical_id).ref,
            queue_arn=item.text("EventSourceArn"),
            mapping=".".join(part for part in builder.template.origin(item.logical_id) if part != "Properties"),
            batch_size=batch,
            window=float(window),
            report_failures="ReportBatchItemFailures" in (item.get("FunctionResponseTypes") or ()),
            maximum_concurrency=None if concurrency is None else int(concurrency),
            fifo=fifo,
            filters=patterns,
            enabled=item.flag("Enabled", True),
            **_redrive(builder, queue),
        )
    )


def _redrive(builder: Builder, queue: Item) -> dict[str, Any]:
    policy = queue.get("RedrivePolicy")
    if not isinstance(policy, dict):
        return {}
    return {"attempts": int(policy["maxReceiveCount"]), "dead_letters": _called(builder, policy["deadLetterTargetArn"])}


def _called(builder: Builder, arn: str) -> str:
    """Return the logical id of a queue, or the name of one that isn't the template's."""
    dead = builder.made("AWS::SQS::Queue", arn)
    return dead.logical_id if dead else arn.rpartition(":")[2]


def _pattern(entry: Any) -> Any:
    pattern = json.loads(entry["Pattern"])
    filters.check(pattern)
    return pattern


def hidden_queue(builder: Builder, target: str, *, origin: Literal["sns", "s3"], key: str) -> tuple[str, str]:
    """Create the queue between a topic or a bucket and the function that it calls; return its URL and ARN.

    Lambda keeps asynchronous events in a queue of its own too, and tries each of them three times
    ("How Lambda handles errors and retries with asynchronous invocation").
    """
    function = builder.functions[target]
    name = f"kit-local-{origin}-{target[:40]}-{hashlib.sha256(f'{target}/{key}'.encode()).hexdigest()[:8]}"
    dead = builder.dead_letters.get(target) or sqs.create(builder, _dead_name(target), {})[1]
    redrive = {"deadLetterTargetArn": dead, "maxReceiveCount": ATTEMPTS}
    # Longer than one attempt may take, or a slow one would be started twice.
    return sqs.create(builder, name, {"VisibilityTimeout": int(function.timeout) + 30, "RedrivePolicy": redrive})


def call_from(builder: Builder, target: str, queue: tuple[str, str], *, origin: Literal["sns", "s3"], arn: str) -> None:
    """Let a hidden queue feed a function, one event at a time, as topics and buckets do."""
    url, queue_arn = queue
    dead = _called(builder, builder.dead_letters.get(target) or _dead_name(target))
    redrive: dict[str, Any] = {"attempts": ATTEMPTS, "dead_letters": dead}
    builder.sources.append(QueueSource(target, url, queue_arn, origin=origin, origin_arn=arn, batch_size=1, **redrive))


def _dead_name(target: str) -> str:
    return f"kit-local-dead-{target[:60]}"
