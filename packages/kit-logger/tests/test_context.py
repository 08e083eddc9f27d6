"""The keys of the Lambda context: the tenant, and a context inside another."""

from types import SimpleNamespace

import pytest
from kit_core import invocation
from kit_logger import emit_metrics, inject, logger


class Durable:
    """A durable function's context: it holds the Lambda context, and has none of its attributes."""

    def __init__(self, lambda_context):
        self.lambda_context = lambda_context
        self.state = SimpleNamespace(operations={})
        self.logger = None


@pytest.mark.parametrize("tenant", ["t-7", None])
def test_the_tenant_is_on_every_line(lines, context, tenant):
    context.tenant_id = tenant

    @inject(metrics=True)
    def handler(event, context):
        logger.info("x")
        emit_metrics({"A": 1})

    handler({}, context)
    logger.info("after")
    assert [line.get("tenantId") for line in lines()] == [tenant, tenant, tenant, None]


def test_the_tenant_is_no_dimension(lines, context):
    context.tenant_id = "t-7"
    inject(metrics=True)(lambda event, context: None)({}, context)
    assert lines()[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service", "function_name"]]


def test_a_durable_functions_context_is_unwrapped(lines, context):
    context.get_remaining_time_in_millis = lambda: 5000
    context.tenant_id = "t-7"

    @inject(metrics=True)
    def handler(event, context):
        logger.info("x")
        return context, invocation.remaining_ms(), logger.get_correlation_id()

    durable = Durable(context)
    assert handler({}, durable) == (durable, 5000, context.aws_request_id)
    line, metrics = lines()
    assert line["function_name"] == metrics["function_name"] == "loans-get"
    assert line["function_memory_size"] == 256
    assert line["function_arn"] == context.invoked_function_arn
    assert line["function_request_id"] == metrics["function_request_id"] == context.aws_request_id
    assert line["tenantId"] == "t-7"


def test_a_durable_context_without_a_lambda_context_fails_nothing(lines):
    inject(lambda event, context: logger.info("x"))({}, Durable(None))
    assert lines()[0]["message"] == "x"
