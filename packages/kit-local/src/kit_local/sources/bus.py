"""What EventBridge does with an event: to every target of every rule that matches.

After "Amazon EventBridge event patterns" and "Amazon EventBridge input transformation".
"""

import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from kit_testing.servers import Aws

from kit_local.sources.filters import lets_in
from kit_local.stack import Rule, Target

_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]")
logger = logging.getLogger("kit.local")


class Bus:
    """The event buses of a stack. `call` runs a function (logical id, event, what the terminal shows) soon.

    Its methods are called in threads: they wait for the queues and topics that are targets.
    """

    def __init__(self, rules: Iterable[Rule], cloud: Aws, call: Callable[[str, Any, str], None]) -> None:
        self._rules = [rule for rule in rules if rule.pattern is not None and rule.enabled]
        self._cloud, self._call = cloud, call

    def put(self, bus: str, event: Mapping[str, Any]) -> None:
        """Give an event to the targets of all the rules on a bus that it matches."""
        for rule in self._rules:
            if rule.bus == bus and lets_in([rule.pattern or {}], event):
                for target in rule.targets:
                    self.deliver(target, event, f"rule {rule.name}")

    def deliver(self, target: Target, event: Mapping[str, Any], source: str) -> None:
        """Give an event of `source` to one target, as its input says; what the target does not take is told."""
        try:
            self._deliver(target, shaped(target, event), event, source)
        except Exception as error:
            expected = isinstance(error, BotoCoreError | ClientError | ValueError)
            told = "%s has not got an event of %s: %s"
            logger.warning(told, target.arn, source, error, exc_info=None if expected else error)

    def _deliver(self, target: Target, content: Any, event: Mapping[str, Any], source: str) -> None:
        text = content if target.plain and isinstance(content, str) else json.dumps(content)
        name = target.arn.rpartition(":")[2]
        if target.function:
            self._call(target.function, content, source)
        elif target.kind == "sqs":
            url = f"{self._cloud.url}/{self._cloud.account}/{name}"
            group = {"MessageGroupId": target.group} if target.group else {}
            self._cloud.client("sqs").send_message(QueueUrl=url, MessageBody=text, **group)
        elif target.kind == "sns":
            self._cloud.client("sns").publish(TopicArn=target.arn, Message=text)
        else:
            self.put(name.removeprefix("event-bus/"), event)


def shaped(target: Target, event: Mapping[str, Any]) -> Any:
    """Return what a target gets of an event: all of it, a constant, or a part. ValueError where that is no JSON."""
    if target.input:
        return target.input if target.plain else json.loads(target.input)
    return dug(event, target.path) if target.path else event


def dug(event: Any, path: str) -> Any:
    """Return the part of an event at a path like `$.detail.items[0]`, None where there is none."""
    for name, index in _STEP.findall(path):
        try:
            event = event[name] if name else event[int(index)]
        except (IndexError, KeyError, TypeError):
            return None
    return event
