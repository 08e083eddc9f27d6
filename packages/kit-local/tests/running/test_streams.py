"""DynamoDB and Kinesis streams in templates."""

import asyncio
import base64
import io
import json
from typing import Any

import pytest
from kit_local.errors import MappingError, UnsupportedError
from kit_local.logs import Console
from kit_local.run import Backend, Options

pytestmark = pytest.mark.anyio

TABLE = """
Loans:
  Type: AWS::DynamoDB::Table
  Properties:
    TableName: loans
    AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
    KeySchema: [{AttributeName: id, KeyType: HASH}]
    BillingMode: PAY_PER_REQUEST
    StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
Dead: {Type: AWS::SQS::Queue, Properties: {QueueName: dead}}
Work:
  Type: AWS::Serverless::Function
  Properties:
    Handler: app.work
    Events:
      Changes:
        Type: DynamoDB
        Properties: {Stream: !GetAtt Loans.StreamArn, StartingPosition: TRIM_HORIZON, OPTIONS}
"""
REPORT = "FunctionResponseTypes: [ReportBatchItemFailures]"
# Stops at the first failure, as @job does; what it does is noted as the values that it has seen.
WORK = """
def work(event, context):
    for record in event["Records"]:
        change = record["dynamodb"]
        value = change["Keys"]["id"]["S"]
        note(["try", value], context)
        if value == "broken":
            raise ValueError(value)
        if value.startswith("bad") and not (value == "bad once" and pathlib.Path("once").exists()):
            pathlib.Path("once").touch()
            return {"batchItemFailures": [{"itemIdentifier": change["SequenceNumber"]}]}
        note(["done", value], context)
"""


async def put(shop: Any, *values: str) -> None:
    """Put items, all of them before the function sees the first."""
    entries = [{"PutRequest": {"Item": {"id": {"S": value}}}} for value in values]
    await shop.call("dynamodb", "batch_write_item", RequestItems={"loans": entries})


def done(shop: Any) -> list[str]:
    return [value for kind, value in shop.notes if kind == "done"]


def records_of(shop: Any) -> list[Any]:
    return [record for note in shop.notes for record in note["Records"]]


async def test_a_change_becomes_a_record(run_template: Any) -> None:
    shop = await run_template(TABLE.replace("app.work", "app.note").replace(", OPTIONS", ""))
    item = {"id": {"S": "1"}, "n": {"N": "1.50"}, "b": {"B": b"\x00\x01"}, "m": {"M": {"l": {"L": [{"NULL": True}]}}}}
    await shop.call("dynamodb", "put_item", TableName="loans", Item=item)
    await shop.call("dynamodb", "put_item", TableName="loans", Item={**item, "n": {"N": "2"}})
    await shop.call("dynamodb", "delete_item", TableName="loans", Key={"id": {"S": "1"}})
    records = await shop.until(lambda: records_of(shop)[2:] and records_of(shop))
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    first, second, third = (record["dynamodb"] for record in records)
    image = {**item, "b": {"B": "AAE="}}
    assert first["Keys"] == {"id": {"S": "1"}}
    assert (first["NewImage"], second["OldImage"]) == (image, image)
    assert second["NewImage"]["n"] == third["OldImage"]["n"] == {"N": "2"}
    assert isinstance(first["ApproximateCreationDateTime"], float)
    assert first["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert int(first["SequenceNumber"]) < int(second["SequenceNumber"])
    assert {record["eventSource"] for record in records} == {"aws:dynamodb"}
    assert "/table/loans/stream/" in records[0]["eventSourceARN"].replace(":table", "/table")
    assert (records[0]["awsRegion"], records[0]["eventVersion"]) == ("us-east-1", "1.1")
    await shop.until(lambda: "dynamodb loans" in shop.screen.getvalue())


async def test_a_partial_answer_starts_again_at_the_failure(run_template: Any) -> None:
    window = "MaximumBatchingWindowInSeconds: 1"
    shop = await run_template(TABLE.replace("OPTIONS", f"{REPORT}, {window}"), WORK)
    await put(shop, "1", "bad once", "2")
    await shop.until(lambda: done(shop) == ["1", "bad once", "2"])
    assert [value for kind, value in shop.notes if kind == "try"] == ["1", "bad once", "bad once", "2"]
    await shop.until(lambda: "failed from 2 of 3" in shop.screen.getvalue())


async def test_a_failure_holds_up_its_shard_until_it_is_given_up(run_template: Any) -> None:
    options = f"{REPORT}, MaximumRetryAttempts: 2, DestinationConfig: {{OnFailure: {{Destination: !GetAtt Dead.Arn}}}}"
    shop = await run_template(TABLE.replace("OPTIONS", f"{options}, BatchSize: 1"), WORK)
    await put(shop, "bad", "2")
    await shop.until(lambda: done(shop) == ["2"])
    assert [value for kind, value in shop.notes if kind == "try"] == ["bad", "bad", "bad", "2"]
    [message] = await shop.messages("dead", 1)
    body = json.loads(message["Body"])
    assert body["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert body["requestContext"]["approximateInvokeCount"] == 3
    assert body["requestContext"]["functionArn"].startswith("arn:aws:lambda:us-east-1:123456789012:function:shop-Work")
    assert body["DDBStreamBatchInfo"]["batchSize"] == 1
    assert body["DDBStreamBatchInfo"]["streamArn"].partition("/stream/")[0].endswith("table/loans")


async def test_a_batch_that_fails_as_a_whole_is_halved(run_template: Any) -> None:
    options = "BisectBatchOnFunctionError: true, MaximumRetryAttempts: 1, MaximumBatchingWindowInSeconds: 1"
    shop = await run_template(TABLE.replace("OPTIONS", options), WORK)
    await put(shop, "1", "2", "broken", "3")
    await shop.until(lambda: done(shop)[-1:] == ["3"])
    assert set(done(shop)) == {"1", "2", "3"}


async def test_records_that_the_filter_keeps_out_are_passed_over(run_template: Any) -> None:
    pattern = '{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"id": {"S": [{"prefix": "a"}]}}}}'
    options = f"FilterCriteria: {{Filters: [{{Pattern: '{pattern}'}}]}}"
    shop = await run_template(TABLE.replace("OPTIONS", options), WORK)
    await put(shop, "b", "a1", "c", "a2")
    await shop.until(lambda: done(shop) == ["a1", "a2"])


async def test_failures_that_aws_would_pass_over_end_it(tmp_path: Any, aws: Any) -> None:
    shop = tmp_path / "shop"
    (shop / "src").mkdir(parents=True)
    (shop / "src" / "app.py").write_text("import pathlib\ndef note(event, context): pass\n" + WORK)
    head = "Transform: AWS::Serverless-2016-10-31\nGlobals: {Function: {Runtime: python3.12, CodeUri: src}}\n"
    resources = TABLE.replace(", OPTIONS", "").replace("\n", "\n  ")
    (shop / "template.yaml").write_text(f"{head}Resources:\n{resources}")

    async def use() -> None:
        async with Backend(Options(shop, port=0, ephemeral=True), Console(io.StringIO())) as backend:
            items = {"TableName": "loans", "Item": {"id": {"S": "bad"}}}
            await asyncio.to_thread(backend.cloud.client("dynamodb").put_item, **items)
            await asyncio.wait_for(backend.broken.wait(), 30)

    with pytest.raises(MappingError, match=r"Work\.Events\.Changes .* AWS would have passed over them"):
        await use()


KINESIS = """
Clicks: {Type: AWS::Kinesis::Stream, Properties: {Name: clicks, ShardCount: 2}}
Work:
  Type: AWS::Serverless::Function
  Properties:
    Events:
      Clicks:
        Type: Kinesis
        Properties:
          Stream: !GetAtt Clicks.Arn
          StartingPosition: TRIM_HORIZON
          FilterCriteria: {Filters: [{Pattern: '{"data": {"page": [{"anything-but": ["/health"]}]}}'}]}
"""


async def test_a_kinesis_stream_is_read_shard_by_shard_in_order(run_template: Any) -> None:
    shop = await run_template(KINESIS)
    sent = [(f"user-{at % 4}", {"page": "/", "at": at}) for at in range(20)]
    entries = [{"Data": json.dumps(data).encode(), "PartitionKey": key} for key, data in sent]
    entries += [{"Data": b'{"page": "/health"}', "PartitionKey": "a"}, {"Data": b"no json", "PartitionKey": "a"}]
    await shop.call("kinesis", "put_records", StreamName="clicks", Records=entries)
    records = await shop.until(lambda: records_of(shop)[19:] and records_of(shop))
    assert len(records) == 20
    read = [(one["kinesis"]["partitionKey"], json.loads(base64.b64decode(one["kinesis"]["data"]))) for one in records]
    for user in ("user-0", "user-1", "user-2", "user-3"):
        assert [data for key, data in read if key == user] == [data for key, data in sent if key == user]
    record = records[0]
    assert record["eventID"] == f"{record['eventID'].split(':')[0]}:{record['kinesis']['sequenceNumber']}"
    assert record["eventID"].startswith("shardId-0000")
    assert (record["eventSource"], record["eventName"]) == ("aws:kinesis", "aws:kinesis:record")
    assert record["eventSourceARN"] == "arn:aws:kinesis:us-east-1:123456789012:stream/clicks"
    assert isinstance(record["kinesis"]["approximateArrivalTimestamp"], float)


async def test_a_position_that_is_not_done_is_named(run_template: Any) -> None:
    with pytest.raises(
        UnsupportedError, match=r"Work\.Events\.Clicks\.StartingPosition: AT_TIMESTAMP is not supported"
    ):
        await run_template(KINESIS.replace("TRIM_HORIZON", "AT_TIMESTAMP"))
