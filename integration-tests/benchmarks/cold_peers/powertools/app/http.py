import json
import os
from decimal import Decimal
from typing import Annotated
from uuid import UUID, uuid4

import boto3
import redis
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError, UnauthorizedError
from botocore.config import Config
from pydantic import BaseModel, Field
from sqlalchemy import delete, insert, select

from app.db import documents, engine, loans, outbox

logger = Logger()
app = APIGatewayHttpResolver(enable_validation=True)
config = Config(connect_timeout=1, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
sns = boto3.client("sns", config=config) if os.environ.get("EVENT_BUS") else None
cache = (
    redis.Redis(
        host=os.environ["REDIS_HOST"],
        port=int(os.environ["REDIS_PORT"]),
        socket_timeout=0.1,
        socket_connect_timeout=0.1,
    )
    if os.environ.get("REDIS_HOST")
    else None
)


class LoanParams(BaseModel):
    profile_id: UUID
    amount: Annotated[Decimal, Field(ge=Decimal("0.01"), le=Decimal(1000000))]
    term_months: Annotated[int, Field(ge=1, le=360)]


def allowed(role):
    caller = app.current_event.request_context.authorizer.get_lambda
    if role not in (caller or {}).get("roles", "").split(","):
        raise UnauthorizedError(role)


def dumped(row):
    return {
        "id": str(row.id),
        "profile_id": str(row.profile_id),
        "amount": str(row.amount),
        "term_months": row.term_months,
        "status": row.status,
        "created_at": row.created_at.isoformat(),
    }


@app.post("/loans")
def post_loan(params: LoanParams) -> Response[dict]:
    allowed("LOAN_CREATE")
    event_id, id = uuid4(), uuid4()
    message = json.dumps(
        {
            "event_id": str(event_id),
            "event_type": "loan.requested",
            "payload": {"id": str(id), "profile_id": str(params.profile_id), "status": "requested"},
        }
    )
    with engine().begin() as connection:
        row = connection.execute(
            insert(loans)
            .values(id=id, profile_id=params.profile_id, amount=params.amount, term_months=params.term_months)
            .returning(loans)
        ).one()
        connection.execute(insert(outbox).values(id=event_id, type="loan.requested", body=message))
    sns.publish(
        TopicArn=os.environ["EVENT_BUS"],
        Message=message,
        MessageAttributes={"event_type": {"DataType": "String", "StringValue": "loan.requested"}},
    )
    with engine().begin() as connection:
        connection.execute(delete(outbox).where(outbox.c.id == event_id))
    logger.info("EVENT_PUBLISHED", event_id=str(event_id))
    return Response(status_code=201, content_type="application/json", body={"data": dumped(row)})


@app.get("/loans/<id>")
def read_loan(id: UUID) -> dict:
    allowed("LOAN_VIEW")
    if cache is not None:
        try:
            known = cache.get(f"loan:{id}")
        except redis.RedisError:
            known = None
        if known:
            return {"data": json.loads(known)}
    with engine().begin() as connection:
        row = connection.execute(select(loans).where(loans.c.id == id)).one_or_none()
        if row is None:
            raise NotFoundError("Loan not found")
        attached = connection.execute(select(documents).where(documents.c.loan_id == id)).all()
    loan = {
        **dumped(row),
        "documents": [{"key": each.key, "loan_id": str(each.loan_id), "size": each.size} for each in attached],
    }
    if cache is not None:
        try:
            cache.set(f"loan:{id}", json.dumps(loan), ex=300)
        except redis.RedisError:
            pass
    return {"data": loan}


@logger.inject_lambda_context
def create_loan(event, context):
    return app.resolve(event, context)


get_loan = create_loan
