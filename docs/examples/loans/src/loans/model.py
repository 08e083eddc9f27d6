"""What a loan is: the data that comes in, the rows, the events."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar
from uuid import UUID

from kit_db import Store
from kit_events import BaseEvent
from kit_schemas import BaseSchema
from kit_schemas.validate import Length, Range


class LoanParams(BaseSchema):
    """The body of `POST /loans`."""

    profile_id: UUID
    amount: Annotated[Decimal, Range(min=Decimal("0.01"), max=Decimal("1000000"))]
    term_months: Annotated[int, Range(min=1, max=360)]


class DocumentParams(BaseSchema):
    """The body of `POST /loans/{id}/documents`."""

    name: Annotated[str, Length(min=1, max=100)]


class Loan(BaseSchema):
    """A row of `loans`."""

    id: UUID
    profile_id: UUID
    amount: Decimal
    term_months: int
    status: str = "requested"
    created_at: datetime | None = None


class Document(BaseSchema):
    """A row of `documents`."""

    key: str
    loan_id: UUID
    size: int


class LoanStore(Store[Loan]):
    """The table `loans`."""

    entity = Loan
    table = "loans"


class DocumentStore(Store[Document]):
    """The table `documents`."""

    entity = Document
    table = "documents"
    key = "key"


class LoanEvent(BaseSchema, BaseEvent):
    """Something that happened to a loan."""

    version: ClassVar[str] = "1"

    id: UUID
    profile_id: UUID
    status: str

    def get_aggregate_id(self) -> UUID:
        """Return the loan's id: its events are about it."""
        return self.id


class LoanRequested(LoanEvent):
    """A loan was asked for and waits for its decision."""

    type: ClassVar[str] = "loan.requested"


class LoanApproved(LoanEvent):
    """A loan was granted."""

    type: ClassVar[str] = "loan.approved"


class LoanRejected(LoanEvent):
    """A loan was refused."""

    type: ClassVar[str] = "loan.rejected"
