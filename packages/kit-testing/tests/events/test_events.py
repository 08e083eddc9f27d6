"""The event factories: the values in them, and where AWS encodes them."""

import gzip
import json
from base64 import b64decode
from decimal import Decimal
from hashlib import md5
from typing import Any

import pytest
from kit_testing import events
from kit_testing.events import (
    activemq_event,
    alexa_event,
    authorizer_event,
    carried,
    cognito_event,
    custom_resource_event,
    documentdb_event,
    dynamodb_event,
    dynamodb_record,
    event_body,
    event_record,
    eventbridge_event,
    firehose_event,
    http_event,
    iot_event,
    kafka_event,
    kinesis_aggregate,
    kinesis_event,
    kinesis_record,
    lex_event,
    logs_event,
    rabbitmq_event,
    s3_batch_event,
    s3_event,
    s3_eventbridge_event,
    s3_record,
    s3_test_event,
    schedule_event,
    sns_event,
    sns_record,
    sqs_event,
    sqs_record,
    websocket_event,
)

DATA = {"a": "é", "n": 1}
MADE: dict[str, Any] = {
    "sqs": lambda data: sqs_record(data)["body"],
    "sns": lambda data: sns_record(data)["Sns"]["Message"],
    "websocket": lambda data: websocket_event("send", body=data)["body"],
    "http": lambda data: http_event("POST", body=data)["body"],
    "kinesis": lambda data: b64decode(kinesis_event([data])["Records"][0]["kinesis"]["data"]),
    "firehose": lambda data: b64decode(firehose_event([data])["records"][0]["data"]),
    "kafka": lambda data: b64decode(kafka_event([data])["records"]["topic-0"][0]["value"]),
    "activemq": lambda data: b64decode(activemq_event([data])["messages"][0]["data"]),
    "rabbitmq": lambda data: b64decode(rabbitmq_event([data])["rmqMessagesByQueue"]["queue::/"][0]["data"]),
    "logs": lambda data: log(logs_event([data]))["logEvents"][0]["message"],
}


def log(event: Any) -> Any:
    return json.loads(gzip.decompress(b64decode(event["awslogs"]["data"])))


@pytest.mark.parametrize("source", MADE)
def test_mappings_become_json_everywhere_and_text_stays(source: str) -> None:
    assert json.loads(MADE[source](DATA)) == DATA
    assert MADE[source]("plain") in ("plain", b"plain")


@pytest.mark.parametrize("source", ["kinesis", "firehose", "kafka", "activemq", "rabbitmq"])
def test_bytes_stay_bytes_where_the_source_carries_base64(source: str) -> None:
    assert MADE[source](b"\x00\xff") == b"\x00\xff"


@pytest.mark.parametrize(
    "factory",
    [
        *(sqs_event, sns_event, s3_event, kinesis_event, firehose_event, kafka_event, activemq_event, rabbitmq_event),
        *(documentdb_event, dynamodb_event, logs_event, s3_batch_event),
    ],
)
@pytest.mark.parametrize("one", ["text", b"bytes", {"id": 1}])
def test_one_value_in_the_place_of_a_list_is_an_error(factory: Any, one: Any) -> None:
    with pytest.raises(TypeError, match="is a list with one item for each record"):
        factory(one)


ARGUMENTS: dict[str, Any] = {
    "documentdb_event": [{"_id": 1}],
    "dynamodb_event": [{"id": 1}],
    "dynamodb_record": {"id": 1},
    "eventbridge_event": {"a": 1},
    "iot_event": {"a": 1},
    **dict.fromkeys(("kinesis_record", "s3_eventbridge_event", "s3_record", "sns_record", "sqs_record"), "a"),
    **dict.fromkeys(
        f"{source}_event"
        for source in ("activemq", "firehose", "kafka", "kinesis", "logs", "rabbitmq", "s3", "s3_batch", "sns", "sqs")
    ),
}


@pytest.mark.parametrize(
    "name", [name for name in events.__all__ if name not in ("PAYLOADS", "carried", "kinesis_aggregate")]
)
def test_every_event_is_json(name: str) -> None:
    factory = getattr(events, name)
    made = factory(ARGUMENTS[name] or ["a"]) if name in ARGUMENTS else factory()
    assert json.loads(json.dumps(made)) == made


# ---- Streams


def test_an_aggregate_has_the_format_of_the_kinesis_producer_library() -> None:
    """Magic bytes, the partition key and the records in Protocol Buffers, and an MD5 digest."""
    data = kinesis_aggregate(["a", b"b" * 200], partition_key="k")
    message = b"\x0a\x01k" + b"\x1a\x05\x08\x00\x1a\x01a" + b"\x1a\xcd\x01\x08\x00\x1a\xc8\x01" + b"b" * 200
    assert data == b"\xf3\x89\x9a\xc2" + message + md5(message, usedforsecurity=False).digest()
    assert b64decode(kinesis_record(data)["kinesis"]["data"]) == data


# ---- Queues


def test_groups_make_a_fifo_queue() -> None:
    plain, fifo = sqs_event([DATA], queue="jobs"), sqs_event(["a", "b"], queue="jobs", groups=["g", "h"])
    assert plain["Records"][0]["eventSourceARN"].endswith(":jobs")
    assert "MessageGroupId" not in plain["Records"][0]["attributes"]
    assert {record["eventSourceARN"].rpartition(":")[2] for record in fifo["Records"]} == {"jobs.fifo"}
    assert [record["attributes"]["MessageGroupId"] for record in fifo["Records"]] == ["g", "h"]
    assert sqs_record("a", queue="jobs.fifo", group="g")["eventSourceARN"].endswith(":jobs.fifo")
    with pytest.raises(ValueError, match="2 bodies need as many groups, not 1"):
        sqs_event(["a", "b"], groups=["g"])


def test_a_standard_queue_has_groups_too() -> None:
    [record] = sqs_event([DATA], queue="jobs", groups=["tenant-7"], fifo=False)["Records"]
    assert record["eventSourceARN"].endswith(":jobs")
    assert record["attributes"]["MessageGroupId"] == "tenant-7"
    assert record["attributes"].keys().isdisjoint({"SequenceNumber", "MessageDeduplicationId"})
    with pytest.raises(ValueError, match=r"'jobs.fifo' is the name of a FIFO queue"):
        sqs_record(DATA, queue="jobs.fifo", group="g", fifo=False)


def test_a_message_has_its_receives_attributes_and_trace() -> None:
    [message] = sqs_event(["é"], receives=4, attributes={"x-id": "c-1", "b": b"\x01"}, trace="Root=1-a")["Records"]
    assert message["messageId"] == "message-1"
    assert message["attributes"]["ApproximateReceiveCount"] == "4"
    assert message["attributes"]["AWSTraceHeader"] == "Root=1-a"
    assert message["messageAttributes"]["x-id"]["stringValue"] == "c-1"
    assert (
        message["messageAttributes"]["b"] | {"dataType": "Binary", "binaryValue": "AQ=="}
        == message["messageAttributes"]["b"]
    )
    assert message["md5OfBody"] == md5("é".encode()).hexdigest()


def test_single_records_have_ids_of_their_own() -> None:
    assert sqs_record("a")["messageId"] != sqs_record("a")["messageId"]
    assert sns_record("a")["Sns"]["MessageId"] != sns_record("a")["Sns"]["MessageId"]
    assert sqs_record("a", message_id="m")["messageId"] == "m"


def test_brokers_name_the_queue() -> None:
    assert activemq_event([b"\x00"], queue="q")["messages"][0]["destination"] == {"physicalName": "q"}
    assert activemq_event([b"\x00"])["messages"][0]["messageType"] == "jms/bytes-message"
    assert list(rabbitmq_event(["a"], queue="q", virtual_host="v")["rmqMessagesByQueue"]) == ["q::v"]


# ---- Streams


def test_stream_records_are_numbered() -> None:
    assert [each["kinesis"]["sequenceNumber"] for each in kinesis_event(["a", "b", "c"])["Records"]] == [
        "seq-1",
        "seq-2",
        "seq-3",
    ]
    made = dynamodb_event([{"id": 1}, ({"id": 1}, {"id": 1, "a": 2}), (None, {"id": 1})])["Records"]
    assert [each["eventName"] for each in made] == ["INSERT", "MODIFY", "REMOVE"]
    assert [each["dynamodb"]["SequenceNumber"] for each in made] == ["seq-1", "seq-2", "seq-3"]
    assert made[1]["dynamodb"]["OldImage"] == {"id": {"N": "1"}, "a": {"N": "2"}}
    assert "NewImage" not in made[2]["dynamodb"]


def test_dynamodb_types_python_values() -> None:
    item = {"id": "1", "n": Decimal("1.50"), "b": b"x", "t": True, "z": None, "l": [1], "m": {"a": "b"}, "s": {"a"}}
    assert dynamodb_record(item)["dynamodb"]["NewImage"] == {
        "id": {"S": "1"},
        "n": {"N": "1.50"},
        "b": {"B": "eA=="},
        "t": {"BOOL": True},
        "z": {"NULL": True},
        "l": {"L": [{"N": "1"}]},
        "m": {"M": {"a": {"S": "b"}}},
        "s": {"SS": ["a"]},
    }
    with pytest.raises(TypeError, match=r"no type for float: 1\.5"):
        dynamodb_record({"id": 1.5})
    assert dynamodb_record(None, {"id": 1}, expired=True)["userIdentity"]["type"] == "Service"


def test_kafka_partitions_keys_headers_and_tombstones() -> None:
    made = kafka_event(["a", None], topic="t", partition=3, key="k", headers={"h": b"\x01\xff"})
    [first, tombstone] = made["records"]["t-3"]
    assert (first["offset"], tombstone["offset"], tombstone["value"]) == (0, 1, None)
    assert (first["key"], first["headers"]) == ("aw==", [{"h": [1, -1]}])
    assert (made["eventSource"], kafka_event([], self_managed=True)["eventSource"]) == ("aws:kafka", "SelfManagedKafka")


def test_deleted_documents_and_control_messages_hold_nothing() -> None:
    assert "fullDocument" not in documentdb_event([{"_id": 1}], operation="delete")["events"][0]["event"]
    assert log(logs_event([], control=True))["messageType"] == "CONTROL_MESSAGE"


# ---- Notices


def test_keys_are_encoded_in_notifications_alone_and_removed_objects_have_no_size() -> None:
    [record] = s3_event(["a b/ü+c.txt"])["Records"]
    assert record["s3"]["object"]["key"] == "a+b/%C3%BC%2Bc.txt"
    removed = s3_record("a", name="ObjectRemoved:Delete")
    assert not {"size", "eTag"} & set(removed["s3"]["object"])
    made = s3_eventbridge_event("a b", size=3)
    assert (made["detail"]["object"]["key"], made["detail"]["object"]["size"]) == ("a b", 3)
    assert "size" not in s3_eventbridge_event("a", detail_type="Object Deleted")["detail"]["object"]
    assert s3_test_event(bucket="b")["Bucket"] == "b"


def test_notices_have_their_names() -> None:
    [message] = sns_event([DATA], topic="t", subject="s", attributes={"x": "y"})["Records"]
    assert message["Sns"]["TopicArn"].endswith(":t")
    assert (message["Sns"]["Subject"], message["Sns"]["MessageId"]) == ("s", "message-1")
    assert message["Sns"]["MessageAttributes"] == {"x": {"Type": "String", "Value": "y"}}
    made = eventbridge_event({"a": 1}, detail_type="t", source="s", resources=["r"])
    assert (made["detail"], made["detail-type"], made["source"], made["resources"]) == ({"a": 1}, "t", "s", ["r"])
    assert schedule_event("nightly")["resources"][0].endswith(":rule/nightly")
    assert schedule_event("nightly", scheduler=True)["detail"] == "{}"
    assert iot_event({"t": 1}, topic="a/b", client_id="c").items() >= {"t": 1, "topic": "a/b", "clientId": "c"}.items()


# ---- Requests, triggers, WebSockets


def test_an_unknown_payload_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"3\.0"):
        http_event(version="3.0")


def test_an_empty_body_and_no_authorizer_are_left_out_as_api_gateway_does() -> None:
    event = http_event()
    assert "body" not in event
    assert "authorizer" not in event["requestContext"]
    assert http_event(version="1.0")["body"] is None


def test_rest_apis_leave_path_parameters_encoded_but_for_the_slashes_between() -> None:
    sent = {"id": "a/b", "rest": "c/d e"}
    event = http_event("GET", "/x", path_params=sent, resource="/{id}/{rest+}", version="1.0")
    assert event["pathParameters"] == {"id": "a%2Fb", "rest": "c/d%20e"}


def test_authorizers_have_the_token_and_the_arn() -> None:
    assert authorizer_event("token", token="t", path="/a")["methodArn"].endswith("/GET/a")
    assert authorizer_event(token="t")["identitySource"] == ["t"]
    assert authorizer_event("1.0", token="t")["headers"]["Authorization"] == "t"
    assert authorizer_event("websocket", token="t")["methodArn"].endswith("/$connect")
    with pytest.raises(ValueError, match="kind"):
        authorizer_event("3.0")


def test_triggers() -> None:
    assert cognito_event()["response"] == {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}
    assert cognito_event("CustomMessage_SignUp", request={"codeParameter": "{####}"})["request"]["codeParameter"]
    assert list(cognito_event("TokenGeneration_Authentication", version="2")["response"]) == [
        "claimsAndScopeOverrideDetails"
    ]
    slots = lex_event("order", slots={"a": "1", "b": None})["sessionState"]["intent"]["slots"]
    assert (slots["a"]["value"]["interpretedValue"], slots["b"]) == ("1", None)
    assert alexa_event()["request"]["type"] == "LaunchRequest"
    assert alexa_event("order", slots={"a": "1"})["request"]["intent"]["slots"]["a"]["value"] == "1"
    assert "PhysicalResourceId" not in custom_resource_event()
    assert custom_resource_event("Update", old_properties={"a": 1})["OldResourceProperties"]["a"] == 1


def test_websocket_events_have_what_api_gateway_sends_with_each() -> None:
    connect = websocket_event("$connect", query={"a": "b"}, authorizer={"id": 1})
    message, disconnect = websocket_event("send"), websocket_event("$disconnect", disconnect_code=1001)
    assert (connect["multiValueQueryStringParameters"], "body" in connect) == ({"a": ["b"]}, False)
    assert (message["body"], "headers" in message) == ("", False)
    assert disconnect["requestContext"]["disconnectStatusCode"] == 1001
    assert [each["requestContext"]["eventType"] for each in (connect, message, disconnect)] == [
        "CONNECT",
        "MESSAGE",
        "DISCONNECT",
    ]


# ---- Carriers


def test_an_event_is_carried_from_the_innermost_to_the_outermost() -> None:
    record = event_record({"amount": 1}, type="loan.requested")
    notice = json.loads(record["body"])
    assert {"SigningCertURL", "UnsubscribeURL"} < set(notice)
    assert json.loads(notice["Message"])["payload"] == {"amount": 1}
    assert "TopicArn" not in event_record(carriers=["sqs"])["body"]
    packed = carried(DATA, "gzip", "kinesis")["kinesis"]["data"]
    assert json.loads(gzip.decompress(b64decode(packed))) == DATA
    with pytest.raises(ValueError, match="not 'pigeon'"):
        carried(DATA, "pigeon")
    with pytest.raises(TypeError, match="an event has no colour"):
        event_body(colour="red")


def test_received_messages_become_an_event_whose_messages_can_be_changed(aws: Any) -> None:
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    attributes: dict[str, Any] = {
        "correlation_id": {"DataType": "String", "StringValue": "c-1"},
        "key": {"DataType": "Binary", "BinaryValue": b"\x01"},
    }
    sqs.send_message(QueueUrl=url, MessageBody="one", MessageAttributes=attributes)
    sqs.send_message(QueueUrl=url, MessageBody="two")
    received = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
    )["Messages"]
    records = sqs_event(messages=received, queue="orders")["Records"]
    assert [record["body"] for record in records] == [message["Body"] for message in received]
    assert [record["messageId"] for record in records] == [message["MessageId"] for message in received]
    [one] = [record for record in records if record["body"] == "one"]
    assert one["attributes"]["SentTimestamp"] in [each["Attributes"]["SentTimestamp"] for each in received]
    assert one["messageAttributes"]["correlation_id"]["stringValue"] == "c-1"
    assert one["messageAttributes"]["key"]["binaryValue"] == "AQ=="
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    assert (one["eventSourceARN"], one["awsRegion"]) == (arn, aws.region)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=one["receiptHandle"], VisibilityTimeout=0)
    [again] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)["Messages"]
    assert again["Body"] == "one"


@pytest.mark.parametrize("options", [{"bodies": ["a"]}, {"groups": ["g"]}, {"attributes": {"a": "b"}}])
def test_received_messages_take_no_other_option_than_the_queue(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="leave out"):
        sqs_event(messages=[], **options)


def test_a_batch_without_bodies_and_messages_is_an_error() -> None:
    with pytest.raises(TypeError, match="bodies, or messages="):
        sqs_event()


@pytest.mark.parametrize(
    "attributes", [{"id": {"DataType": "String", "StringValue": "c-1"}}, [{"id": "c-1"}], {"count": 1}]
)
@pytest.mark.parametrize("factory", [sqs_record, sns_record])
def test_attributes_of_another_shape_are_refused(factory: Any, attributes: Any) -> None:
    with pytest.raises(TypeError, match="names to texts or bytes"):
        factory("a", attributes=attributes)
