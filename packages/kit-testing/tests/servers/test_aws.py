"""The local AWS endpoint: what moto answers, over connections that stay open."""

import http.client
import logging
import os
import subprocess
import sys
import threading
from contextlib import closing

import boto3
import pytest
from botocore.exceptions import ClientError
from kit_testing import ServerError
from kit_testing.servers import Aws
from kit_testing.servers.aws import Bridge, Call, Next, Reply


@pytest.fixture
def cloud():
    with Aws() as started:
        started.reset()
        yield started


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


def test_a_failure_of_moto_is_an_answer(cloud, monkeypatch, caplog):
    def fail(*arguments):
        raise RuntimeError("a bug")

    monkeypatch.setattr("moto.sqs.models.SQSBackend.list_queues", fail)
    with pytest.raises(ClientError, match="500"):
        cloud.client("sqs").list_queues()
    assert "a bug" in caplog.text
    monkeypatch.undo()
    cloud.client("sqs").list_queues()


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


def ask(cloud, method="GET", path="/moto-api/data.json", body=None, host=None, **headers):
    """Send one request as a browser would, and return the answer with its body."""
    own = cloud.url.removeprefix("http://")
    with closing(http.client.HTTPConnection(own)) as connection:
        connection.putrequest(method, path, skip_host=True)
        for name, value in {"Host": own if host is None else host, **headers}.items():
            for each in [value] if isinstance(value, str) else value:
                connection.putheader(name.replace("_", "-"), each)
        connection.putheader("Content-Length", str(len(body or b"")))
        connection.endheaders(body)
        answer = connection.getresponse()
        answer.read()
        return answer


FOREIGN = [
    {"Origin": "https://somewhere.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "https://localhost.somewhere.example"},
    {"Origin": "https://127.0.0.1.somewhere.example"},
    {"Origin": "https://127.0.0.1@somewhere.example"},
    {"Origin": "https://somewhere.example:20000/http://localhost"},
    {"Origin": "http://localhost https://somewhere.example"},
    {"Origin": ["http://localhost", "https://somewhere.example"]},
    {"Origin": "http://192.168.0.7:3000"},
    {"Origin": "chrome-extension://abcdefghijklmnop"},
    {"Referer": "https://somewhere.example/page"},
    {"Sec_Fetch_Site": "cross-site"},
    {"Origin": "https://somewhere.example", "Sec_Fetch_Site": "same-origin"},
    {"host": "somewhere.example"},
    {"host": "somewhere.example:20000"},
    {"host": "127.0.0.1.nip.io"},
    {"host": "localhost.somewhere.example"},
    {"host": "127.0.0.1@somewhere.example"},
    {"host": "0.0.0.0:20000"},
    {"host": "192.168.0.7"},
    {"host": ""},
    {"host": ["localhost", "somewhere.example"]},
    {"path": "http://somewhere.example/moto-api/data.json"},
]
OWN = [
    {},
    {"Origin": "http://localhost:5173"},
    {"Origin": "http://127.0.0.1:3000"},
    {"Origin": "https://[::1]:8443"},
    {"Origin": "http://shop.localhost:5173", "Sec_Fetch_Site": "cross-site"},
    {"Referer": "http://localhost:5173/photos", "Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "none"},
    {"Sec_Fetch_Site": "same-site"},
    {"host": "localhost"},
    {"host": "LOCALHOST.:20000"},
    {"host": "127.8.9.10"},
    {"host": "[::1]:20000"},
    {"host": "bucket.localhost:20000"},
]


@pytest.mark.parametrize("request_of", FOREIGN, ids=str)
def test_a_foreign_page_or_host_is_refused(cloud, caplog, request_of):
    cloud.client("sqs").create_queue(QueueName="kept")
    for method in ("GET", "OPTIONS"):
        answer = ask(cloud, method, **request_of)
        assert answer.status == 403
        assert [name for name, _ in answer.getheaders() if name.lower().startswith("access-control-")] == []
    assert "the local AWS endpoint has refused a request" in caplog.text
    reset = {"path": "/moto-api/reset", **request_of} if "path" not in request_of else request_of
    assert ask(cloud, "POST", **reset).status == 403
    assert len(cloud.client("sqs").list_queues()["QueueUrls"]) == 1


@pytest.mark.parametrize("request_of", OWN, ids=str)
def test_pages_and_hosts_of_this_machine_are_answered(cloud, request_of):
    assert ask(cloud, **request_of).status == 200


def test_a_request_without_a_host_is_refused(cloud):
    own = cloud.url.removeprefix("http://")
    with closing(http.client.HTTPConnection(own)) as connection:
        connection.putrequest("GET", "/moto-api/data.json", skip_host=True)
        connection.endheaders()
        assert connection.getresponse().status == 403


def test_a_refused_request_is_read_to_its_end(cloud):
    with closing(http.client.HTTPConnection(cloud.url.removeprefix("http://"))) as connection:
        for origin, status in (("https://somewhere.example", 403), ("http://localhost:1", 200)):
            connection.request("PUT", "/bucket", b"", {"Origin": origin})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == status


def test_a_bridge_sees_no_refused_request(cloud):
    seen = []
    cloud.bridges.append(lambda call, call_next: seen.append(call.path) or call_next(call))
    assert ask(cloud, Origin="https://somewhere.example").status == 403
    assert ask(cloud).status == 200
    assert seen == ["/moto-api/data.json"]
