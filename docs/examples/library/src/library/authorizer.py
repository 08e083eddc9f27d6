"""Who is calling: demo tokens in a secret."""

import hmac
import json
import os
from typing import Any

from kit_aws import get_secret
from kit_handler import get_headers


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Authorize a request of the HTTP API (payload 2.0, simple responses)."""
    scheme, _, token = get_headers(event).get("authorization", "").partition(" ")
    callers = json.loads(get_secret(os.environ["TOKENS_SECRET"])) if scheme.lower() == "bearer" else {}
    for known, caller in callers.items():
        if hmac.compare_digest(known.encode(), token.encode()):
            return {"isAuthorized": True, "context": caller}
    return {"isAuthorized": False}
