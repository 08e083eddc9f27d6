"""How often each function goes to the database and back: the table in the example's README."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import kit_db
import pytest
from kit_testing.events import s3_event, sqs_event
from loans import http, jobs
from round_trips import RoundTrips

README = Path(__file__).parents[1] / "README.md"
PROFILE = "5b1f3c1e-6f0b-4f0e-9d0a-000000000001"


@pytest.fixture
def counter(postgres_url: str) -> Iterator[RoundTrips]:
    with RoundTrips(postgres_url) as made:
        database = kit_db.Database.from_url(made.url)
        kit_db.set_default_database(database)
        database.execute("select 1")
        yield made
        database.close()


def documented() -> dict[str, int]:
    return {name: int(number) for name, number in re.findall(r"^\| `(\w+)` .*\| (\d+) \|$", README.read_text(), re.M)}


def requested(loan_id: str) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "aggregate_id": loan_id,
        "type": "loan.requested",
        "origin": "loans",
        "at": "2026-01-01T00:00:00Z",
        "version": "1",
        "payload": {"id": loan_id, "profile_id": PROFILE, "status": "requested"},
    }


def test_round_trips_are_as_documented(counter: RoundTrips, officer: Callable[..., dict[str, Any]]) -> None:
    counted = {}

    def count(name: str, call: Callable[..., Any], event: dict[str, Any]) -> Any:
        counter.clear()
        answer = call(event, None)
        counted[name] = counter.count
        return answer

    body = {"profile_id": PROFILE, "amount": "1500.00", "term_months": 12}
    made = count("create_loan", http.create_loan, officer("POST", "/loans", body=body))
    loan_id = json.loads(made["body"])["data"]["id"]
    path, params = f"/loans/{loan_id}", {"id": loan_id}
    count("get_loan", http.get_loan, officer("GET", path, path_params=params))
    count("list_loans", http.list_loans, officer("GET", "/loans"))
    slip = officer("POST", f"{path}/documents", path_params=params, body={"name": "slip.pdf"})
    count("add_document", http.add_document, slip)
    assert count("underwrite", jobs.underwrite, sqs_event([requested(loan_id)])) == {"batchItemFailures": []}
    count("attach_document", jobs.attach_document, s3_event([f"loans/{loan_id}/1/slip.pdf"]))

    print(counted)
    assert counted == documented()
