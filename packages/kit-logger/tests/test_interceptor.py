import asyncio
import logging
from types import SimpleNamespace

import pytest
from kit_logger import inject, inject_request, logger


@pytest.fixture
def request_(context):
    event = {"headers": {"x-correlation-id": "abc"}, "requestContext": {"requestId": "r-1"}}
    return SimpleNamespace(event=event, context=context, method="GET")


@pytest.mark.parametrize("fails", [False, True])
def test_the_requests_ids_are_on_its_lines_and_gone_after_it(lines, request_, fails):
    def call_next(request):
        logger.append_keys(order=1)
        logging.getLogger("kit.db").warning("during")
        if fails:
            raise ValueError("x")
        return request.method

    if fails:
        with pytest.raises(ValueError, match="x"):
            inject_request(request_, call_next)
    else:
        assert inject_request(request_, call_next) == "GET"
    logger.info("after")
    during, after = lines()
    assert (during["correlation_id"], during["http_method"], during["order"]) == ("abc", "GET", 1)
    assert during["function_request_id"] == request_.context.aws_request_id
    assert not {"correlation_id", "http_method", "order", "function_name"} & set(after)


def test_inside_of_inject_it_adds_only_the_method(lines, request_, context):
    @inject
    def handler(event, context):
        logger.append_keys(order=1)
        return inject_request(request_, lambda request: logger.info("x"))

    handler({"id": "outer"}, context)
    (line,) = lines()
    assert (line["correlation_id"], line["order"], line["http_method"]) == ("outer", 1, "GET")


def test_an_answer_that_is_awaited_keeps_its_keys(lines, request_):
    async def call_next(request):
        await asyncio.sleep(0)
        logger.info("x")
        return "done"

    async def main():
        return await inject_request(request_, call_next)

    assert asyncio.run(main()) == "done"
    assert lines()[0]["correlation_id"] == "abc"


@pytest.mark.parametrize(
    "odd", [None, 7, SimpleNamespace(), SimpleNamespace(event=[], context=5, method=b"x")], ids=str
)
def test_no_request_makes_it_fail(odd):
    assert inject_request(odd, lambda request: "done") == "done"
