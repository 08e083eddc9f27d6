"""Topics and buckets in templates, and whom they tell."""

import json
from typing import Any
from urllib.parse import unquote_plus

import pytest

pytestmark = pytest.mark.anyio

TOPIC = """
Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: events}}
Raw: {Type: AWS::SQS::Queue, Properties: {QueueName: raw}}
Dead: {Type: AWS::SQS::Queue, Properties: {QueueName: undelivered}}
ToRaw:
  Type: AWS::SNS::Subscription
  Properties:
    TopicArn: !Ref Topic
    Protocol: sqs
    Endpoint: !GetAtt Raw.Arn
    RawMessageDelivery: true
    FilterPolicy: {type: [{prefix: loan.}], version: [{numeric: [">=", 2]}], test: [{exists: false}]}
    RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn}
Work:
  Type: AWS::Serverless::Function
  Properties:
    Events:
      ByBody:
        Type: SNS
        Properties:
          Topic: !Ref Topic
          FilterPolicyScope: MessageBody
          FilterPolicy: {detail: {country: [{anything-but: [US]}], amount: [{numeric: [">", 5]}]}}
ThroughQueue:
  Type: AWS::Serverless::Function
  Properties:
    Handler: app.through
    Events:
      Topic:
        Type: SNS
        Properties: {Topic: !Ref Topic, SqsSubscription: true, FilterPolicy: {type: [loan.granted]}}
"""
THROUGH = """
def through(event, context):
    note([json.loads(record["body"])["Message"] for record in event["Records"]], context)
"""


async def test_a_topic_filters_by_attributes_and_by_body(run_template: Any) -> None:
    shop = await run_template(TOPIC, THROUGH)

    async def publish(kind: str, version: int, detail: Any, **others: str) -> None:
        attributes = {"type": {"DataType": "String", "StringValue": kind}}
        attributes |= {"version": {"DataType": "Number", "StringValue": str(version)}}
        attributes |= {name: {"DataType": "String", "StringValue": value} for name, value in others.items()}
        topic, message = "arn:aws:sns:us-east-1:123456789012:events", json.dumps({"detail": detail})
        await shop.call("sns", "publish", TopicArn=topic, Message=message, MessageAttributes=attributes)

    await publish("loan.refused", 1, {"country": "US", "amount": 9})
    await publish("loan.granted", 1, {"country": "DE", "amount": 5})
    await publish("loan.refused", 2, {"country": "US", "amount": 7}, test="yes")
    await publish("loan.refused", 3, {"country": "DE", "amount": 8})
    await shop.until(lambda: len(shop.notes) == 2)
    [through] = [note for note in shop.notes if isinstance(note, list)]
    [direct] = [note for note in shop.notes if isinstance(note, dict)]
    assert [json.loads(text)["detail"]["amount"] for text in through] == [5]
    [record] = direct["Records"]
    assert json.loads(record["Sns"]["Message"])["detail"]["amount"] == 8
    assert record["Sns"]["MessageAttributes"]["type"] == {"Type": "String", "Value": "loan.refused"}
    [raw] = await shop.messages("raw", 1)
    assert json.loads(raw["Body"]) == {"detail": {"country": "DE", "amount": 8}}
    assert raw["MessageAttributes"]["type"]["StringValue"] == "loan.refused"


BUCKET = """
Files:
  Type: AWS::S3::Bucket
  DependsOn: [Everything]
  Properties:
    BucketName: files
    NotificationConfiguration:
      EventBridgeConfiguration: {EventBridgeEnabled: true}
      QueueConfigurations: [{Event: "s3:ObjectRemoved:*", Queue: !GetAtt Removed.Arn}]
      TopicConfigurations: [{Event: "s3:ObjectCreated:*", Topic: !Ref Topic}]
Silent: {Type: AWS::S3::Bucket, Properties: {BucketName: silent}}
Removed: {Type: AWS::SQS::Queue, Properties: {QueueName: removed}}
Told: {Type: AWS::SQS::Queue, Properties: {QueueName: told}}
Everything: {Type: AWS::SQS::Queue, Properties: {QueueName: everything}}
Topic: {Type: AWS::SNS::Topic, Properties: {Subscription: [{Protocol: sqs, Endpoint: !GetAtt Told.Arn}]}}
Upload:
  Type: AWS::Serverless::Function
  Properties:
    Events:
      Upload:
        Type: S3
        Properties:
          Bucket: !Ref Files
          Events: s3:ObjectCreated:*
          Filter: {S3Key: {Rules: [{Name: suffix, Value: .txt}]}}
OnBus:
  Type: AWS::Serverless::Function
  Properties:
    Handler: app.through
    Events:
      Created:
        Type: EventBridgeRule
        Properties:
          Pattern:
            source: [aws.s3]
            detail-type: [Object Created]
            detail: {bucket: {name: [files]}, object: {key: [{prefix: in/}]}}
AllOfThem:
  Type: AWS::Events::Rule
  Properties:
    EventPattern: {source: [aws.s3]}
    Targets: [{Id: all, Arn: !GetAtt Everything.Arn}]
"""


def keys(body: str) -> list[str]:
    return [unquote_plus(record["s3"]["object"]["key"]) for record in json.loads(body).get("Records", [])]


async def test_a_bucket_tells_functions_queues_topics_and_the_bus(run_template: Any) -> None:
    shop = await run_template(BUCKET, "def through(event, context): note([event], context)")
    for bucket, key in [("silent", "in/a b.txt"), ("files", "in/a b.txt"), ("files", "out/c.bin")]:
        await shop.call("s3", "put_object", Bucket=bucket, Key=key, Body=b"12345")
    await shop.call("s3", "delete_object", Bucket="files", Key="out/c.bin")

    await shop.until(lambda: len(shop.notes) == 2)
    [direct] = [note for note in shop.notes if isinstance(note, dict)]
    assert keys(json.dumps(direct)) == ["in/a b.txt"]
    removed = await shop.messages("removed", 2)  # the first is the test event
    assert [key for message in removed for key in keys(message["Body"])] == ["out/c.bin"]
    told = await shop.messages("told", 3)
    created = [key for message in told for key in keys(json.loads(message["Body"])["Message"])]
    assert sorted(created) == ["in/a b.txt", "out/c.bin"]

    [[event]] = [note for note in shop.notes if isinstance(note, list)]
    assert (event["source"], event["detail-type"]) == ("aws.s3", "Object Created")
    assert event["resources"] == ["arn:aws:s3:::files"]
    assert event["time"].endswith("Z")
    assert (event["region"], event["account"], event["version"]) == ("us-east-1", "123456789012", "0")
    detail = event["detail"]
    assert (detail["bucket"], detail["reason"]) == ({"name": "files"}, "PutObject")
    assert (detail["object"]["key"], detail["object"]["size"]) == ("in/a b.txt", 5)
    assert detail["object"]["sequencer"]
    every = [json.loads(message["Body"]) for message in await shop.messages("everything", 3)]
    assert sorted(one["detail-type"] for one in every) == ["Object Created", "Object Created", "Object Deleted"]
    assert {one["detail"]["bucket"]["name"] for one in every} == {"files"}
    [deleted] = [one for one in every if one["detail-type"] == "Object Deleted"]
    assert (deleted["detail"]["reason"], deleted["detail"]["deletion-type"]) == ("DeleteObject", "Permanently Deleted")
