"""Log lines that cannot be written cost nothing but themselves: a batch still has its answer, a route its 500.

AWS's runtime client puts a handler on the root logger that lets errors of formatting and encoding out.
"""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from kit_handler import (
    Dispatcher,
    RateLimit,
    Request,
    Response,
    Router,
    TriggerError,
    aws_lambda_handler,
    job,
    route,
    trigger,
)
from kit_testing import LambdaContext, failed_ids
from kit_testing.events import cognito_event, http_event, sqs_event


class Raising(logging.Handler):
    """Format and encode in `emit` without a guard, as the handler of AWS's runtime client does; or never write."""

    always = False

    def emit(self, record: logging.LogRecord) -> None:
        self.format(record).encode()
        if self.always:
            raise OSError("the pipe to the log is closed")


@pytest.fixture(params=["cannot be encoded", "cannot be written"], autouse=True)
def handler(request: pytest.FixtureRequest) -> Iterator[Raising]:
    # On the logger itself, since kit-logger, where a test run has loaded it, has the root's lines to itself.
    raising, logger = Raising(), logging.getLogger("kit.handler")
    raising.always = request.param == "cannot be written"
    logger.addHandler(raising)
    yield raising
    logger.removeHandler(raising)


class HardToLogError(Exception):
    def __str__(self) -> str:
        return "half of a pair: \ud800"


def fail(*_: Any) -> Any:
    raise HardToLogError


@pytest.mark.parametrize(
    "options", [{}, {"concurrency": 2}, {"dead_letter": fail, "max_receives": 1}, {"backoff": fail}]
)
def test_a_batch_has_its_partial_answer(options: dict[str, Any]) -> None:
    def work(record: dict[str, Any]) -> None:
        if record["body"] == "x":
            raise HardToLogError

    async def work_async(record: dict[str, Any]) -> None:
        work(record)

    for function in (work, work_async):
        answer = job(**options)(function)(sqs_event(["a", "x", "b", "x"]), LambdaContext())
        assert failed_ids(answer) == ["message-2", "message-4"]


def test_a_batch_that_runs_out_of_time_has_its_answer() -> None:
    answer = job(lambda record: None)(sqs_event(["a", "b"]), LambdaContext(timeout=0.5))
    assert failed_ids(answer) == ["message-1", "message-2"]


class Unspeakable:
    def dump(self) -> Any:
        raise HardToLogError


@pytest.mark.parametrize(
    "function",
    [fail, lambda request: "no Response", lambda request: Response.ok(Unspeakable()), lambda request: Response(700)],
)
@pytest.mark.parametrize("options", [{}, {"etag": True}, {"exception_handlers": {HardToLogError: fail}}])
def test_a_route_has_its_500(function: Any, options: dict[str, Any]) -> None:
    router = Router(**options)
    router.get("/")(lambda request: function(request))  # route is called with the function itself, which is no route
    for called in (route(**options)(function), router, Dispatcher(http=router)):
        answer = called(http_event(), LambdaContext())
        assert answer["statusCode"] == 500
        assert json.loads(answer["body"])["errors"][0]["id"] == "internal_server_error"


def test_a_guard_that_fails_closed_does_so() -> None:
    class Broken:
        def take(self, key: str, *, rate: float, burst: float) -> float:
            raise HardToLogError

    @route(rate_limit=RateLimit(1, buckets=Broken()))
    def limited(request: Request) -> Response:
        return Response.ok()

    assert limited(http_event(), LambdaContext())["statusCode"] == 503


def test_an_envelope_has_its_code_though_the_receiver_fails_as_well() -> None:
    @aws_lambda_handler(error_receiver=fail)
    def work(event: Any, context: Any) -> Any:
        raise HardToLogError

    assert json.loads(work(http_event(), LambdaContext())["body"])["rslt_cd"] == "S99999"


def test_a_trigger_tells_its_user_nothing_else() -> None:
    @trigger
    def sign_up(event: dict[str, Any]) -> Any:
        raise HardToLogError

    with pytest.raises(TriggerError, match="An unexpected error has occurred"):
        sign_up(cognito_event("PreSignUp_SignUp"), LambdaContext())
