"""The kind of an event, and the names under which a `Dispatcher` looks for its handler."""

from kit_handler._shape import mapping
from kit_handler.jobs.batches import source_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kit_handler._types import Event


_WINDOW = "isFinalInvokeForWindow"


def kind_of(event: "Any") -> str | None:
    """Return which source waits for an answer (or is a schedule), None for any other event.

    A list is of the kind of its first item: AppSync sends one for a batch.
    """
    if isinstance(event, list):
        return kind_of(event[0]) if event and isinstance(event[0], dict) else None
    if "triggerSource" in event and "userPoolId" in event:
        return "cognito"
    if "bot" in event and ("sessionState" in event or "currentIntent" in event):
        return "lex" if "sessionState" in event else "lex_v1"
    if "methodArn" in event or "routeArn" in event:
        return "authorizer"
    if "RequestType" in event and "ResponseURL" in event:
        return "custom_resource"
    if event.get("source") in ("aws.events", "aws.scheduler") and event.get("detail-type") == "Scheduled Event":
        return "schedule"
    if "actionGroup" in event and ("apiPath" in event or "function" in event):
        return "bedrock"
    if "fieldName" in mapping(event, "info") or ("fieldName" in event and "typeName" in event):
        return "appsync"
    if "Step" in event and "SecretId" in event and "ClientRequestToken" in event:
        return "rotation"
    if isinstance(mapping(event, "request").get("type"), str) and ("session" in event or "context" in event):
        return "alexa"
    return None


def names_of(event: "Any") -> "list[str]":
    """Return the names that the event's handler may be registered for, the narrowest first.

    Records: the ARN, the name (of the queue, topic, bucket, stream, cluster or table) and the source (`aws:sqs`); a
    list (EventBridge Pipes) has those of its first record, a tumbling window those of its stream. Events of a bus: the
    rule's or schedule's name, the detail type, the source, `aws:events`. Triggers: `PreSignUp_SignUp`, `PreSignUp`,
    `cognito`; intent, bot, `lex` (or `lex_v1`); intent, `IntentRequest`, `alexa`; `Custom::Type`, `custom_resource`;
    `Query.loan`, `appsync` (also for a list, a batch); the action group, `bedrock`; the secret's ARN, the step
    (`createSecret`), `rotation`; `authorizer`; `schedule`. Others: Firehose's ARN and stream, `aws:firehose`;
    `aws:s3batch`; the topic of an IoT rule that selects `topic() AS topic`, `iot`; of a destination, the name of the
    invoked function, `aws:lambda`.
    """
    if isinstance(event, list):
        first = next((item for item in event if isinstance(item, dict)), {})
        return names_of({"Records": event} if source_of(first) else first) if first else []
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
    """Tell whether the event holds records of a source, which want a job; those of a tumbling window want a trigger."""
    if isinstance(event, dict) and _WINDOW in event:
        return False
    records = event if isinstance(event, list) else event.get("Records") if isinstance(event, dict) else None
    return isinstance(records, list) and bool(records) and bool(source_of(records[0]))


def waits_for_each(event: "Any") -> bool:
    """Tell whether the source waits for an answer with an item for each of its records."""
    if not isinstance(event, dict):
        return False
    return ("deliveryStreamArn" in event and "records" in event) or (
        "invocationSchemaVersion" in event and "tasks" in event
    )


def _of_records(event: "Event") -> "list[Any]":
    if _WINDOW in event:  # whose last call has no records
        arn = event.get("eventSourceARN")
        return [arn, _name(arn), f"aws:{arn.split(':')[2]}" if isinstance(arn, str) and arn.count(":") > 2 else None]
    records = event.get("Records")
    if isinstance(records, list) and records and isinstance(records[0], dict):
        first = records[0]
        arn = first.get("eventSourceARN") or first.get("eventSourceArn") or mapping(first, "Sns").get("TopicArn")
        bucket = mapping(mapping(first, "s3"), "bucket").get("name")
        return [arn, bucket or _name(arn), source_of(first)]
    if event.get("Event") == "s3:TestEvent":
        return [event.get("Bucket"), "aws:s3"]
    arn = event.get("eventSourceArn")
    if "eventSource" in event or arn:
        return [arn, _name(arn), event.get("eventSource")]  # Kafka, MQ, DocumentDB
    if "requestPayload" in event:  # a destination of asynchronous invocations
        return [*str(mapping(event, "requestContext").get("functionArn")).split(":")[6:7], "aws:lambda"]
    if "deliveryStreamArn" in event:
        arn = event["deliveryStreamArn"]
        return [arn, _name(arn), "aws:firehose"]
    if "invocationSchemaVersion" in event and "tasks" in event:
        return ["aws:s3batch"]
    return [event["topic"], "iot"] if isinstance(event.get("topic"), str) else []


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


def _of_lex_v1(event: "Event") -> "list[Any]":
    return [mapping(event, "currentIntent").get("name"), mapping(event, "bot").get("name")]


def _of_alexa(event: "Event") -> "list[Any]":
    request = event["request"]
    return [mapping(request, "intent").get("name"), request["type"]]


def _of_authorizer(event: "Event") -> "list[Any]":
    return [event.get("methodArn") or event.get("routeArn")]


def _of_custom_resource(event: "Event") -> "list[Any]":
    return [event.get("ResourceType")]


def _of_bedrock(event: "Event") -> "list[Any]":
    return [event["actionGroup"]]


def _of_appsync(event: "Event") -> "list[Any]":
    info = mapping(event, "info") or {"parentTypeName": event.get("typeName"), "fieldName": event.get("fieldName")}
    return [f"{info.get('parentTypeName')}.{info.get('fieldName')}"]


def _of_rotation(event: "Event") -> "list[Any]":
    return [event["SecretId"], event["Step"]]


_TRIGGERS = {
    "alexa": _of_alexa,
    "appsync": _of_appsync,
    "authorizer": _of_authorizer,
    "bedrock": _of_bedrock,
    "cognito": _of_cognito,
    "custom_resource": _of_custom_resource,
    "lex": _of_lex,
    "lex_v1": _of_lex_v1,
    "rotation": _of_rotation,
}
