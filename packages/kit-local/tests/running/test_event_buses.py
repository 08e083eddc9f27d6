"""EventBridge in templates: buses, rules, patterns, targets."""

import json
from typing import Any

import pytest

pytestmark = pytest.mark.anyio

TEMPLATE = """
Bus: {Type: AWS::Events::EventBus, Properties: {Name: loans}}
Chosen:
  Type: AWS::Serverless::Function
  Properties:
    Events:
      Decided:
        Type: EventBridgeRule
        Properties:
          EventBusName: !Ref Bus
          Pattern:
            source: [loans]
            detail-type: [{prefix: decided}, {suffix: ".v2"}]
            detail:
              status: [{anything-but: [draft]}]
              amount: [{numeric: [">", 0, "<=", 1000]}]
              test: [{exists: false}]
              customer: {country: [DE, {wildcard: "A*"}]}
Default:
  Type: AWS::Serverless::Function
  Properties:
    Events:
      Any:
        Type: CloudWatchEvent
        Properties: {Pattern: {source: [shop]}, InputPath: $.detail.items}
      Fixed:
        Type: EventBridgeRule
        Properties: {Pattern: {source: [fixed]}, Input: '{"always": "this"}'}
      Stopped:
        Type: EventBridgeRule
        Properties: {Pattern: {source: [shop]}, State: DISABLED}
Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: all}}
Fifo: {Type: AWS::SQS::Queue, Properties: {QueueName: ordered.fifo, FifoQueue: true, ContentBasedDeduplication: true}}
Topic:
  Type: AWS::SNS::Topic
  Properties: {TopicName: told, Subscription: [{Protocol: sqs, Endpoint: !GetAtt Told.Arn}]}
Told: {Type: AWS::SQS::Queue, Properties: {QueueName: told}}
Everything:
  Type: AWS::Events::Rule
  Properties:
    EventBusName: !GetAtt Bus.Arn
    EventPattern: {account: [!Ref AWS::AccountId]}
    Targets:
      - {Id: queue, Arn: !GetAtt Queue.Arn}
      - {Id: fifo, Arn: !GetAtt Fifo.Arn, InputPath: $.detail, SqsParameters: {MessageGroupId: one}}
      - {Id: topic, Arn: !Ref Topic}
Forwarded:
  Type: AWS::Events::Rule
  Properties:
    EventPattern: {source: [forwarded]}
    Targets: [{Id: bus, Arn: !GetAtt Bus.Arn}]
Put:
  Type: AWS::Serverless::Function
  Properties: {Handler: app.put, FunctionName: put}
"""
PUT = """
import boto3

def put(event, context):
    return boto3.client("events").put_events(Entries=event)["FailedEntryCount"]
"""
FITS = {"status": "granted", "amount": 10, "customer": {"country": "AT"}}


def entry(source: str, kind: str, detail: Any, **options: Any) -> dict[str, Any]:
    return {"Source": source, "DetailType": kind, "Detail": json.dumps(detail), **options}


async def test_what_a_function_puts_reaches_every_target_of_the_rules_that_match(run_template: Any) -> None:
    shop = await run_template(TEMPLATE, PUT)
    fits = entry("loans", "decided.v1", FITS, EventBusName="loans", Resources=["loan/1"])
    entries = [
        fits,
        {**fits, "DetailType": "other"},
        *({**fits, "Detail": json.dumps({**FITS, **change})} for change in (
            {"status": "draft"}, {"amount": 0}, {"amount": 1001}, {"test": None}, {"customer": {"country": "FR"}},
        )),
        {**fits, "DetailType": "loan.v2", "Detail": json.dumps({**FITS, "customer": {"country": "DE"}})},
    ]  # fmt: skip
    answer = await shop.call("lambda", "invoke", FunctionName="put", Payload=json.dumps(entries))
    assert json.loads(answer["Payload"].read()) == 0
    all_of_them = [json.loads(message["Body"]) for message in await shop.messages("all", len(entries))]
    assert [event["detail"] for event in all_of_them] == [json.loads(item["Detail"]) for item in entries]
    ordered = await shop.messages("ordered.fifo", 1)
    assert ordered[0]["Attributes"]["MessageGroupId"] == "one"
    assert json.loads(ordered[0]["Body"]) == FITS
    [told, *_] = await shop.messages("told", len(entries))
    assert json.loads(json.loads(told["Body"])["Message"])["detail-type"] == "decided.v1"

    await shop.until(lambda: len(shop.notes) == 2)
    first, second = sorted(shop.notes, key=lambda event: event["detail-type"])
    assert (first["detail-type"], second["detail-type"]) == ("decided.v1", "loan.v2")
    assert {key: first[key] for key in ("version", "source", "account", "region", "resources", "detail")} == {
        "version": "0",
        "source": "loans",
        "account": "123456789012",
        "region": "us-east-1",
        "resources": ["loan/1"],
        "detail": FITS,
    }
    assert first["id"] == all_of_them[0]["id"]
    assert first["time"].endswith("Z")


async def test_the_default_bus_inputs_and_disabled_rules(run_template: Any) -> None:
    shop = await run_template(TEMPLATE, PUT)
    moment = 1893456000  # 2030-01-01
    shop_event = entry("shop", "any", {"items": [1, 2]}, Time=moment)
    answer = await shop.call("events", "put_events", Entries=[shop_event, entry("fixed", "any", {})])
    assert answer["FailedEntryCount"] == 0
    await shop.until(lambda: len(shop.notes) == 2)
    assert sorted(shop.notes, key=str) == [[1, 2], {"always": "this"}]


async def test_a_bus_forwards_to_another(run_template: Any) -> None:
    shop = await run_template(TEMPLATE, PUT)
    await shop.call("events", "put_events", Entries=[entry("forwarded", "any", {"n": 1}, Time=1893456000)])
    [message] = await shop.messages("all", 1)
    body = json.loads(message["Body"])
    assert (body["source"], body["detail"], body["time"]) == ("forwarded", {"n": 1}, "2030-01-01T00:00:00Z")


async def test_a_function_that_fails_is_tried_three_times(run_template: Any) -> None:
    template = """
    Dead: {Type: AWS::SQS::Queue, Properties: {QueueName: dead}}
    Fails:
      Type: AWS::Serverless::Function
      Properties:
        Handler: app.fail
        DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Dead.Arn}
        Events: {Any: {Type: EventBridgeRule, Properties: {Pattern: {source: [shop]}}}}
    """
    shop = await run_template(template, "def fail(event, context): raise ValueError('the reason')")
    await shop.call("events", "put_events", Entries=[entry("shop", "any", {"n": 1})])
    [message] = await shop.messages("dead", 1)
    assert json.loads(message["Body"])["detail"] == {"n": 1}
    await shop.until(lambda: shop.screen.getvalue().count("ValueError") >= 3)
    await shop.until(lambda: "Fails rule FailsAny" in shop.screen.getvalue())


async def test_what_a_target_does_not_take_is_told(run_template: Any, caplog: pytest.LogCaptureFixture) -> None:
    template = """
    Rule:
      Type: AWS::Events::Rule
      Properties:
        EventPattern: {source: [shop]}
        Targets: [{Id: gone, Arn: !Sub "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:gone"}]
    """
    shop = await run_template(template)
    await shop.call("events", "put_events", Entries=[entry("shop", "any", {})])
    assert "gone has not got an event of rule Rule: " in caplog.text
