"""Calls without boto3: against moto's server, and against a server that is spoken by hand."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from subprocess import run
from typing import Any

import kit_aws
import pytest
from kit_aws import AccessDeniedError, AwsError, ParameterError, ResourceNotFoundError, ThrottlingError

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "SECRETEXAMPLE", "AWS_REGION": "eu-west-1"}


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def answering(keys: None, serve: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Start a server whose answers are given in their order, and let all calls go there."""

    def start(*answers: Any) -> Any:
        left = list(answers)
        server = serve(lambda call: left.pop(0) if len(left) > 1 else left[0])
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        return server

    return start


def test_a_message_is_sent_and_received(aws: Any) -> None:
    url = aws.client("sqs").create_queue(QueueName="loans")["QueueUrl"]
    attributes = {"key": {"DataType": "Binary", "BinaryValue": b"\xff"}}
    sent = kit_aws.call(
        "sqs", "SendMessage", {"QueueUrl": url, "MessageBody": "h\u00e9", "MessageAttributes": attributes}
    )
    got = kit_aws.call(
        "sqs", "ReceiveMessage", {"QueueUrl": url, "MessageAttributeNames": ["All"], "WaitTimeSeconds": 1}
    )
    [message] = got["Messages"]
    assert (message["MessageId"], message["Body"]) == (sent["MessageId"], "h\u00e9")
    assert message["MessageAttributes"]["key"]["BinaryValue"] == b"\xff"
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert got["ResponseMetadata"]["RequestId"]
    kit_aws.call("sqs", "DeleteMessage", {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]})


def test_an_item_is_written_and_read(aws: Any) -> None:
    schema = {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    aws.client("dynamodb").create_table(TableName="loans", **schema)
    item = {"id": {"S": "7"}, "scan": {"B": b"\x00"}, "tags": {"L": [{"M": {"n": {"N": "1"}}}]}}
    kit_aws.call("dynamodb", "PutItem", {"TableName": "loans", "Item": item})
    key = {"TableName": "loans", "Key": {"id": {"S": "7"}}}
    assert kit_aws.call("dynamodb", "GetItem", key)["Item"] == item
    condition = {
        "TableName": "loans",
        "Item": item,
        "ConditionExpression": "attribute_not_exists(id)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    with pytest.raises(AwsError, match="PutItem for 'loans' failed: ConditionalCheckFailedException") as caught:
        kit_aws.call("dynamodb", "PutItem", condition)
    assert caught.value.code == "ConditionalCheckFailedException"
    assert caught.value.details["Item"] == item
    write = {"Put": {**condition}}
    with pytest.raises(AwsError) as caught:
        kit_aws.call("dynamodb", "TransactWriteItems", {"TransactItems": [write]})
    [why] = caught.value.details["CancellationReasons"]
    assert why["Code"] == "ConditionalCheckFailed"
    assert "Item" not in kit_aws.call("dynamodb", "DeleteItem", key)


def test_topics_identities_objects_and_events(aws: Any) -> None:
    arn = aws.client("sns").create_topic(Name="loans")["TopicArn"]
    assert kit_aws.call("sns", "Publish", {"TopicArn": arn, "Message": "a b"})["MessageId"]
    entries = [{"Id": str(at), "Message": "m"} for at in range(2)]
    answer = kit_aws.call("sns", "PublishBatch", {"TopicArn": arn, "PublishBatchRequestEntries": entries})
    assert [each["Id"] for each in answer["Successful"]] == ["0", "1"]
    with pytest.raises(ResourceNotFoundError):
        kit_aws.call("sns", "Publish", {"TopicArn": arn + "x", "Message": "m"})
    assert kit_aws.call("sts", "GetCallerIdentity")["Account"] == "123456789012"
    event = {"Source": "s", "DetailType": "t", "Detail": "{}", "Time": datetime.now(UTC)}
    assert kit_aws.call("events", "PutEvents", {"Entries": [event]})["FailedEntryCount"] == 0
    aws.client("s3").create_bucket(Bucket="papers", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    place = {"Bucket": "papers", "Key": "a b/\u00e9+.txt"}
    kit_aws.call("s3", "PutObject", {**place, "Body": b"text", "Metadata": {"who": "me"}})
    got = kit_aws.call("s3", "GetObject", place)
    assert (got["Body"], got["Metadata"]) == (b"text", {"who": "me"})
    head = kit_aws.call("s3", "HeadObject", place)
    assert head["ContentLength"] == 4
    assert (datetime.now(UTC) - head["LastModified"]).total_seconds() < 3600
    with pytest.raises(ResourceNotFoundError) as caught:
        kit_aws.call("s3", "GetObject", {"Bucket": "papers", "Key": "none"})
    assert caught.value.code == "NoSuchKey"


def test_secrets_and_parameters(aws: Any) -> None:
    aws.client("secretsmanager").create_secret(Name="password", SecretString="text")
    secret = kit_aws.call("secretsmanager", "GetSecretValue", {"SecretId": "password"})
    assert secret["SecretString"] == "text"
    assert secret["CreatedDate"].tzinfo is UTC
    assert kit_aws.call("ssm", "PutParameter", {"Name": "/a/b", "Value": "v", "Type": "String"})["Version"] == 1
    assert kit_aws.call("ssm", "GetParametersByPath", {"Path": "/a"})["Parameters"][0]["Value"] == "v"


def test_boto3_is_not_loaded(aws: Any) -> None:
    aws.client("sqs").create_queue(QueueName="loans")
    code = "import sys, kit_aws; kit_aws.call('sqs', 'GetQueueUrl', {'QueueName': 'loans'}); "
    code += "print(*{name.partition('.')[0] for name in sys.modules} & {'boto3', 'botocore', 'urllib3'})"
    assert run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split() == []


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "place"),
    [
        ("sqs", "SendMessage", {"QueueUrl": "q"}, "MessageBody"),
        ("sqs", "SendMessage", {"QueueUrl": "q", "MessageBody": None}, "MessageBody"),
        ("sqs", "SendMessage", {"QueueUrl": "q", "MessageBody": "m", "DelaySeconds": 1.0}, "DelaySeconds"),
        ("sqs", "SendMessage", {"QueueUrl": "q", "MessageBody": "m", "Body": "m"}, "Body"),
        ("dynamodb", "GetItem", {"TableName": "t", "Key": {"k": {"N": 1}}}, "Key.k.N"),
        ("ssm", "GetParameters", {"Names": []}, "Names"),
        ("s3", "GetObject", {"Bucket": "papers", "Key": ""}, "Key"),
        ("lambda", "Invoke", {"FunctionName": "f", "Payload": {"a": 1}}, "Payload"),
        ("sqs", "DeleteMessageBatch", {"QueueUrl": "q", "Entries": [{"Id": "1"}]}, "Entries[0].ReceiptHandle"),
        ("events", "PutEvents", {"Entries": [{"Time": float("inf"), "Detail": "d"}]}, "Entries[0].Time"),
        ("events", "PutEvents", {"Entries": [{"Time": 1e30, "Detail": "d"}]}, "Entries[0].Time"),
        ("sns", "Publish", {"TopicArn": "t", "Message": "\ud800"}, ""),
        ("s3", "GetObject", {"Bucket": "papers", "Key": "\ud800"}, ""),
        ("s3", "PutObject", {"Bucket": "papers", "Key": "k", "Metadata": {"a\r\nb": "c"}}, "x-amz-meta-a\r\nb"),
        ("s3", "PutObject", {"Bucket": "papers", "Key": "k", "ContentType": "a\0b"}, "content-type"),
    ],
)
def test_parameters_that_do_not_fit_are_named(
    answering: Any, service: str, operation: str, parameters: Any, place: str
) -> None:
    server = answering((200, {}, b"{}"))
    with pytest.raises(ParameterError, match=operation) as caught:
        kit_aws.call(service, operation, parameters)
    assert caught.value.parameter == place
    assert (caught.value.operation, server.calls) == (operation, [])


def test_what_is_not_offered_is_an_error(keys: None) -> None:
    with pytest.raises(ValueError, match=r"use kit_aws\.client\('ec2'\)"):
        kit_aws.call("ec2", "RunInstances", {})
    with pytest.raises(ValueError, match=r"'DynamoDB': did you mean 'dynamodb'\?"):
        kit_aws.call("DynamoDB", "PutItem", {})
    with pytest.raises(ValueError, match=r"did you mean 'PutItem'\?"):
        kit_aws.call("dynamodb", "put_item", {})
    with pytest.raises(ValueError, match="SendMessageBatch"):
        kit_aws.call("sqs", "CreateQueue", {})


NO_QUEUE = {"x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender"}
NO_FUNCTION = {"x-amzn-ErrorType": "ResourceNotFoundException:http://x"}
DENIED = b'{"__type":"com.amazonaws#AccessDeniedException","Message":"no"}'
NO_TOPIC = b"<ErrorResponse><Error><Code>NotFound</Code></Error></ErrorResponse>"
ERRORS: list[tuple[Any, ...]] = [
    ("dynamodb", "GetItem", 400, {}, DENIED, AccessDeniedError),
    ("sqs", "GetQueueUrl", 400, NO_QUEUE, b'{"__type":"com.amazonaws.sqs#QueueDoesNotExist"}', ResourceNotFoundError),
    ("sns", "Publish", 404, {}, NO_TOPIC, ResourceNotFoundError),
    ("lambda", "Invoke", 404, NO_FUNCTION, b'{"Message":"m"}', ResourceNotFoundError),
    ("dynamodb", "GetItem", 400, {}, b"[]", AwsError),
    ("dynamodb", "GetItem", 400, {}, b'{"__type": 5}', AwsError),
    ("sns", "Publish", 400, {}, b"", AwsError),
]
GIVEN: dict[str, Any] = {
    "GetItem": {"TableName": "t", "Key": {}},
    "GetQueueUrl": {"QueueName": "q"},
    "Publish": {"TopicArn": "t", "Message": "m"},
    "Invoke": {"FunctionName": "f"},
}


@pytest.mark.parametrize(("service", "operation", "status", "headers", "body", "kind"), ERRORS)
def test_refusals_are_errors_by_their_codes(
    answering: Any, service: str, operation: str, status: int, headers: Any, body: bytes, kind: Any
) -> None:
    server = answering((status, {**headers, "x-amzn-RequestId": "r-1"}, body))
    with pytest.raises(kind) as caught:
        kit_aws.call(service, operation, GIVEN[operation])
    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.request_id, caught.value.operation) == (status, "r-1", operation)
    assert len(server.calls) == 1


def test_the_request_has_what_the_service_needs(answering: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "TOKENEXAMPLE")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "loans")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5;Parent=a b")
    server = answering((200, {}, b"{}"))
    kit_aws.call("dynamodb", "GetItem", {"TableName": "t", "Key": {"k": {"B": b"\x00"}}})
    [call] = server.calls
    assert json.loads(call.body) == {"TableName": "t", "Key": {"k": {"B": "AA=="}}}
    assert call.headers["X-Amz-Target"] == "DynamoDB_20120810.GetItem"
    assert call.headers["X-Amz-Security-Token"] == "TOKENEXAMPLE"
    assert call.headers["X-Amzn-Trace-Id"] == "Root=1-5;Parent=a%20b"
    assert call.headers["amz-sdk-request"].startswith("attempt=1; max=")
    assert "x-amzn-trace-id" not in call.headers["Authorization"]


def test_throttling_is_the_error_in_the_end(answering: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit_aws.calls.sending.time.sleep", lambda seconds: None)
    server = answering((400, {}, b'{"__type":"KmsThrottled","message":"slower"}'))
    with pytest.raises(ThrottlingError):
        kit_aws.call("sqs", "GetQueueUrl", {"QueueName": "q"})
    assert [call.headers["amz-sdk-request"] for call in server.calls] == [f"attempt={at}; max=7" for at in range(1, 8)]
    assert len({call.headers["amz-sdk-invocation-id"] for call in server.calls}) == 1


def test_errors_in_the_text_of_the_caller(answering: Any) -> None:
    answering((400, {}, b'{"__type":"ValidationException","message":"bad"}'))
    with pytest.raises(AwsError, match=r"^GetItem for 'the loans' failed: ValidationException: bad"):
        kit_aws.call("dynamodb", "GetItem", {"TableName": "t", "Key": {}}, resource="the loans")
