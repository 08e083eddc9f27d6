"""A process is killed right after its commit: what comes after a commit happens at most once."""

import json
import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from kit_testing.events import event_body, sqs_event
from loans import jobs
from loans.model import Loan
from loans.service import loans, reader

SOURCES = Path(__file__).parents[1] / "src"
# The first of the callbacks after the commit is the end of the process.
KILLED = """
import json, os, signal, sys
import kit_db

class Killed(kit_db.Database):
    def after_commit(self, callback):
        super().after_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))

kit_db.set_default_database(Killed.from_url(sys.argv[1]))
from loans import jobs
jobs.underwrite(json.load(sys.stdin))
"""


def underwrite_and_be_killed(event: dict[str, Any], url: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, url],
        input=json.dumps(event).encode(),
        env=os.environ | {"PYTHONPATH": str(SOURCES)},
        stderr=subprocess.PIPE,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()


def test_a_redelivery_lets_the_cache_go_though_the_decision_is_made(postgres_url: str) -> None:
    loan = loans.add(Loan(id=uuid4(), profile_id=uuid4(), amount=Decimal("10.00"), term_months=12))
    event = sqs_event([event_body({"id": str(loan.id)}, type="loan.requested", aggregate_id=loan.id)])
    assert reader.get(loan.id)["status"] == "requested"

    underwrite_and_be_killed(event, postgres_url)
    assert loans.find(loan.id).status == "approved"
    assert reader.get(loan.id)["status"] == "requested"

    # The message was not answered, so it comes again: @once knows that it is done.
    assert jobs.underwrite(event) == {"batchItemFailures": []}
    assert reader.get(loan.id)["status"] == "approved"


def test_the_event_of_a_killed_process_is_sent_by_the_schedule(postgres_url: str, events: Any) -> None:
    loan = loans.add(Loan(id=uuid4(), profile_id=uuid4(), amount=Decimal("10.00"), term_months=12))
    event = sqs_event([event_body({"id": str(loan.id)}, type="loan.requested", aggregate_id=loan.id)])
    underwrite_and_be_killed(event, postgres_url)
    assert events() == []
    assert jobs.relay_events({}, None)["sent"] == 1
    [sent] = events()
    assert json.loads(json.loads(sent["Body"])["Message"])["type"] == "loan.approved"
