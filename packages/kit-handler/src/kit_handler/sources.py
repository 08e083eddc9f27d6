"""The kind of an event, and the names under which a `Dispatcher` looks for its handler."""

from kit_handler._shape import mapping
from kit_handler.jobs.batches import source_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kit_handler._types import Event


def kind_of(event: "Event") -> str | None:
    """Return which source waits for an answer (or is a schedule), None for any other event."""
    if "triggerSource" in event and "userPoolId" in event:
        return "cognito"
    if "sessionState" in event and "bot" in event:
        return "lex"
    if "methodArn" in event or "routeArn" in event:
        return "authorizer"
    if "RequestType" in event and "ResponseURL" in event:
        return "custom_resource"
    if event.get("source") in ("aws.events", "aws.scheduler") and event.get("detail-type") == "Scheduled Event":
        return "schedule"
    return None


def names_of(event: "Event") -> "list[str]":
    """Return the names that the event's handler may be registered for, the narrowest first.

    Records: the ARN, the name (of the queue, topic, bucket, stream or table) and the source (`aws:sqs`). Events of a
    bus: the rule's or schedule's name, the detail type, the source, `aws:events`. Triggers: `PreSignUp_SignUp`,
    `PreSignUp`, `cognito`; intent, bot, `lex`; `Custom::Type`, `custom_resource`; `authorizer`; `schedule`.
    """
    kind = kind_of(event)
    if kind is not None and kind != "schedule":
        names = [*_TRIGGERS[kind](event), kind]
    elif "detail-type" in event:
        resources = event.get("resources")
        rule = resources[0] if isinstance(resources, list) and resources else None
        names = [_last(rule), event["detail-type"], event.get("source"), kind, "aws:events"]
    elif "awslogs" in event:
        names = ["aws:logs"]
    else:
        names = _of_records(event)
    return [name for name in names if isinstance(name, str) and name]


def is_batch(event: "Any") -> bool:
    """Tell whether the event holds records of a source, which want a job."""
    records = event.get("Records") if isinstance(event, dict) else None
    return isinstance(records, list) and bool(records) and bool(source_of(records[0]))


def _of_records(event: "Event") -> "list[Any]":
    records = event.get("Records")
    if isinstance(records, list) and records and isinstance(records[0], dict):
        first = records[0]
        arn = first.get("eventSourceARN") or mapping(first, "Sns").get("TopicArn")
        bucket = mapping(mapping(first, "s3"), "bucket").get("name")
        return [arn, bucket or _name(arn), source_of(first)]
    if event.get("Event") == "s3:TestEvent":
        return [event.get("Bucket"), "aws:s3"]
    return [event.get("eventSourceArn"), _name(event.get("eventSourceArn")), event.get("eventSource")]  # Kafka, MQ


def _name(arn: "Any") -> str | None:
    """Return the name in `…:queue`, `…:stream/name/consumer/…`, `…:table/name/stream/…`."""
    if not isinstance(arn, str):
        return None
    resource = arn.split(":", 5)[-1]
    return resource.split("/")[1] if "/" in resource else resource.rpartition(":")[2]


def _last(arn: "Any") -> str | None:
    return arn.rpartition("/")[2] if isinstance(arn, str) else None


def _of_cognito(event: "Event") -> "list[Any]":
    source = str(event["triggerSource"])
    return [source, source.partition("_")[0]]


def _of_lex(event: "Event") -> "list[Any]":
    intent = mapping(mapping(event, "sessionState"), "intent").get("name")
    return [intent, mapping(event, "bot").get("name")]


def _of_authorizer(event: "Event") -> "list[Any]":
    return [event.get("methodArn") or event.get("routeArn")]


def _of_custom_resource(event: "Event") -> "list[Any]":
    return [event.get("ResourceType")]


_TRIGGERS = {
    "cognito": _of_cognito,
    "lex": _of_lex,
    "authorizer": _of_authorizer,
    "custom_resource": _of_custom_resource,
}
