"""The example from outside: real HTTP, real WebSockets, real faults."""

import json
import os
import signal
from uuid import UUID, uuid4

import httpx
import psutil
import psycopg2
import pytest
from backend_process import OFFICER, Backend, wait_for
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection

# Left behind at the start, for the last test.
pytestmark = pytest.mark.usefixtures("left_behind")


def announced(socket: ClientConnection, loan_id: str) -> dict[str, object]:
    """Return the next message about the loan; others are about other tests' loans."""
    while True:
        message = json.loads(socket.recv(timeout=30))
        if message.get("id") == loan_id:
            return message


def decided(backend: Backend, loan_id: str) -> str:
    return wait_for(lambda: (status := backend.loan(loan_id)["status"]) != "requested" and status)


def drained(backend: Backend, logical_id: str) -> bool:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    queue = backend.queue(logical_id)
    attributes = backend.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return all(attributes[name] == "0" for name in names)


def test_a_small_loan_is_requested_approved_and_announced(backend: Backend) -> None:
    with backend.connect() as socket:
        loan = backend.create_loan("1500.00")
        assert loan["status"] == "requested"
        assert loan["amount"] == "1500.00"

        assert announced(socket, loan["id"]) == {"action": "loan", "id": loan["id"], "status": "approved"}

    assert backend.loan(loan["id"])["status"] == "approved"
    listed = backend.request("GET", "/loans?status=approved", token="demo-viewer").json()["data"]
    assert loan["id"] in [item["id"] for item in listed]


def test_a_loan_above_the_limit_is_rejected(backend: Backend) -> None:
    with backend.connect() as socket:
        loan = backend.create_loan("10000.01")
        assert announced(socket, loan["id"])["status"] == "rejected"
    listed = backend.request("GET", "/loans?status=approved").json()["data"]
    assert loan["id"] not in [item["id"] for item in listed]


def test_a_cached_loan_is_read_anew_after_it_changed(backend: Backend) -> None:
    loan = backend.create_loan("10000.00")
    backend.loan(loan["id"])
    assert decided(backend, loan["id"]) == "approved"


def test_no_token_is_unauthorized(backend: Backend) -> None:
    assert backend.request("GET", "/loans", token=None).status_code == 401
    assert backend.request("POST", "/loans", token=None, json={}).status_code == 401


def test_an_unknown_token_is_forbidden(backend: Backend) -> None:
    assert backend.request("GET", "/loans", token="demo-nobody").status_code == 403


def test_a_viewer_may_look_but_not_create(backend: Backend) -> None:
    assert backend.request("GET", "/loans", token="demo-viewer").status_code == 200
    response = backend.request("POST", "/loans", token="demo-viewer", json={})
    assert response.status_code == 403
    assert response.json()["errors"][0]["id"] == "forbidden"


def test_each_wrong_field_is_named(backend: Backend) -> None:
    body = {"profile_id": OFFICER, "amount": "-1", "term_months": "soon"}
    response = backend.request("POST", "/loans", json=body)
    assert response.status_code == 400
    assert {error["field"] for error in response.json()["errors"]} == {"amount", "term_months"}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null"])
def test_a_body_that_is_no_object_is_the_callers_fault(backend: Backend, content: bytes) -> None:
    assert backend.request("POST", "/loans", content=content).status_code == 400


def test_an_unknown_loan_is_not_found(backend: Backend) -> None:
    assert backend.request("GET", f"/loans/{uuid4()}").status_code == 404
    assert backend.request("GET", "/loans/17").status_code == 400
    assert backend.request("GET", "/elsewhere").status_code == 404


def test_an_uploaded_document_is_attached(backend: Backend) -> None:
    loan = backend.create_loan("20.00")
    response = backend.request("POST", f"/loans/{loan['id']}/documents", json={"name": "pay slip+1.pdf"})
    assert response.status_code == 201, response.text
    target = response.json()["data"]

    assert httpx.put(target["url"], content=b"%PDF-1.7").status_code == 200

    [document] = wait_for(lambda: backend.loan(loan["id"])["documents"])
    assert document["key"] == target["key"]
    assert document["key"].endswith("/pay slip+1.pdf")
    assert document["size"] == 8


def test_a_ping_is_answered(backend: Backend) -> None:
    with backend.connect("demo-viewer") as socket:
        socket.send('{"action": "ping"}')
        assert json.loads(socket.recv(timeout=30)) == {"action": "pong"}


@pytest.mark.parametrize("query", ["", "?token=demo-nobody"])
def test_a_socket_without_a_good_token_is_refused(backend: Backend, query: str) -> None:
    url = backend.websocket.replace("ws://", "http://") + query
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    response = httpx.get(url, headers=upgrade | {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})
    assert response.status_code == (403 if query else 401)


def test_a_refused_socket_never_opens(backend: Backend) -> None:
    with pytest.raises(InvalidStatus), backend.connect("demo-nobody"):
        pass


def test_a_message_delivered_twice_changes_nothing(backend: Backend) -> None:
    with backend.connect() as socket:
        loan = backend.create_loan("30.00")
        announced(socket, loan["id"])
        before = backend.loan(loan["id"])

        event = {
            "id": str(uuid4()),
            "aggregate_id": loan["id"],
            "type": "loan.requested",
            "origin": "loans",
            "at": "2026-01-01T00:00:00Z",
            "version": "1",
            "payload": {"id": loan["id"], "profile_id": OFFICER, "status": "requested"},
        }
        backend.client("sqs").send_message(QueueUrl=backend.queue("Underwriting"), MessageBody=json.dumps(event))
        wait_for(lambda: drained(backend, "Underwriting") and drained(backend, "Notifications"))

        # Messages to one connection keep their order, so the pong is the first thing after whatever was announced.
        socket.send('{"action": "ping"}')
        assert json.loads(socket.recv(timeout=30)) == {"action": "pong"}
        assert backend.loan(loan["id"]) == before


def test_a_poison_message_ends_in_the_dead_letter_queue(backend: Backend) -> None:
    sqs = backend.client("sqs")
    body = f"poison {uuid4()}"
    sqs.send_message(QueueUrl=backend.queue("Underwriting"), MessageBody=body)

    def dead() -> list[dict[str, object]]:
        answer = sqs.receive_message(QueueUrl=backend.queue("DeadLetters"), MessageSystemAttributeNames=["All"])
        return [message for message in answer.get("Messages", []) if message["Body"] == body]

    [message] = wait_for(dead, seconds=60)
    failures = backend.log.read_text().count(body)
    assert failures == 0, "a message's text does not belong in a log"
    assert int(message["Attributes"]["ApproximateReceiveCount"]) >= 3
    assert decided(backend, backend.create_loan("40.00")["id"]) == "approved"


def test_requests_succeed_again_once_a_killed_database_is_back(backend: Backend) -> None:
    loan = backend.create_loan("50.00")
    decided(backend, loan["id"])
    assert backend.request("GET", "/loans").status_code == 200
    children = psutil.Process(backend.process.pid).children(recursive=True)
    servers = [child for child in children if child.name() == "postgres"]
    [server] = [child for child in servers if child.parent() not in servers]

    os.kill(server.pid, signal.SIGKILL)
    psutil.wait_procs([server], timeout=30)
    wait_for(lambda: answers(backend.postgres))

    assert backend.request("GET", "/loans").status_code == 200
    assert backend.loan(loan["id"])["status"] == "approved"
    assert decided(backend, backend.create_loan("60.00")["id"]) == "approved"


@pytest.mark.last
def test_a_loan_whose_process_died_after_the_commit_is_decided_all_the_same(
    backend: Backend, left_behind: UUID
) -> None:
    """The outbox's schedule sends its event, within a minute of the backend's start."""
    wait_for(lambda: backend.loan(str(left_behind))["status"] == "approved", seconds=90)


def answers(url: str) -> bool:
    try:
        psycopg2.connect(url, connect_timeout=1).close()
    except psycopg2.OperationalError:
        return False
    return True
