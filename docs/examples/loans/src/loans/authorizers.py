"""Who is calling: demo tokens in a secret, for both APIs."""

import hmac
import json
import os
from typing import Any

from kit_aws import get_secret
from kit_handler import Allow, get_headers, trigger
from kit_logger import inject


@inject
@trigger
def http(event: dict[str, Any]) -> dict[str, str] | None:
    """Authorize a request of the HTTP API: the caller is the context of its functions, None is a denial."""
    scheme, _, token = get_headers(event).get("authorization", "").partition(" ")
    return _find(token) if scheme.lower() == "bearer" else None


@inject
@trigger
def websocket(event: dict[str, Any]) -> Allow | None:
    """Authorize `$connect`: browsers can't set a header there, so the token is in the query."""
    caller = _find((event.get("queryStringParameters") or {}).get("token", ""))
    return Allow(caller, principal_id=caller["profile_id"]) if caller else None


def _find(token: str) -> dict[str, str] | None:
    callers = json.loads(get_secret(os.environ["TOKENS_SECRET"]))
    for known, caller in callers.items():
        if hmac.compare_digest(known.encode(), token.encode()):
            return {"profile_id": caller["profile_id"], "roles": ",".join(caller["roles"])}
    return None
