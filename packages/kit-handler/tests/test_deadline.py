"""What is left of the invocation, for whoever asks from inside."""

from typing import Any

import pytest
from kit_handler import Request, Response, aws_lambda_handler, job, route, time_left, trigger
from kit_testing import LambdaContext
from kit_testing.events import http_event, sqs_event


class Clock(LambdaContext):
    def get_remaining_time_in_millis(self) -> int:
        return 12_345


def asked_by(kind: str) -> tuple[Any, Any]:
    """Return a handler of a kind that notes what is left, and its notes."""
    notes: list[Any] = []

    @route
    def of_route(request: Request) -> Response:
        notes.append(time_left())
        return Response.no_content()

    @job
    def of_job(record: dict[str, Any]) -> None:
        notes.append(time_left())

    @job(concurrency=2)
    def of_concurrent_job(record: dict[str, Any]) -> None:
        notes.append(time_left())

    @job
    async def of_async_job(record: dict[str, Any]) -> None:
        notes.append(time_left())

    @trigger
    def of_trigger(event: dict[str, Any], context: Any) -> dict[str, Any]:
        notes.append(time_left())
        return {}

    @aws_lambda_handler()
    def of_envelope(event: Any, context: Any) -> dict[str, Any]:
        notes.append(time_left())
        return {}

    return locals()[f"of_{kind}"], notes


@pytest.mark.parametrize("kind", ["route", "job", "concurrent_job", "async_job", "trigger", "envelope"])
def test_it_is_that_of_the_invocation_and_none_afterwards(kind: str) -> None:
    handler, notes = asked_by(kind)
    event = sqs_event(["a", "b"]) if "job" in kind else http_event()
    handler(event, Clock())
    assert set(notes) == {12_345}
    assert time_left() is None
    handler(event, None)
    assert notes[-1] is None
