"""The HTTP API."""

import os
from typing import Any, Literal
from uuid import UUID, uuid4

from kit_aws import put_url
from kit_handler import NotFoundError, Response, route
from kit_logger import inject

from loans.model import DocumentParams, LoanParams
from loans.service import loans, reader, request_loan


@inject
@route(role="LOAN_CREATE")
def create_loan(params: LoanParams) -> Response:
    """`POST /loans`."""
    return Response.created(request_loan(params))


@inject
@route(role="LOAN_VIEW")
def get_loan(id: UUID) -> Response:
    """`GET /loans/{id}`."""
    return Response.ok(_known_loan(id))


@inject
@route(role="LOAN_VIEW")
def list_loans(status: Literal["requested", "approved", "rejected"] | None = None) -> Response:
    """`GET /loans?status=`: the newest hundred."""
    criteria = {"status": status} if status else {}
    return Response.ok(loans.where(**criteria, order_by="-created_at", limit=100))


@inject
@route(role="LOAN_CREATE")
def add_document(id: UUID, params: DocumentParams) -> Response:
    """`POST /loans/{id}/documents`: where to PUT the file."""
    loan = _known_loan(id)
    key = f"loans/{loan['id']}/{uuid4()}/{params.name.replace('/', '_')}"
    return Response.created({"key": key, "url": put_url(os.environ["DOCUMENTS_BUCKET"], key)})


def _known_loan(loan_id: UUID) -> dict[str, Any]:
    loan = reader.get(loan_id)
    if loan is None:
        raise NotFoundError("Loan not found")
    return loan
