"""Who is calling: demo tokens in a secret, for both APIs."""

import hmac
import json
import os
from typing import Any

from kit_aws import get_secret
from kit_handler import get_headers
from kit_logger import inject


@inject
def http(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Authorize a request of the HTTP API (payload 2.0, simple responses)."""
    scheme, _, token = get_headers(event).get("authorization", "").partition(" ")
    caller = _find(token) if scheme.lower() == "bearer" else None
    if caller is None:
        return {"isAuthorized": False}
    return {"isAuthorized": True, "context": caller}


@inject
def websocket(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Authorize `$connect`: browsers can't set a header there, so the token is in the query."""
    caller = _find((event.get("queryStringParameters") or {}).get("token", ""))
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Allow" if caller else "Deny",
        "Resource": event["methodArn"],
    }
    return {
        "principalId": caller["profile_id"] if caller else "anonymous",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": caller or {},
    }


def _find(token: str) -> dict[str, str] | None:
    callers = json.loads(get_secret(os.environ["TOKENS_SECRET"]))
    for known, caller in callers.items():
        if hmac.compare_digest(known.encode(), token.encode()):
            return {"profile_id": caller["profile_id"], "roles": ",".join(caller["roles"])}
    return None
