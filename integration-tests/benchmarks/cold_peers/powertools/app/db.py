import os
from functools import cache

from aws_lambda_powertools.utilities import parameters
from sqlalchemy import (
    URL,
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Uuid,
    create_engine,
    func,
)

metadata = MetaData()
loans = Table(
    "loans",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("profile_id", Uuid, nullable=False),
    Column("amount", Numeric(12, 2), nullable=False),
    Column("term_months", Integer, nullable=False),
    Column("status", String, nullable=False, server_default="requested"),
    Column("created_at", DateTime(timezone=True), server_default=func.now()),
)
documents = Table(
    "documents",
    metadata,
    Column("key", String, primary_key=True),
    Column("loan_id", Uuid, ForeignKey("loans.id")),
    Column("size", BigInteger),
)
outbox = Table(
    "outbox",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("type", String, nullable=False),
    Column("body", String, nullable=False),
)


@cache
def engine():
    where = parameters.get_secret(os.environ["DB_SECRET_ARN"], transform="json", max_age=300)
    url = URL.create(
        "postgresql+psycopg2", where["username"], where["password"], where["host"], int(where["port"]), where["dbname"]
    )
    return create_engine(url, pool_size=1, max_overflow=0, connect_args={"connect_timeout": 3})
