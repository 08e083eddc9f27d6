"""The jobs, called with the batches that SQS and S3 would send."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import kit_db
import pytest
from kit_events import inbox, outbox
from kit_testing import LambdaContext
from kit_testing.events import schedule_event, sqs_event
from loans import jobs, service
from loans.model import LoanParams
from loans.service import loans, reader, request_loan

PROFILE = "5b1f3c1e-6f0b-4f0e-9d0a-000000000001"


def requested(amount: str) -> UUID:
    params = LoanParams(profile_id=UUID(PROFILE), amount=Decimal(amount), term_months=12)
    return request_loan(params).id


def message(loan_id: UUID) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "aggregate_id": str(loan_id),
        "type": "loan.requested",
        "origin": "loans",
        "at": "2026-01-01T00:00:00Z",
        "version": "1",
        "payload": {"id": str(loan_id), "profile_id": PROFILE, "status": "requested"},
    }


@pytest.mark.parametrize(("amount", "status"), [("10000.00", "approved"), ("10000.01", "rejected")])
def test_a_loan_is_decided_by_its_amount(events: Any, amount: str, status: str) -> None:
    loan_id = requested(amount)
    assert reader.get(loan_id)["status"] == "requested"
    events()

    assert jobs.underwrite(sqs_event([message(loan_id)])) == {"batchItemFailures": []}

    assert reader.get(loan_id)["status"] == status
    [sent] = events()
    assert json.loads(json.loads(sent["Body"])["Message"])["type"] == f"loan.{status}"


def test_the_second_delivery_of_a_message_changes_nothing(events: Any) -> None:
    loan_id = requested("10.00")
    twice = sqs_event([message(loan_id), message(loan_id)])
    events()
    assert jobs.underwrite(twice) == {"batchItemFailures": []}
    assert len(events()) == 1


def test_a_poison_message_fails_alone(events: Any) -> None:
    loan_id = requested("10.00")
    event = sqs_event([message(loan_id), "poison"])
    answer = jobs.underwrite(event)
    assert answer == {"batchItemFailures": [{"itemIdentifier": event["Records"][1]["messageId"]}]}
    assert loans.find(loan_id).status == "approved"


def test_a_decision_that_fails_leaves_no_mark_and_comes_again(events: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    loan_id = requested("10.00")
    events()
    event = sqs_event([message(loan_id)])
    with monkeypatch.context() as patched:
        patched.setattr(service.outbox, "publish", fail)
        assert len(jobs.underwrite(event)["batchItemFailures"]) == 1
    assert loans.find(loan_id).status == "requested"
    assert jobs.underwrite(event) == {"batchItemFailures": []}
    assert loans.find(loan_id).status == "approved"
    assert len(events()) == 1


def fail(event: Any) -> None:
    raise ConnectionError


def test_what_cannot_be_sent_after_the_commit_is_sent_by_the_relay(
    events: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("EVENT_BUS", "arn:aws:sns:us-east-1:123456789012:gone")
        loan_id = requested("10.00")
    assert events() == []
    kit_db.default_database().execute("update kit_outbox set due_at = now()")

    assert jobs.relay_events(schedule_event(), LambdaContext()) == {"sent": 1, "failed": 0, "dead": 0, "forgotten": 0}

    [sent] = events()
    assert json.loads(json.loads(sent["Body"])["Message"])["aggregate_id"] == str(loan_id)


def test_the_migration_has_the_tables_of_outbox_and_inbox() -> None:
    migration = (Path(__file__).parents[1] / "migrations" / "002_events.sql").read_text()
    assert migration == f"{outbox.schema_sql()}\n{inbox.schema_sql()}"


def test_an_uploaded_file_is_attached_once() -> None:
    loan_id = requested("10.00")
    s3 = {
        "bucket": {"name": "documents", "arn": "arn:aws:s3:::documents"},
        "object": {"key": f"loans/{loan_id}/1/pay+slip.pdf", "size": 8, "eTag": "0"},
    }
    event = {
        "Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "awsRegion": "us-east-1", "s3": s3}]
    }
    jobs.attach_document(event)
    jobs.attach_document(event)
    [document] = reader.get(loan_id)["documents"]
    assert document["key"] == f"loans/{loan_id}/1/pay slip.pdf"
