"""The HTTP API."""

import os
from uuid import UUID, uuid4

from kit_aws import put_url
from kit_handler import BadRequestError, NotFoundError, Request, Response, route
from kit_logger import inject

from loans.model import DocumentParams, LoanParams
from loans.service import loans, reader, request_loan

STATUSES = ("requested", "approved", "rejected")


@inject
@route(role="LOAN_CREATE")
def create_loan(request: Request) -> Response:
    """`POST /loans`."""
    return Response.created(request_loan(LoanParams.load(request.body)))


@inject
@route(role="LOAN_VIEW")
def get_loan(request: Request) -> Response:
    """`GET /loans/{id}`."""
    return Response.ok(_known_loan(request))


@inject
@route(role="LOAN_VIEW")
def list_loans(request: Request) -> Response:
    """`GET /loans?status=`: the newest hundred."""
    status = request.params.get("status")
    if status is not None and status not in STATUSES:
        raise BadRequestError(f"status must be one of {', '.join(STATUSES)}", field="status")
    criteria = {"status": status} if status else {}
    return Response.ok(loans.where(**criteria, order_by="-created_at", limit=100))


@inject
@route(role="LOAN_CREATE")
def add_document(request: Request) -> Response:
    """`POST /loans/{id}/documents`: where to PUT the file."""
    loan = _known_loan(request)
    name = DocumentParams.load(request.body).name.replace("/", "_")
    key = f"loans/{loan['id']}/{uuid4()}/{name}"
    return Response.created({"key": key, "url": put_url(os.environ["DOCUMENTS_BUCKET"], key)})


def _known_loan(request: Request) -> dict[str, object]:
    try:
        loan_id = UUID(request.params["id"])
    except ValueError:
        raise BadRequestError("not a UUID", field="id") from None
    loan = reader.get(loan_id)
    if loan is None:
        raise NotFoundError("Loan not found")
    return loan
