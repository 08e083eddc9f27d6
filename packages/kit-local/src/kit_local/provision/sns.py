"""AWS::SNS."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from kit_local.provision.builder import Builder, Item, Resource
from kit_local.provision.lambda_ import call_from, hidden_queue
from kit_local.template.intrinsics import text_of


def topic(builder: Builder, item: Item) -> Resource:
    """Create a topic, and the subscriptions written in it."""
    fifo = item.flag("FifoTopic")
    name = item.text("TopicName") or builder.name(item.logical_id, limit=200) + (".fifo" if fifo else "")
    keys = ("ContentBasedDeduplication", "DisplayName", "FifoTopic")
    attributes = {key: item.get(key) for key in keys if item.get(key) is not None and (fifo or key == "DisplayName")}
    arn = builder.call("sns", "create_topic", Name=name, Attributes=attributes)["TopicArn"]
    for subscription in item.get("Subscription") or ():
        _subscribe(builder, Item(item.logical_id, item.type, {**subscription, "TopicArn": arn}), "Subscription.")
    return Resource(arn, {"TopicArn": arn, "TopicName": name, "Arn": arn})


def subscription(builder: Builder, item: Item) -> Resource:
    """Subscribe a queue or a function to a topic."""
    return Resource(_subscribe(builder, item, ""))


def topic_policy(builder: Builder, item: Item) -> Resource:
    """Attach a policy to topics; nothing enforces it."""
    policy = json.dumps(item.get("PolicyDocument"))
    for arn in item.get("Topics"):
        builder.call("sns", "set_topic_attributes", TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    return Resource(builder.name(item.logical_id))


def _subscribe(builder: Builder, item: Item, path: str) -> str:
    protocol, endpoint, topic = item.text("Protocol"), item.text("Endpoint"), item.text("TopicArn")
    target = queue = None
    if protocol == "lambda":
        target = builder.function(endpoint)
        if target is None:
            builder.unsupported(item, f"{path}Endpoint", "the function is not one of this template's")
            return ""
        if topic.endswith(".fifo"):
            raise builder.error("functions cannot subscribe to a FIFO topic, only queues", item)
        if item.flag("RawMessageDelivery"):
            raise builder.error(
                "RawMessageDelivery is not for functions", item, *f"{path}RawMessageDelivery".split(".")
            )
        queue = hidden_queue(builder, target, origin="sns", key=f"{item.logical_id}{topic}")
        endpoint = queue[1]
    elif protocol != "sqs":
        builder.unsupported(item, f"{path}Protocol", f"the protocol {protocol} is not supported, only sqs and lambda")
        return ""
    attributes = _attributes(builder, item, f"{path}FilterPolicy")
    if attributes is None:
        return ""
    params = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": endpoint, "ReturnSubscriptionArn": True}
    arn = str(builder.call("sns", "subscribe", Attributes=attributes, **params)["SubscriptionArn"])
    if target and queue:
        call_from(builder, target, queue, origin="sns", arn=arn)
    return arn


def _attributes(builder: Builder, item: Item, path: str) -> dict[str, str] | None:
    attributes = {}
    policy = item.get("FilterPolicy")
    if policy:
        policy = json.loads(policy) if isinstance(policy, str) else policy
        scope = item.text("FilterPolicyScope", "MessageAttributes")
        operators = sorted(set(_not_done(policy, scope)))
        if operators:
            builder.unsupported(item, path, f"{', '.join(operators)} is not supported with the scope {scope}")
            return None
        attributes = {"FilterPolicy": json.dumps(policy), "FilterPolicyScope": scope}
    if item.get("RawMessageDelivery") is not None:
        attributes["RawMessageDelivery"] = text_of(item.get("RawMessageDelivery"))
    return attributes


def _not_done(policy: Any, scope: str) -> Iterator[str]:
    """Yield the operators that moto takes for something else, or stumbles over when a message comes."""
    for key, value in policy.items():
        if key == "$or" and scope == "MessageBody":
            yield key
        elif isinstance(value, Mapping):
            yield from _not_done(value, scope)
        for rule in value if isinstance(value, list) else ():
            if isinstance(rule, Mapping) and key != "$or":
                yield from (name for name in rule if name in ("cidr", "equals-ignore-case", "wildcard"))
                unlike = rule.get("anything-but")
                if isinstance(unlike, Mapping) and set(unlike) != {"prefix"}:
                    yield f"anything-but {', '.join(unlike)}"
