"""The rows of the tables, as far as the API shows them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from kit_schemas import BaseSchema, field
from marshmallow.validate import Length, Range


class Author(BaseSchema):
    id: int
    name: Annotated[str, Length(min=1, max=200)]
    born: date | None = None


class Book(BaseSchema):
    id: int
    title: Annotated[str, Length(min=1, max=500)]
    isbn: str | None = None
    pages: Annotated[int, Range(min=1)] = 100
    price: Decimal | None = None
    tags: list[str] = field(default_factory=list)
    details: dict[str, Any] | None = None
    years: str | None = None
    created_at: datetime
    last_updated_at: datetime


class Copy(BaseSchema):
    id: int
    book_id: int
    shelf: str


class Member(BaseSchema):
    branch: str
    id: int
    name: str


class Loan(BaseSchema):
    uid: UUID
    branch: str
    member_id: int
    copy_id: int
    due: date
    returned_at: datetime | None
    created_at: datetime
    last_updated_at: datetime
    creator_uid: str
    last_updater_uid: str


class Entry(BaseSchema):
    """A line of the catalogue."""

    id: int
    title: str
    copies: int
