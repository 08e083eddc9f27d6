"""AWS::Kinesis, and what lets a stream feed a function."""

from typing import Any, Literal

from kit_local.provision.builder import Builder, Item, Resource
from kit_local.stack import StreamSource

_POSITIONS = ("TRIM_HORIZON", "LATEST")


def kinesis(builder: Builder, item: Item) -> Resource:
    """Create a Kinesis stream; one that would scale itself has four shards, as at its beginning."""
    name = item.text("Name") or builder.name(item.logical_id, limit=128)
    on_demand = (item.get("StreamModeDetails") or {}).get("StreamMode") == "ON_DEMAND" or not item.get("ShardCount")
    builder.call("kinesis", "create_stream", StreamName=name, ShardCount=4 if on_demand else item.get("ShardCount"))
    return Resource(name, {"Arn": builder.arn("kinesis", f"stream/{name}")})


def mapping(builder: Builder, item: Item, target: str, patterns: tuple[Any, ...]) -> None:
    """Let a stream feed a function."""
    arn, where = item.text("EventSourceArn"), builder.template.origin(item.logical_id)
    position = item.text("StartingPosition")
    kind: Literal["dynamodb", "kinesis"] = "dynamodb" if ":dynamodb:" in arn else "kinesis"
    if position not in _POSITIONS:
        builder.unsupported(
            item, "StartingPosition", f"{position or 'none'} is not supported, only TRIM_HORIZON and LATEST"
        )
        return
    batch = item.integer("BatchSize", 100)
    if not 1 <= batch <= 10_000:
        raise builder.error(f"a BatchSize of {batch}; it is between 1 and 10000", item)
    destination = ((item.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination") or ""
    if destination and ":sqs:" not in destination:
        builder.unsupported(item, "DestinationConfig", "only a queue can be the destination of what has failed")
        return
    builder.streams.append(
        StreamSource(
            function=target,
            function_arn=builder.functions[target].arn,
            arn=arn,
            kind=kind,
            mapping=".".join(part for part in where if part != "Properties"),
            position=position,
            batch_size=batch,
            window=float(item.integer("MaximumBatchingWindowInSeconds", 0)),
            report_failures="ReportBatchItemFailures" in (item.get("FunctionResponseTypes") or ()),
            filters=patterns,
            enabled=item.flag("Enabled", True),
            retries=item.integer("MaximumRetryAttempts", -1),
            oldest=item.integer("MaximumRecordAgeInSeconds", -1),
            bisects=item.flag("BisectBatchOnFunctionError"),
            on_failure=destination,
        )
    )
