"""The local AWS endpoint: what moto answers, over connections that stay open."""

import http.client
import logging
import os
import socket
import struct
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import boto3
import pytest
from botocore.exceptions import ClientError
from kit_testing import ServerError
from kit_testing.servers import Aws
from kit_testing.servers.aws import Bridge, Call, Next, Reply


def send(connection, action, **parameters):
    """Send an SQS query by hand, signed for show as moto takes anything, and return the answer."""
    body = "&".join(f"{name}={value}" for name, value in {"Action": action, **parameters}.items())
    scope = "test/20250101/us-east-1/sqs/aws4_request"
    connection.request(
        "POST",
        "/",
        body,
        {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}", "Content-Type": "application/x-www-form-urlencoded"},
    )
    return connection.getresponse()


def test_a_connection_serves_more_than_one_request(cloud):
    sockets = set()
    with closing(http.client.HTTPConnection("127.0.0.1", int(cloud.url.rpartition(":")[2]))) as connection:
        for _ in range(3):
            answer = send(connection, "ListQueues")
            assert (answer.status, answer.will_close) == (200, False)
            answer.read()
            sockets.add(connection.sock)
    assert len(sockets) == 1


def test_a_body_in_chunks(cloud):
    cloud.client("s3").create_bucket(Bucket="bucket")
    with closing(http.client.HTTPConnection("127.0.0.1", int(cloud.url.rpartition(":")[2]))) as connection:
        connection.request("PUT", "/bucket/key", iter([b"one ", b"two"]), encode_chunked=True)
        assert connection.getresponse().status == 200
    assert cloud.client("s3").get_object(Bucket="bucket", Key="key")["Body"].read() == b"one two"


def test_half_a_request_is_none(cloud):
    cloud.client("s3").create_bucket(Bucket="bucket")
    with closing(http.client.HTTPConnection("127.0.0.1", int(cloud.url.rpartition(":")[2]))) as connection:
        connection.putrequest("PUT", "/bucket/key")
        connection.putheader("Content-Length", "10")
        connection.endheaders(b"half")
        connection.sock.shutdown(1)
        with pytest.raises(http.client.RemoteDisconnected):
            connection.getresponse()
    assert "Contents" not in cloud.client("s3").list_objects_v2(Bucket="bucket")


def test_objects_and_their_metadata(cloud):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="k ä/b", Body=b"x" * 3_000_000, Metadata={"under_score": "yes"})
    got = s3.get_object(Bucket="bucket", Key="k ä/b")
    assert (len(got["Body"].read()), got["Metadata"]) == (3_000_000, {"under_score": "yes"})
    assert s3.head_object(Bucket="bucket", Key="k ä/b")["ContentLength"] == 3_000_000
    s3.delete_object(Bucket="bucket", Key="k ä/b")
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket="bucket", Key="k ä/b")


def test_a_long_poll_ends_when_a_message_comes(cloud):
    sqs = cloud.client("sqs")
    queue = sqs.create_queue(QueueName="queue")["QueueUrl"]
    received = []
    poll = threading.Thread(
        target=lambda: received.append(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"][0]["Body"])
    )
    poll.start()
    sqs.send_message(QueueUrl=queue, MessageBody="hello")
    poll.join(timeout=15)
    assert received == ["hello"]


def test_reset_forgets_everything(cloud):
    cloud.client("sqs").create_queue(QueueName="queue")
    cloud.client("dynamodb").create_table(
        TableName="table",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    cloud.reset()
    assert "QueueUrls" not in cloud.client("sqs").list_queues()
    assert cloud.client("dynamodb").list_tables()["TableNames"] == []


def test_clients_are_kept(cloud):
    assert cloud.client("sqs") is cloud.client("sqs")
    other = cloud.client("sqs", region_name="eu-west-1")
    assert (other.meta.region_name, cloud.client("sqs").meta.region_name) == ("eu-west-1", cloud.region)
    other.close()


def test_clients_have_room_for_many_connections(cloud):
    assert cloud.client("sqs").meta.config.max_pool_connections >= 25


def test_the_users_own_configuration_is_not_read(cloud, monkeypatch, tmp_path):
    (tmp_path / "config").write_text("[default]\nendpoint_url = http://elsewhere\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "missing")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with closing(cloud.client("sns", region_name="us-east-1")) as client:
        assert client.list_topics()["Topics"] == []


def test_the_environment_leads_an_sdk_here(cloud, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "example.org")
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)
    assert os.environ["NO_PROXY"] == "example.org,127.0.0.1"
    with closing(boto3.session.Session().client("sts")) as client:
        assert client.get_caller_identity()["Account"] == cloud.account == os.environ["AWS_ACCOUNT_ID"]


def test_no_proxy_no_exception(cloud, monkeypatch):
    for name in tuple(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    assert set(cloud.environment()) == {
        *("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"),
        "AWS_ACCOUNT_ID",
    }


def test_the_region(monkeypatch):
    monkeypatch.delenv("AWS_REGION", raising=False)
    assert Aws().region == "us-east-1"
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert Aws().region == "eu-central-1"
    assert Aws(region="ap-south-1").region == "ap-south-1"


def test_requests_leave_no_trace(cloud, capfd, caplog):
    caplog.set_level(logging.INFO)
    cloud.client("sqs").list_queues()
    assert (capfd.readouterr(), caplog.text) == (("", ""), "")


def test_a_client_that_leaves_is_no_error(cloud, caplog):
    answered = threading.Event()

    def wait(call, call_next):
        assert connection.sock is not None
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()  # at once, with a reset
        answered.set()
        return Reply(200, (), b"x" * 10_000_000)

    cloud.bridges.append(wait)
    connection = http.client.HTTPConnection(cloud.url.removeprefix("http://"))
    connection.request("GET", "/")
    assert answered.wait(30)
    cloud.stop()
    assert [record for record in caplog.records if record.name == "kit.testing"] == []


def test_it_comes_back_where_it_was():
    cloud = Aws()
    cloud.start()
    url = cloud.url
    cloud.start()
    cloud.client("sqs").list_queues()
    cloud.stop()
    with pytest.raises(ServerError, match="not started"):
        _ = cloud.url
    with cloud:
        assert cloud.url == url
        cloud.client("sqs").list_queues()


def test_a_port_that_is_taken(cloud):
    with pytest.raises(ServerError, match="cannot be had"):
        Aws(int(cloud.url.rpartition(":")[2])).start()


def test_nothing_is_left_open_at_the_end_of_the_process():
    script = """
import contextlib
import threading
from botocore.exceptions import HTTPClientError
from kit_testing.servers import Aws
from kit_testing.servers.aws import Reply
cloud = Aws()
cloud.start()
queue = cloud.client("sqs").create_queue(QueueName="queue")["QueueUrl"]
def poll():
    with contextlib.suppress(HTTPClientError):
        cloud.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=20)
threading.Thread(target=poll, daemon=True).start()
"""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", script], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["plugin", "servers"])
def test_importing_costs_little(name):
    heavy = {"moto", "boto3", "botocore", "werkzeug", "psycopg2", "redis", "fakeredis", "aiohttp"}
    script = f"import sys, kit_testing.{name}; print(sorted(set(sys.modules) & {heavy!r}))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "[]\n"


@pytest.fixture
def fifo_queue(cloud):
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="queue.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]

    def send(body, deduplication_id):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g", MessageDeduplicationId=deduplication_id)

    def take():
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in messages]

    return send, take


def test_a_deduplication_id_counts_after_its_message_was_deleted(fifo_queue):
    send, take = fifo_queue
    send("one", "1")
    assert take() == ["one"]
    send("one again", "1")
    send("two", "2")
    assert take() == ["two"]


def test_a_fifo_topic_deduplicates_by_content(cloud, fifo_queue):
    _, take = fifo_queue
    sns = cloud.client("sns")
    attributes = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    topic = sns.create_topic(Name="topic.fifo", Attributes=attributes)["TopicArn"]
    arn = f"arn:aws:sqs:{cloud.region}:{cloud.account}:queue.fifo"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    for text in ("one", "one", "two"):
        sns.publish(TopicArn=topic, Message=text, MessageGroupId="g")
    assert take() == ["one", "two"]


def test_bridges_stand_before_moto(cloud):
    def refuse(call: Call, call_next: Next) -> Reply:
        if call.action == "CreateQueue":
            return Reply.error(403, "AccessDenied", "no queues today")
        seen.append((call.service, call.action))
        return call_next(call)

    seen = []
    bridge: Bridge = refuse
    cloud.bridges.append(bridge)
    try:
        with pytest.raises(ClientError, match="no queues today"):
            cloud.client("sqs").create_queue(QueueName="queue")
        cloud.client("sqs").list_queues()
    finally:
        cloud.bridges.remove(bridge)
    assert seen == [("sqs", "ListQueues")]


def test_a_topic_delivers_binary_attributes_raw(cloud):
    sns, sqs = cloud.client("sns"), cloud.client("sqs")
    topic, queue = sns.create_topic(Name="news")["TopicArn"], sqs.create_queue(QueueName="work")["QueueUrl"]
    arn = f"arn:aws:sqs:{cloud.region}:{cloud.account}:work"
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
    attributes = {
        "digest": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        "kind": {"DataType": "String", "StringValue": "loan"},
    }
    sns.publish(TopicArn=topic, Message="one", MessageAttributes=attributes)
    [message] = sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"])["Messages"]
    assert (message["Body"], message["MessageAttributes"]) == ("one", attributes)
    sqs.send_message(QueueUrl=queue, MessageBody="one", MessageAttributes=attributes)
    [sent] = sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"])["Messages"]
    assert sent["MD5OfMessageAttributes"] == message["MD5OfMessageAttributes"]


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("sqs", "list_queues"),
        ("sns", "list_topics"),
        ("s3", "list_buckets"),
        ("dynamodb", "list_tables"),
        ("lambda", "list_functions"),
    ],
)
def test_a_bridge_that_fails_is_an_error_that_says_why(cloud, service, operation):
    def fail(call, call_next):
        raise ValueError("<the reason>")

    cloud.bridges.append(fail)
    with pytest.raises(ClientError) as caught:
        getattr(cloud.client(service), operation)()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("InternalFailure", "ValueError: <the reason>")


def test_a_failure_of_moto_is_one_line(cloud, caplog, monkeypatch):
    from moto.sqs.models import SQSBackend

    def fail(*args, **options):
        raise TypeError("the reason")

    monkeypatch.setattr(SQSBackend, "list_queues", fail)
    with pytest.raises(ClientError, match="moto failed in sqs ListQueues: TypeError: the reason"):
        cloud.client("sqs").list_queues()
    [record] = [entry for entry in caplog.records if entry.name == "kit.testing"]
    assert record.getMessage() == "moto failed in sqs ListQueues: TypeError: the reason"
    assert record.exc_info is None
    assert cloud.client("sqs").create_queue(QueueName="next")["QueueUrl"]


def test_transactions_lose_no_other_write(cloud):
    dynamodb = cloud.client("dynamodb")
    key = [{"AttributeName": "id", "AttributeType": "S"}]
    schema = [{"AttributeName": "id", "KeyType": "HASH"}]
    dynamodb.create_table(TableName="t", AttributeDefinitions=key, KeySchema=schema, BillingMode="PAY_PER_REQUEST")

    def put(number):
        dynamodb.put_item(TableName="t", Item={"id": {"S": f"put {number}"}})

    def transact(number):
        item = {"TableName": "t", "Item": {"id": {"S": f"transaction {number}"}}}
        if number % 2:
            item["ConditionExpression"] = "attribute_exists(id)"
        try:
            dynamodb.transact_write_items(TransactItems=[{"Put": item}])
        except dynamodb.exceptions.TransactionCanceledException:
            assert number % 2

    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(call, number) for number in range(100) for call in (put, transact)]
    for call in calls:
        call.result()
    assert dynamodb.scan(TableName="t", Select="COUNT")["Count"] == 150


def test_nothing_that_is_gone_is_kept(cloud):
    from moto.dynamodb.models.dynamo_type import Item
    from moto.sqs.models import Message

    sqs, dynamodb = cloud.client("sqs"), cloud.client("dynamodb")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    schema = {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "BillingMode": "PAY_PER_REQUEST"}
    dynamodb.create_table(TableName="t", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], **schema)
    for _ in range(3):
        sqs.send_message(QueueUrl=url, MessageBody="m")
        dynamodb.put_item(TableName="t", Item={"id": {"S": "i"}})
        assert dynamodb.scan(TableName="t")["Count"] == 1
    assert (Item.instances_tracked, Message.instances_tracked) == ([], [])
    assert len(sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]) == 3
