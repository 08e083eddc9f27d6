"""The HTTP functions, called with the events that API Gateway would send."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from kit_testing.events import http_event
from loans import http

PROFILE = "5b1f3c1e-6f0b-4f0e-9d0a-000000000001"
BODY = {"profile_id": PROFILE, "amount": "1500.00", "term_months": 12}


Officer = Callable[..., dict[str, Any]]


def create(officer: Officer, **changes: Any) -> dict[str, Any]:
    return http.create_loan(officer("POST", "/loans", body={**BODY, **changes}))


def data(response: dict[str, Any]) -> Any:
    return json.loads(response["body"])["data"]


def errors(response: dict[str, Any]) -> list[dict[str, str]]:
    return json.loads(response["body"])["errors"]


def test_a_created_loan_can_be_read_and_is_announced(officer: Officer, events: Any) -> None:
    created = create(officer)
    assert created["statusCode"] == 201
    loan = data(created)

    found = http.get_loan(officer("GET", f"/loans/{loan['id']}", path_params={"id": loan["id"]}))
    assert data(found) == {**loan, "documents": []}

    [message] = events()
    event = json.loads(json.loads(message["Body"])["Message"])
    assert event["type"] == "loan.requested"
    assert event["aggregate_id"] == loan["id"]


def test_nothing_is_written_or_announced_for_wrong_input(officer: Officer, events: Any) -> None:
    response = create(officer, amount="0", term_months=0)
    assert response["statusCode"] == 400
    assert sorted(error["field"] for error in errors(response)) == ["amount", "term_months"]
    assert data(http.list_loans(officer("GET", "/loans"))) == []
    assert events() == []


def test_a_list_holds_one_status(officer: Officer) -> None:
    create(officer)
    requested = http.list_loans(officer("GET", "/loans", query={"status": "requested"}))
    approved = http.list_loans(officer("GET", "/loans", query={"status": "approved"}))
    assert (len(data(requested)), len(data(approved))) == (1, 0)
    assert http.list_loans(officer("GET", "/loans", query={"status": "lost"}))["statusCode"] == 400


def test_an_unknown_loan_is_not_found(officer: Officer) -> None:
    loan_id = str(uuid4())
    response = http.get_loan(officer("GET", f"/loans/{loan_id}", path_params={"id": loan_id}))
    assert response["statusCode"] == 404


def test_a_viewer_creates_nothing() -> None:
    event = http_event("POST", "/loans", body=BODY, authorizer={"profile_id": PROFILE, "roles": "LOAN_VIEW"})
    assert http.create_loan(event)["statusCode"] == 403
