"""The metrics of an invocation tell what kit-handler has answered, whichever decorator stands above which."""

import json

import pytest
from kit_core.invocation import correlation_id
from kit_handler import (
    AppError,
    NotFoundError,
    Request,
    Response,
    Router,
    ServiceUnavailableError,
    aws_lambda_handler,
    job,
    route,
)
from kit_logger import inject, logger
from kit_testing import LambdaContext
from kit_testing.events import PAYLOADS, documentdb_event, http_event, kafka_event, rabbitmq_event, sns_event, sqs_event


@pytest.fixture
def lines(capsys):
    """Read what was written to standard output, as one object per line."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def errors(lines):
    """Return what each invocation has counted as errors."""
    return lambda: [line["Errors"] for line in lines() if "Errors" in line]


class Unsendable:
    def dump(self):
        raise RuntimeError


def raises(error):
    def function(request):
        raise error

    return function


ANSWERS = {
    "an exception": (raises(ValueError("boom")), 500),
    "a server error": (raises(ServiceUnavailableError()), 503),
    "a response": (lambda request: Response(503), 503),
    "no response": (lambda request: {"statusCode": 200}, 500),
    "a body that cannot be sent": (lambda request: Response.ok(Unsendable()), 500),
    "a client's mistake": (raises(NotFoundError()), 404),
    "an error with a handler": (raises(KeyError("known")), 409),
    "an ok": (lambda request: Response.ok({"a": 1}), 200),
}


def conflict(error, request):
    return Response(409)


def above(function):
    return inject(metrics="Loans")(route(exception_handlers={KeyError: conflict})(function))


def below(function):
    return route(exception_handlers={KeyError: conflict})(inject(metrics="Loans")(function))


def around_a_router(function):
    app = Router(exception_handlers={KeyError: conflict})
    app.get("/loans")(function)
    return inject(metrics="Loans")(app)


def in_a_router(function):
    app = Router(exception_handlers={KeyError: conflict})
    app.get("/loans")(inject(metrics="Loans")(function))
    return app


def of_a_coroutine(function):
    @route(exception_handlers={KeyError: conflict})
    @inject(metrics="Loans")
    async def coroutine(request):
        return function(request)

    return coroutine


@pytest.mark.parametrize("stack", [above, below, around_a_router, in_a_router, of_a_coroutine])
@pytest.mark.parametrize("kind", ANSWERS)
def test_a_route_that_answers_5xx_counts_as_an_error_whatever_stands_above_what(errors, stack, kind):
    function, status = ANSWERS[kind]
    handler = stack(function)
    for version in PAYLOADS:
        assert int(handler(http_event("GET", "/loans", version=version), LambdaContext())["statusCode"]) == status
    assert errors() == [int(status >= 500)] * len(PAYLOADS)


def test_parameters_of_a_route_are_no_event(lines):
    @route
    @inject(metrics="Loans")
    def get(q: str, page: int = 1) -> Response:
        logger.info("found")
        return Response.ok({"id": correlation_id()})

    event = http_event("GET", "/loans", headers={"x-correlation-id": "c-1"}, query={"q": "x"})
    assert json.loads(get(event, LambdaContext(function_name="loans"))["body"]) == {"data": {"id": "c-1"}}
    line, metrics = lines()
    assert (line["correlation_id"], metrics["correlation_id"], metrics["function_name"]) == ("c-1", "c-1", "loans")


def test_a_route_that_is_called_with_a_request_is_measured_too(errors):
    handler = below(raises(ValueError("boom")))
    assert handler(Request(method="GET", path="/loans")).status_code == 500
    assert errors() == [1]


@pytest.mark.parametrize(
    ("error", "counted"), [(ValueError("boom"), 1), (AppError("L001", "no such loan"), 0), (None, 0)]
)
@pytest.mark.parametrize("order", ["above", "below"])
def test_an_envelope_around_an_unexpected_error_counts_as_one(errors, error, counted, order):
    def function(event, context):
        if error is not None:
            raise error
        return {"a": 1}

    if order == "above":
        handler = inject(metrics="Loans")(aws_lambda_handler()(function))
        assert handler(http_event("POST", "/loans"), LambdaContext())["statusCode"] == 200
        assert errors() == [counted]
    else:
        handler = aws_lambda_handler()(inject(metrics="Loans")(function))
        assert handler(http_event("POST", "/loans"), LambdaContext())["statusCode"] == 200
        assert errors() == [int(error is not None)]  # an exception has left the function that is measured


@pytest.mark.parametrize(
    ("event", "records"),
    [
        (kafka_event([{"n": 1}, {"n": 2}, {"n": 3}]), 3),
        (rabbitmq_event([{"n": 1}, {"n": 2}]), 2),
        (documentdb_event([{"_id": 1}, {"_id": 2}]), 2),
        (sns_event([{"n": 1}]), 1),
        (sqs_event([{"n": 1}, {"n": 2}]), 2),
    ],
)
def test_a_job_has_the_metrics_of_its_batch(lines, event, records):
    handler = inject(metrics="Loans")(job(lambda record: None))
    handler(event, LambdaContext())
    (line,) = lines()
    assert (line["Errors"], line["BatchRecords"], line["BatchFailures"]) == (0, records, 0)


def test_the_failures_of_a_job_are_counted(lines):
    @inject(metrics="Loans")
    @job
    def handler(record: dict) -> None:
        if record["body"] == "2":
            raise ValueError

    handler(sqs_event(["1", "2", "3"]), LambdaContext())
    metrics = lines()[-1]
    assert (metrics["Errors"], metrics["BatchRecords"], metrics["BatchFailures"]) == (0, 3, 1)
