"""kit-logger under strict type checkers: the documented calls, and the types that come out of them."""

import logging
from typing import Any, assert_type

from kit_logger import RedactingFormatter, adopt, emit_metrics, get_logger, inject, logger, set_default_dimensions

payments = get_logger("payments", level="DEBUG", buffer_bytes=20_000)


@inject
def handler(event: dict[str, Any], context: object = None) -> dict[str, Any]:
    logger.append_keys(loan_id=event["loan_id"])
    logger.info("requested", extra={"items": 3})
    payments.debug("asked the bank")
    return {"statusCode": 201}


@inject(log_event=True, correlation_id=lambda event: event["tenant"], metrics="Loans")
async def measured(event: dict[str, Any], context: object = None) -> str:
    logger.set_correlation_id("o-7")
    return "done"


async def calls() -> None:
    """Call what was decorated, adopt other loggers, emit metrics."""
    assert_type(handler({"loan_id": 7}, None), dict[str, Any])
    assert_type(await measured({"tenant": "a"}), str)
    adopt("botocore", level="WARNING")
    set_default_dimensions(stage="prod")
    emit_metrics({"Requested": 1, "Decided": (12.5, "Milliseconds")}, namespace="Loans", properties={"loan": "l-1"})
    logging.getLogger("kit.db").setLevel("DEBUG")
    print(RedactingFormatter())
