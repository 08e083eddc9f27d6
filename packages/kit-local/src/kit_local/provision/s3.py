"""AWS::S3."""

import json
from collections.abc import Mapping
from typing import Any

from kit_local.provision import sqs
from kit_local.provision.builder import Builder, Item, Resource
from kit_local.provision.lambda_ import call_from, hidden_queue
from kit_local.sources.bucket_events import NOTIFIED
from kit_local.template.intrinsics import text_of


def bucket(builder: Builder, item: Item) -> Resource:
    """Create a bucket, and connect its notifications."""
    name = item.text("BucketName") or builder.name(item.logical_id, limit=63).lower()
    region, arn = builder.cloud.region, f"arn:aws:s3:::{name}"
    place = None if region == "us-east-1" else {"LocationConstraint": region}
    builder.call("s3", "create_bucket", Bucket=name, CreateBucketConfiguration=place)
    versioning = item.get("VersioningConfiguration")
    if versioning:
        builder.call("s3", "put_bucket_versioning", Bucket=name, VersioningConfiguration=versioning)
    rules = (item.get("CorsConfiguration") or {}).get("CorsRules")
    if rules:
        cors = {"CORSRules": [_cors(rule) for rule in rules]}
        builder.call("s3", "put_bucket_cors", Bucket=name, CORSConfiguration=cors)
    wanted = item.get("NotificationConfiguration")
    if wanted:
        _notify(builder, item, name, wanted)
    domain = f"{name}.s3.amazonaws.com"
    return Resource(name, {"Arn": arn, "DomainName": domain, "RegionalDomainName": f"{name}.s3.{region}.amazonaws.com"})


def _cors(rule: Mapping[str, Any]) -> dict[str, Any]:
    names = {"ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds", "Id": "ID"}
    return {names.get(key, key): value for key, value in rule.items()}


def _notify(builder: Builder, item: Item, name: str, wanted: Mapping[str, Any]) -> None:
    queues = [_target(entry, QueueArn=entry["Queue"]) for entry in wanted.get("QueueConfigurations") or ()]
    bridge = wanted.get("EventBridgeConfiguration")
    if bridge is not None and text_of(bridge.get("EventBridgeEnabled", True)).lower() == "true":
        builder.bucket_events, arn = sqs.create(builder, "kit-local-bucket-events", {})
        queues.append({"QueueArn": arn, "Events": NOTIFIED})
    topics = [_target(entry, TopicArn=entry["Topic"]) for entry in wanted.get("TopicConfigurations") or ()]
    hidden: dict[str, str] = {}
    for entry in wanted.get("LambdaConfigurations") or ():
        target = builder.function(entry["Function"])
        if target is None:
            path = "NotificationConfiguration.LambdaConfigurations"
            builder.unsupported(item, path, "the function is not one of this template's")
            continue
        if target not in hidden:
            queue = hidden_queue(builder, target, origin="s3", key=name)
            call_from(builder, target, queue, origin="s3", arn=f"arn:aws:s3:::{name}")
            hidden[target] = queue[1]
        queues.append(_target(entry, QueueArn=hidden[target]))
    configuration = {"QueueConfigurations": queues, "TopicConfigurations": topics}
    builder.call("s3", "put_bucket_notification_configuration", Bucket=name, NotificationConfiguration=configuration)


def _target(entry: Mapping[str, Any], **target: str) -> dict[str, Any]:
    rules = (entry.get("Filter") or {}).get("S3Key", {}).get("Rules")
    filters = {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}
    return {**target, "Events": [entry["Event"]], **filters}


def bucket_policy(builder: Builder, item: Item) -> Resource:
    """Attach a policy to a bucket; nothing enforces it."""
    policy = json.dumps(item.get("PolicyDocument"))
    builder.call("s3", "put_bucket_policy", Bucket=item.text("Bucket"), Policy=policy)
    return Resource(item.text("Bucket"))
