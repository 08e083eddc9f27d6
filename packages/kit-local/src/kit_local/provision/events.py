"""AWS::Events and AWS::Scheduler: buses are moto's too, rules and schedules are kit-local's own."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kit_local.provision.builder import Builder, Item, Resource
from kit_local.sources import filters
from kit_local.sources.timing import Timing, timing
from kit_local.stack import Rule, Target
from kit_local.template.intrinsics import text_of

_TARGET = {"Arn", "Id", "Input", "InputPath", "SqsParameters", "DeadLetterConfig", "RetryPolicy", "RoleArn"}


def bus(builder: Builder, item: Item) -> Resource:
    """Create an event bus."""
    name = item.text("Name") or builder.name(item.logical_id)
    arn = builder.call("events", "create_event_bus", Name=name)["EventBusArn"]
    return Resource(name, {"Arn": arn, "Name": name})


def rule(builder: Builder, item: Item) -> Resource:
    """Note a rule: an event pattern, a schedule, or both."""
    name = item.text("Name") or builder.name(item.logical_id)
    on = item.text("EventBusName", "default").rpartition("/")[2]
    arn = builder.arn("events", f"rule/{name}" if on == "default" else f"rule/{on}/{name}")
    pattern, schedule = item.get("EventPattern"), item.text("ScheduleExpression")
    if pattern is None and not schedule:
        raise builder.error("a rule needs an EventPattern or a ScheduleExpression", item)
    if schedule and on != "default":
        raise builder.error("only rules of the default bus have schedules", item, "ScheduleExpression")
    if pattern is not None:
        pattern = json.loads(pattern) if isinstance(pattern, str) else pattern
        try:
            filters.check(pattern, filters.OF_EVENTS)
        except ValueError as error:
            raise builder.error(str(error), item, "EventPattern") from error
    builder.rules.append(
        Rule(
            name=item.logical_id,
            arn=arn,
            bus=on,
            pattern=pattern,
            timing=_timing(builder, item, schedule, "UTC"),
            enabled=not item.text("State", "ENABLED").startswith("DISABLED"),
            targets=tuple(filter(None, (_target(builder, item, target) for target in item.get("Targets") or ()))),
        )
    )
    return Resource(name if on == "default" else f"{on}|{name}", {"Arn": arn})


def schedule(builder: Builder, item: Item) -> Resource:
    """Note a schedule of EventBridge Scheduler."""
    name, group = item.text("Name") or builder.name(item.logical_id), item.text("GroupName", "default")
    arn = builder.arn("scheduler", f"schedule/{group}/{name}")
    target = _target(builder, item, item.get("Target"), of_scheduler=True)
    zone = item.text("ScheduleExpressionTimezone", "UTC")
    builder.rules.append(
        Rule(
            name=item.logical_id,
            arn=arn,
            timing=_timing(builder, item, item.text("ScheduleExpression"), zone),
            enabled=item.text("State", "ENABLED") == "ENABLED",
            targets=(target,) if target else (),
            of_scheduler=True,
            starts=_moment(item.get("StartDate")),
            ends=_moment(item.get("EndDate")),
        )
    )
    return Resource(name, {"Arn": arn})


def _timing(builder: Builder, item: Item, expression: str, zone: str) -> Timing | None:
    if not expression:
        return None
    try:
        return timing(expression, zone)
    except (KeyError, ValueError) as error:  # KeyError: no such time zone
        raise builder.error(str(error), item, "ScheduleExpression") from error


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(text_of(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _target(builder: Builder, item: Item, spec: Mapping[str, Any], *, of_scheduler: bool = False) -> Target | None:
    """Return a target; None, and a finding, for what kit-local cannot call."""
    path = "Target" if of_scheduler else "Targets"
    for name in sorted(set(spec) - _TARGET):
        builder.unsupported(item, path, f"{name} of a target is not supported")
    arn = text_of(spec["Arn"])
    kind = arn.split(":")[2] if arn.count(":") > 4 else ""
    function = (builder.function(arn) if kind == "lambda" else None) or ""
    if kind not in ("sqs", "sns", "events") and not function:
        builder.unsupported(
            item, path, f"a target has to be a function of this template, a queue or a topic, not {arn}"
        )
        return None
    return Target(
        arn=arn,
        kind=kind,
        function=function,
        input=text_of(spec.get("Input") or ""),
        path=text_of(spec.get("InputPath") or ""),
        group=text_of((spec.get("SqsParameters") or {}).get("MessageGroupId") or ""),
        plain=of_scheduler and not function,
    )
