"""Keys of the logger end with the invocation or record of kit-handler in which they were appended."""

import json
import threading

import pytest
from kit_handler import Request, Response, job, route
from kit_logger import inject, logger
from kit_testing import LambdaContext
from kit_testing.events import http_event, sqs_event


@pytest.fixture
def users(capsys):
    """Return the messages that were written, each with the keys of the batch, user and record."""

    def read():
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return [(line["message"], line.get("batch"), line.get("record")) for line in lines]

    return read


def take(record):
    logger.info("begins")
    logger.append_keys(record=record["messageId"])
    logger.info("ends")


async def take_later(record):
    take(record)


def messages(number):
    event = sqs_event([{"n": n} for n in range(number)])
    for n, record in enumerate(event["Records"]):
        record["messageId"] = f"m-{n}"
    return event


def test_of_two_routes_the_second_has_no_key_of_the_first(users):
    @route
    def sign_in(request: Request) -> Response:
        logger.append_keys(record="u1")
        logger.info("in")
        return Response.ok({})

    @route
    async def look(request: Request) -> Response:
        logger.info("before")
        logger.append_keys(record="u2")
        logger.info("after")
        return Response.ok({})

    for handler in (sign_in, look, look):
        assert handler(http_event(), LambdaContext())["statusCode"] == 200
    assert users() == [("in", None, "u1"), *[("before", None, None), ("after", None, "u2")] * 2]


@pytest.mark.parametrize("function", [take, take_later])
@pytest.mark.parametrize("decorator", [job, lambda function: inject(job(function)), lambda f: job(inject(f))])
def test_no_record_has_a_key_of_another(users, function, decorator):
    assert decorator(function)(messages(2), LambdaContext()) == {"batchItemFailures": []}
    logger.info("outside")
    expected = [("begins", None, None), ("ends", None, "m-0"), ("begins", None, None), ("ends", None, "m-1")]
    assert users() == [*expected, ("outside", None, None)]


@pytest.mark.parametrize("function", [take, take_later])
def test_keys_from_before_the_job_are_on_every_record(users, function):
    handle = job(function)

    @inject
    def handler(event, context):
        logger.append_keys(batch="b-1")
        answer = handle(event, context)
        logger.info("after")
        return answer

    handler(messages(2), LambdaContext())
    expected = [("begins", "b-1", None), ("ends", "b-1", "m-0"), ("begins", "b-1", None), ("ends", "b-1", "m-1")]
    assert users() == [*expected, ("after", "b-1", None)]


@pytest.mark.parametrize("outermost", [inject, lambda handler: handler])
def test_records_in_threads_keep_their_keys_apart(users, outermost):
    barrier = threading.Barrier(2)

    def work(record):
        logger.info("begins")
        logger.append_keys(record=record["messageId"])
        barrier.wait(10)
        logger.info(record["messageId"])

    outermost(job(work, concurrency=2))(messages(4), LambdaContext())
    found = users()
    assert len(found) == 8
    assert all(record == (None if message == "begins" else message) for message, _, record in found)
