"""kit-core under strict type checkers: the documented calls, and the types that come out of them."""

from decimal import Decimal
from typing import Any, assert_type

from kit_core import guards, invocation
from kit_core.backoff import Backoff
from kit_core.connections import Answer, Connections, Request
from kit_core.errors import CoreError, InvalidJsonError, TimeUpError, UnserialisableTypeError
from kit_core.json import ExactFloat, dumps, loads
from kit_core.loop import in_thread, run
from kit_core.parameters import annotations_of, is_async, parameters_of
from kit_core.redaction import REDACTED, is_secret_name, redact, redact_text


@invocation.handler
def nightly(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return {"cause": invocation.correlation_id(), "remaining_ms": invocation.remaining_ms()}


@invocation.handler
async def hourly(event: dict[str, Any], context: Any) -> str:
    return await in_thread(str, event)


def current(event: dict[str, Any]) -> None:
    """Enter an invocation and read it."""
    with invocation.enter(event, None, correlation_id="abc", remaining_ms=1000) as entered:
        assert_type(entered.correlation_id, str | None)
    found = invocation.current()
    if found is not None:
        assert_type(found.cold_start, bool)
        assert_type(found.remaining_ms(), int | None)
        found.correlation_id = "other"
    assert_type(invocation.correlation_id(), str | None)
    assert_type(nightly(event, None), dict[str, Any])


def json_and_secrets(value: object) -> None:
    """Write and read JSON, and take secrets out."""
    assert_type(dumps({"amount": Decimal(1)}), str)
    loaded: Any = loads(b'{"amount": 1.5}', parse_float=ExactFloat)
    assert_type(redact_text("password=x"), str)
    assert_type(is_secret_name("password"), bool)
    print(loaded, redact({"password": "x"}), REDACTED)
    try:
        dumps(value)
    except UnserialisableTypeError as error:
        print(error.path)
    except InvalidJsonError as error:
        guards.log("kit", 30, "no JSON: %s", error, exc_info=True)


def calls() -> None:
    """Send requests, wait, run coroutines, read parameters."""
    connections = Connections(connect_timeout=1, most_idle=4)
    answer: Answer = connections.send(Request("GET", "http://127.0.0.1:1/", {}, b"", timeout=5))
    assert_type(answer.status, int)
    assert_type(Backoff(base=0.1, cap=5).delay(1), float)
    assert_type(run(hourly({}, None)), str)
    parameters = parameters_of(nightly)
    if parameters is not None:
        assert_type(parameters.positional, tuple[str, ...])
    print(annotations_of(nightly), is_async(hourly))
    try:
        print(run(hourly({}, None), seconds=1))
    except TimeUpError as error:
        raise CoreError("late") from error
