"""The keys that say which invocation a line belongs to, from `kit_core.invocation`."""

import logging
import os
from typing import Any

from kit_core import invocation as core
from kit_core.guards import log
from kit_core.invocation import Invocation, lambda_context

from kit_logger.scopes import Scope

_said: set[str] = set()


def invocation_of(scope: Scope | None) -> Invocation | None:
    """Return the invocation, or the record of a batch, that a line belongs to; in a thread of its own the scope's."""
    found = core.current()
    return found if found is not None or scope is None else scope.invocation


def context_keys(invocation: Invocation | None) -> dict[str, Any]:
    """Return Powertools' keys of the Lambda context, and `tenantId`, as in Lambda's own lines."""
    if invocation is None:
        return {}
    keys: dict[str, Any] = {"cold_start": invocation.cold_start}
    try:
        context = lambda_context(invocation.context)
        keys["function_name"] = invocation.function_name
        keys["function_memory_size"] = getattr(context, "memory_limit_in_mb", None)
        keys["function_arn"] = getattr(context, "invoked_function_arn", None)
        keys["function_request_id"] = invocation.request_id
        tenant = getattr(context, "tenant_id", None)
        if isinstance(tenant, str):
            keys["tenantId"] = tenant
    except Exception as error:  # noqa: BLE001  # an odd context is no reason to fail
        warn_once("the context cannot be read", error)
    return keys


def correlation_id_of(invocation: Invocation | None) -> str | None:
    """Return the correlation id of an invocation or record."""
    try:
        return invocation.correlation_id if invocation is not None else None
    except Exception as error:  # noqa: BLE001  # an odd event or context is no reason to fail
        warn_once("the event's correlation id cannot be read", error)
        return None


def trace_id() -> str | None:
    """Return the root of the X-Ray trace that Lambda has set for this invocation."""
    trace = os.environ.get("_X_AMZN_TRACE_ID")
    return trace.split(";")[0].replace("Root=", "") if trace else None


def warn_once(message: str, error: Exception) -> None:
    """Log a problem of the logger's own, once in this process; of the error its type: its text may hold a secret."""
    if message not in _said:
        _said.add(message)
        log("kit.logger", logging.WARNING, f"{message}: %s", type(error).__name__, stacklevel=3)
