"""The operations on loans."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from kit_cache import method_cache
from kit_db import default_database, transactional
from kit_events.outbox import Outbox

from loans.model import (
    Document,
    DocumentStore,
    Loan,
    LoanApproved,
    LoanParams,
    LoanRejected,
    LoanRequested,
    LoanStore,
)

APPROVAL_LIMIT = Decimal("10000.00")

loans = LoanStore()
documents = DocumentStore()

# Events are sent right after the commit; `relay_events` sends the remaining ones.
outbox = Outbox(deliver="after_commit")


class LoanReader:
    """The read side: one loan as the API shows it."""

    def cache_key(self) -> str:
        """Share one cache among all functions; a new shape of the answer needs a new key."""
        return "v1"

    # Only the shared tier: a value that another function has changed must not live on in this one's memory.
    @method_cache(ttl=300, cache_name="loans", tiers=("redis",))
    def get(self, loan_id: UUID) -> dict[str, Any] | None:
        """Return the loan with its documents, ready for JSON, or None."""
        loan = loans.find(loan_id)
        if loan is None:
            return None
        attached = documents.where(loan_id=loan_id)
        return {**loan.dump(), "documents": [document.dump() for document in attached]}


reader = LoanReader()


@transactional
def request_loan(params: LoanParams) -> Loan:
    """Write the loan and its announcement: both are committed, or neither is."""
    loan = loans.add(
        Loan(id=uuid4(), profile_id=params.profile_id, amount=params.amount, term_months=params.term_months)
    )
    outbox.publish(LoanRequested(id=loan.id, profile_id=loan.profile_id, status=loan.status))
    return loan


@transactional
def decide(loan_id: UUID) -> None:
    """Approve or reject a requested loan; a loan that is decided already stays as it is."""
    loan = loans.find(loan_id)
    if loan is None:
        raise LookupError(f"no loan {loan_id}")
    approved = loan.amount <= APPROVAL_LIMIT
    status = "approved" if approved else "rejected"
    decided = loans.update(loan_id, {"status": status}, where={"status": "requested"})
    if decided is None:
        return
    # Not before the commit, or a reader could put the old loan back; and before the event goes out, which comes next.
    # A process that is killed right after its commit does neither: so the job forgets once more, see `underwrite`.
    default_database().after_commit(lambda: forget(loan_id))
    event = LoanApproved if approved else LoanRejected
    outbox.publish(event(id=loan.id, profile_id=loan.profile_id, status=status))


def attach(loan_id: UUID, key: str, size: int) -> None:
    """Record an uploaded file; recording it again changes nothing."""
    documents.add_if_absent(Document(key=key, loan_id=loan_id, size=size))
    forget(loan_id)


def forget(loan_id: UUID) -> None:
    """Let the next reader see the loan as it is."""
    reader.get.cache_delete(loan_id)
