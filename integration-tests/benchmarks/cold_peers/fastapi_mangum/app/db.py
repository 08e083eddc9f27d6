import os
from datetime import datetime
from decimal import Decimal
from functools import cache
from uuid import UUID, uuid4

from sqlalchemy import URL, BigInteger, DateTime, ForeignKey, Numeric, create_engine, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, sessionmaker

from app.common import secret


class Base(DeclarativeBase):
    pass


class Loan(Base):
    __tablename__ = "loans"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    profile_id: Mapped[UUID]
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    term_months: Mapped[int]
    status: Mapped[str] = mapped_column(server_default="requested")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    documents: Mapped[list["Document"]] = relationship()


class Document(Base):
    __tablename__ = "documents"
    key: Mapped[str] = mapped_column(primary_key=True)
    loan_id: Mapped[UUID] = mapped_column(ForeignKey("loans.id"))
    size: Mapped[int] = mapped_column(BigInteger)


class Outbox(Base):
    __tablename__ = "outbox"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    type: Mapped[str]
    body: Mapped[str]


@cache
def sessions():
    where = secret(os.environ["DB_SECRET_ARN"])
    url = URL.create(
        "postgresql+psycopg2", where["username"], where["password"], where["host"], int(where["port"]), where["dbname"]
    )
    engine = create_engine(url, pool_size=1, max_overflow=0, connect_args={"connect_timeout": 3})
    return sessionmaker(engine, expire_on_commit=False)
