import json
import os
from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID, uuid4

import boto3
import redis
from fastapi import Depends, FastAPI, HTTPException, Request
from mangum import Mangum
from pydantic import BaseModel, ConfigDict, Field

from app.common import config, log
from app.db import Loan, Outbox, sessions

app = FastAPI()
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


class DocumentOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    key: str
    loan_id: UUID
    size: int


class LoanOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: UUID
    profile_id: UUID
    amount: Decimal
    term_months: int
    status: str
    created_at: datetime


class LoanWithDocuments(LoanOut):
    documents: list[DocumentOut]


class Created(BaseModel):
    data: LoanOut


class Found(BaseModel):
    data: LoanWithDocuments


def role(name):
    def check(request: Request):
        context = request.scope["aws.event"]["requestContext"].get("authorizer", {}).get("lambda") or {}
        if name not in context.get("roles", "").split(","):
            raise HTTPException(403)

    return Depends(check)


@app.post("/loans", status_code=201, dependencies=[role("LOAN_CREATE")])
def post_loan(params: LoanParams) -> Created:
    id, event_id = uuid4(), uuid4()
    message = json.dumps(
        {
            "event_id": str(event_id),
            "event_type": "loan.requested",
            "payload": {"id": str(id), "profile_id": str(params.profile_id), "status": "requested"},
        }
    )
    with sessions().begin() as session:
        loan = Loan(id=id, **params.model_dump())
        outbox = Outbox(id=event_id, type="loan.requested", body=message)
        session.add_all([loan, outbox])
        session.flush()
        made = LoanOut.model_validate(loan)
    sns.publish(
        TopicArn=os.environ["EVENT_BUS"],
        Message=message,
        MessageAttributes={"event_type": {"DataType": "String", "StringValue": "loan.requested"}},
    )
    with sessions().begin() as session:
        session.delete(session.merge(outbox, load=False))
    log.info("EVENT_PUBLISHED %s", event_id)
    return Created(data=made)


@app.get("/loans/{id}", dependencies=[role("LOAN_VIEW")])
def read_loan(id: UUID) -> Found:
    if cache is not None:
        try:
            known = cache.get(f"loan:{id}")
        except redis.RedisError:
            known = None
        if known:
            return Found(data=LoanWithDocuments.model_validate_json(known))
    with sessions()() as session:
        loan = session.get(Loan, id)
        if loan is None:
            raise HTTPException(404, "Loan not found")
        found = LoanWithDocuments.model_validate(loan)
    if cache is not None:
        try:
            cache.set(f"loan:{id}", found.model_dump_json(), ex=300)
        except redis.RedisError:
            pass
    return Found(data=found)


create_loan = get_loan = Mangum(app, lifespan="off")
