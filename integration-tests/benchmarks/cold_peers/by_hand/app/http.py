import base64
import json
import os
from decimal import Decimal, InvalidOperation
from uuid import UUID, uuid4

from app.common import Redis, log, publish
from app.db import connection

cache = Redis(os.environ["REDIS_HOST"], int(os.environ["REDIS_PORT"])) if os.environ.get("REDIS_HOST") else None


def answer(status, data):
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(data, separators=(",", ":")),
    }


def allowed(event, role):
    caller = event["requestContext"].get("authorizer", {}).get("lambda")
    if not caller:
        return answer(401, {"message": "Unauthorized"})
    if role not in caller["roles"].split(","):
        return answer(403, {"message": "Forbidden"})
    return None


def load(event):
    errors = {}
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body)
    try:
        data = json.loads(body)
    except ValueError:
        return None, {"body": "no JSON"}
    if not isinstance(data, dict):
        return None, {"body": "no object"}
    profile = amount = term = None
    try:
        profile = UUID(data["profile_id"])
    except (KeyError, ValueError, AttributeError, TypeError):
        errors["profile_id"] = "Not a valid UUID."
    try:
        amount = Decimal(str(data["amount"]))
        if not Decimal("0.01") <= amount <= Decimal(1000000):
            raise ValueError
    except (KeyError, ValueError, InvalidOperation):
        errors["amount"] = "Not from 0.01 to 1000000."
    term = data.get("term_months")
    if type(term) is not int or not 1 <= term <= 360:
        errors["term_months"] = "Not from 1 to 360."
    return (profile, amount, term), errors


def row(values):
    id, profile, amount, term, status, created = values
    return {
        "id": id,
        "profile_id": profile,
        "amount": str(amount),
        "term_months": term,
        "status": status,
        "created_at": created.isoformat(),
    }


def create_loan(event, context):
    refused = allowed(event, "LOAN_CREATE")
    if refused:
        return refused
    values, errors = load(event)
    if errors:
        return answer(400, {"errors": errors})
    profile, amount, term = values
    id, event_id = str(uuid4()), str(uuid4())
    message = json.dumps(
        {
            "event_id": event_id,
            "event_type": "loan.requested",
            "payload": {"id": id, "profile_id": str(profile), "status": "requested"},
        }
    )
    with connection() as transaction, transaction.cursor() as cursor:
        cursor.execute(
            "insert into loans (id, profile_id, amount, term_months) values (%s, %s, %s, %s)"
            " returning id, profile_id, amount, term_months, status, created_at",
            (id, str(profile), amount, term),
        )
        loan = row(cursor.fetchone())
        cursor.execute("insert into outbox (id, type, body) values (%s, %s, %s)", (event_id, "loan.requested", message))
    publish(os.environ["EVENT_BUS"], message, "loan.requested")
    with connection() as transaction, transaction.cursor() as cursor:
        cursor.execute("delete from outbox where id = %s", (event_id,))
    log.info("EVENT_PUBLISHED %s", event_id)
    return answer(201, {"data": loan})


def get_loan(event, context):
    refused = allowed(event, "LOAN_VIEW")
    if refused:
        return refused
    try:
        id = str(UUID(event["pathParameters"]["id"]))
    except ValueError:
        return answer(400, {"errors": {"id": "Not a valid UUID."}})
    key = f"loan:{id}"
    if cache is not None:
        try:
            known = cache.ask("GET", key)
        except (OSError, RuntimeError):
            known = None
        if known:
            return answer(200, {"data": json.loads(known)})
    with connection() as transaction, transaction.cursor() as cursor:
        cursor.execute("select id, profile_id, amount, term_months, status, created_at from loans where id = %s", (id,))
        found = cursor.fetchone()
        if found is None:
            return answer(404, {"message": "Loan not found"})
        cursor.execute("select key, loan_id, size from documents where loan_id = %s", (id,))
        loan = {**row(found), "documents": [dict(zip(("key", "loan_id", "size"), each)) for each in cursor.fetchall()]}
    if cache is not None:
        try:
            cache.ask("SET", key, json.dumps(loan), "EX", "300")
        except (OSError, RuntimeError):
            pass
    return answer(200, {"data": loan})
