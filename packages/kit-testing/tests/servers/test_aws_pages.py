"""The local AWS endpoint and web pages: those of this machine are answered, the others are not."""

import http.client
from contextlib import closing

import pytest


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


def test_a_page_is_told_of_once(cloud, caplog):
    for number in range(300):
        ask(cloud, Origin=f"https://page-{number // 2}.example")
    told = [record.getMessage() for record in caplog.records if record.name == "kit.testing"]
    assert len(told) == len(set(told)) == 100
