"""Queues, topics and buckets, seen with boto3."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

import pytest
from kit_local.errors import TemplateError, UnsupportedError
from kit_local.stack import Stack

Provision = Callable[..., Stack]

FUNCTION = """\
    Transform: AWS::Serverless-2016-10-31
    Globals:
      Function: {Runtime: python3.12, Handler: a.b, CodeUri: src, Timeout: 5}
    Resources:
"""


def bodies(aws: Any, url: str) -> list[str]:
    answer = aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [message["Body"] for message in answer.get("Messages", [])]


def test_a_queue_has_its_attributes(provision_template: Provision, aws: Any) -> None:
    stack = provision_template("""\
    Resources:
      Orders:
        Type: AWS::SQS::Queue
        Properties:
          VisibilityTimeout: "60"
          DelaySeconds: 1
          RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 2}
      Dead: {Type: AWS::SQS::Queue, Properties: {QueueName: dead, MessageRetentionPeriod: 1209600}}
      Fifo: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true, ContentBasedDeduplication: true}}
      Plain: {Type: AWS::SQS::Queue, Properties: {FifoQueue: false}}
      Policy:
        Type: AWS::SQS::QueuePolicy
        Properties: {Queues: [!Ref Dead], PolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Allow}]}}
    Outputs:
      Orders: {Value: !Ref Orders}
      Fifo: {Value: !Ref Fifo}
      Dead: {Value: !Ref Dead}
    """)
    sqs = aws.client("sqs")
    read = {
        name: sqs.get_queue_attributes(QueueUrl=stack.outputs[name], AttributeNames=["All"])["Attributes"]
        for name in stack.outputs
    }
    assert (read["Orders"]["VisibilityTimeout"], read["Orders"]["DelaySeconds"]) == ("60", "1")
    assert json.loads(read["Orders"]["RedrivePolicy"]) == {
        "deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead",
        "maxReceiveCount": 2,
    }
    assert (read["Fifo"]["FifoQueue"], read["Fifo"]["ContentBasedDeduplication"]) == ("true", "true")
    assert stack.outputs["Fifo"].endswith(".fifo")
    assert read["Dead"]["MessageRetentionPeriod"] == "1209600"
    assert json.loads(read["Dead"]["Policy"])["Version"] == "2012-10-17"


def test_a_topic_delivers_what_the_filter_lets_through(provision_template: Provision, aws: Any) -> None:
    stack = provision_template("""\
    Resources:
      Topic:
        Type: AWS::SNS::Topic
        Properties:
          Subscription: [{Protocol: sqs, Endpoint: !GetAtt All.Arn}]
      All: {Type: AWS::SQS::Queue}
      Some: {Type: AWS::SQS::Queue}
      Deep: {Type: AWS::SQS::Queue}
      ToSome:
        Type: AWS::SNS::Subscription
        Properties:
          TopicArn: !Ref Topic
          Protocol: sqs
          Endpoint: !GetAtt Some.Arn
          RawMessageDelivery: true
          FilterPolicy: {kind: [created, {prefix: up}]}
      ToDeep:
        Type: AWS::SNS::Subscription
        Properties:
          TopicArn: !Ref Topic
          Protocol: sqs
          Endpoint: !GetAtt Deep.Arn
          RawMessageDelivery: "true"
          FilterPolicyScope: MessageBody
          FilterPolicy: {order: {total: [{numeric: [">=", 100]}]}}
      Policy:
        Type: AWS::SNS::TopicPolicy
        Properties: {Topics: [!Ref Topic], PolicyDocument: {Version: 2012-10-17, Statement: []}}
    Outputs:
      Topic: {Value: !Ref Topic}
      All: {Value: !Ref All}
      Some: {Value: !Ref Some}
      Deep: {Value: !Ref Deep}
    """)
    for kind, total in (("created", 1), ("updated", 100), ("deleted", 200)):
        aws.client("sns").publish(
            TopicArn=stack.outputs["Topic"],
            Message=json.dumps({"kind": kind, "order": {"total": total}}),
            MessageAttributes={"kind": {"DataType": "String", "StringValue": kind}},
        )
    received = {name: bodies(aws, stack.outputs[name]) for name in ("All", "Some", "Deep")}
    unwrapped = [json.loads(json.loads(body)["Message"])["kind"] for body in received["All"]]
    assert sorted(unwrapped) == ["created", "deleted", "updated"]
    assert sorted(json.loads(body)["kind"] for body in received["Some"]) == ["created", "updated"]
    assert sorted(json.loads(body)["kind"] for body in received["Deep"]) == ["deleted", "updated"]


def test_a_fifo_topic_keeps_its_kind(provision_template: Provision, aws: Any) -> None:
    stack = provision_template("""\
    Resources:
      Topic: {Type: AWS::SNS::Topic, Properties: {FifoTopic: true, ContentBasedDeduplication: true}}
    Outputs:
      Topic: {Value: !Ref Topic}
      Name: {Value: !GetAtt Topic.TopicName}
    """)
    attributes = aws.client("sns").get_topic_attributes(TopicArn=stack.outputs["Topic"])["Attributes"]
    assert (attributes["FifoTopic"], attributes["ContentBasedDeduplication"]) == ("true", "true")
    assert stack.outputs["Topic"].endswith(f":{stack.outputs['Name']}")
    assert stack.outputs["Name"].endswith(".fifo")


@pytest.mark.parametrize(
    ("policy", "scope", "operator"),
    [
        ('{a: [{wildcard: "x*"}]}', "MessageAttributes", "wildcard"),
        ("{a: {b: [{equals-ignore-case: x}]}}", "MessageBody", "equals-ignore-case"),
        ("{a: [{cidr: 10.0.0.0/8}]}", "MessageAttributes", "cidr"),
        ("{a: [{anything-but: {suffix: x}}]}", "MessageAttributes", "anything-but suffix"),
        ("{$or: [{a: [x]}, {b: [y]}]}", "MessageBody", r"\$or"),
    ],
)
def test_a_filter_that_would_be_taken_for_another_is_unsupported(
    provision_template: Provision, policy: str, scope: str, operator: str
) -> None:
    text = f"""\
    Resources:
      Topic: {{Type: AWS::SNS::Topic}}
      Queue: {{Type: AWS::SQS::Queue}}
      Subscription:
        Type: AWS::SNS::Subscription
        Properties:
          TopicArn: !Ref Topic
          Protocol: sqs
          Endpoint: !GetAtt Queue.Arn
          FilterPolicyScope: {scope}
          FilterPolicy: {policy}
    """
    with pytest.raises(UnsupportedError, match=operator) as caught:
        provision_template(text)
    assert caught.value.line == 11


def test_a_topic_calls_a_function_through_a_queue_of_its_own(provision_template: Provision, aws: Any) -> None:
    stack = provision_template(
        FUNCTION
        + """\
      Topic: {Type: AWS::SNS::Topic}
      Dead: {Type: AWS::SQS::Queue, Properties: {QueueName: dead}}
      Job:
        Type: AWS::Serverless::Function
        Properties:
          DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Dead.Arn}
          Events:
            Created:
              Type: SNS
              Properties: {Topic: !Ref Topic, FilterPolicy: {kind: [created]}}
    Outputs:
      Topic: {Value: !Ref Topic}
    """
    )
    [source] = stack.queues
    assert (source.function, source.origin, source.batch_size) == ("Job", "sns", 1)
    [subscription] = aws.client("sns").list_subscriptions_by_topic(TopicArn=stack.outputs["Topic"])["Subscriptions"]
    assert (source.origin_arn, source.queue_arn) == (subscription["SubscriptionArn"], subscription["Endpoint"])
    for kind in ("created", "deleted"):
        attributes = {"kind": {"DataType": "String", "StringValue": kind}}
        aws.client("sns").publish(TopicArn=stack.outputs["Topic"], Message=kind, MessageAttributes=attributes)
    assert [json.loads(body)["Message"] for body in bodies(aws, source.queue_url)] == ["created"]
    read = aws.client("sqs").get_queue_attributes(QueueUrl=source.queue_url, AttributeNames=["All"])["Attributes"]
    assert json.loads(read["RedrivePolicy"]) == {
        "deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead",
        "maxReceiveCount": 3,
    }
    assert int(read["VisibilityTimeout"]) > stack.functions["Job"].timeout
    assert (source.attempts, source.dead_letters) == (3, "Dead")


def test_raw_delivery_to_a_function_is_refused_as_on_aws(provision_template: Provision) -> None:
    text = """\
      Topic: {Type: AWS::SNS::Topic}
      Job: {Type: AWS::Serverless::Function}
      Subscription:
        Type: AWS::SNS::Subscription
        Properties: {TopicArn: !Ref Topic, Protocol: lambda, Endpoint: !GetAtt Job.Arn, RawMessageDelivery: true}
    """
    with pytest.raises(TemplateError, match="RawMessageDelivery is not for functions"):
        provision_template(FUNCTION + text)


def test_sam_can_put_a_queue_between_topic_and_function(provision_template: Provision, aws: Any) -> None:
    stack = provision_template(
        FUNCTION
        + """\
      Topic: {Type: AWS::SNS::Topic}
      Job:
        Type: AWS::Serverless::Function
        Properties:
          AutoPublishAlias: live
          Events:
            Created: {Type: SNS, Properties: {Topic: !Ref Topic, SqsSubscription: true}}
    Outputs:
      Topic: {Value: !Ref Topic}
    """
    )
    [source] = stack.queues
    assert (source.function, source.origin, source.batch_size) == ("Job", "sqs", 10)
    aws.client("sns").publish(TopicArn=stack.outputs["Topic"], Message="hello")
    assert [json.loads(body)["Message"] for body in bodies(aws, source.queue_url)] == ["hello"]


def test_a_queue_feeds_a_function_as_the_mapping_says(provision_template: Provision) -> None:
    stack = provision_template(
        FUNCTION
        + """\
      Orders: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true}}
      Job:
        Type: AWS::Serverless::Function
        Properties:
          ReservedConcurrentExecutions: 2
          MemorySize: 512
          Events:
            Orders:
              Type: SQS
              Properties:
                Queue: !GetAtt Orders.Arn
                BatchSize: 5
                Enabled: false
                FunctionResponseTypes: [ReportBatchItemFailures]
                ScalingConfig: {MaximumConcurrency: 3}
                FilterCriteria: {Filters: [{Pattern: '{"body": {"kind": ["created"]}}'}]}
    """
    )
    [source] = stack.queues
    assert (source.batch_size, source.window, source.report_failures, source.fifo) == (5, 0.0, True, True)
    assert (source.maximum_concurrency, source.enabled) == (3, False)
    assert source.mapping == "Job.Events.Orders"
    assert source.filters == ({"body": {"kind": ["created"]}},)
    function = stack.functions["Job"]
    assert (function.memory, function.timeout, function.reserved_concurrency) == (512, 5.0, 2)


@pytest.mark.parametrize(
    ("queue", "mapping", "message"),
    [
        ("{VisibilityTimeout: 4}", "BatchSize: 1", "VisibilityTimeout is under the function's Timeout of 5 s"),
        ("{}", "BatchSize: 11", "BatchSize over 10"),
        ("{}", "BatchSize: 0", "between 1 and 10000"),
        (
            "{}",
            """FilterCriteria: {Filters: [{Pattern: '{"body": {"a": [{"wildcard": "b*"}]}}'}]}""",
            "Pattern cannot hold {'wildcard': 'b\\*'} under 'a'",
        ),
    ],
)
def test_a_mapping_that_aws_refuses_is_refused(
    provision_template: Provision, queue: str, mapping: str, message: str
) -> None:
    text = f"""\
      Orders: {{Type: AWS::SQS::Queue, Properties: {queue}}}
      Job:
        Type: AWS::Serverless::Function
        Properties:
          Events: {{Orders: {{Type: SQS, Properties: {{Queue: !GetAtt Orders.Arn, {mapping}}}}}}}
    """
    with pytest.raises(TemplateError, match=message):
        provision_template(FUNCTION + text)


def test_a_bucket_notifies_functions_queues_and_topics(provision_template: Provision, aws: Any) -> None:
    stack = provision_template(
        FUNCTION
        + """\
      Files:
        Type: AWS::S3::Bucket
        Properties:
          BucketName: files
          CorsConfiguration: {CorsRules: [{AllowedMethods: [PUT], AllowedOrigins: ["*"], MaxAge: "60"}]}
          NotificationConfiguration:
            QueueConfigurations:
              - {Event: "s3:ObjectRemoved:*", Queue: !GetAtt Removed.Arn}
            TopicConfigurations:
              - Event: s3:ObjectCreated:*
                Topic: !Ref Topic
                Filter: {S3Key: {Rules: [{Name: suffix, Value: .txt}]}}
      Removed: {Type: AWS::SQS::Queue}
      Told: {Type: AWS::SQS::Queue}
      Topic: {Type: AWS::SNS::Topic, Properties: {Subscription: [{Protocol: sqs, Endpoint: !GetAtt Told.Arn}]}}
      Job:
        Type: AWS::Serverless::Function
        Properties:
          Events:
            Upload:
              Type: S3
              Properties:
                Bucket: !Ref Files
                Events: ["s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"]
                Filter: {S3Key: {Rules: [{Name: prefix, Value: in/}]}}
      Policy:
        Type: AWS::S3::BucketPolicy
        Properties: {Bucket: !Ref Files, PolicyDocument: {Version: 2012-10-17, Statement: []}}
    Outputs:
      Removed: {Value: !Ref Removed}
      Told: {Value: !Ref Told}
    """
    )
    [source] = stack.queues
    assert (source.function, source.origin, source.origin_arn) == ("Job", "s3", "arn:aws:s3:::files")
    s3 = aws.client("s3")
    s3.put_object(Bucket="files", Key="in/a.txt", Body=b"a")
    s3.put_object(Bucket="files", Key="out/b.bin", Body=b"b")
    s3.delete_object(Bucket="files", Key="out/b.bin")

    def keys(body: str) -> list[str]:
        records = json.loads(body).get("Records", [])  # none in the test event that comes first
        return [unquote_plus(record["s3"]["object"]["key"]) for record in records]

    assert [key for body in bodies(aws, source.queue_url) for key in keys(body)] == ["in/a.txt"]
    assert [key for body in bodies(aws, stack.outputs["Removed"]) for key in keys(body)] == ["out/b.bin"]
    told = [json.loads(body)["Message"] for body in bodies(aws, stack.outputs["Told"])]
    assert [key for body in told for key in keys(body)] == ["in/a.txt"]
    assert s3.get_bucket_cors(Bucket="files")["CORSRules"][0]["MaxAgeSeconds"] == 60


def test_a_bucket_keeps_versions(provision_template: Provision, aws: Any) -> None:
    provision_template("""\
    Resources:
      Files:
        Type: AWS::S3::Bucket
        Properties: {BucketName: files, VersioningConfiguration: {Status: Enabled}}
    """)
    assert aws.client("s3").get_bucket_versioning(Bucket="files")["Status"] == "Enabled"


def test_a_bucket_lies_in_the_region(provision_template: Provision, aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "region", "eu-west-1")
    provision_template("Resources: {Files: {Type: AWS::S3::Bucket, Properties: {BucketName: files}}}")
    assert aws.client("s3").get_bucket_location(Bucket="files")["LocationConstraint"] == "eu-west-1"
