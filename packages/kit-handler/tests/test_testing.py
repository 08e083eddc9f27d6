"""The event factories and the fake context."""

import pytest
from kit_handler.testing import LambdaContext, http_event, sqs_event


def test_the_context_has_a_clock_that_runs() -> None:
    context = LambdaContext(timeout=10, function_name="f")
    left = context.get_remaining_time_in_millis()
    assert 9_000 < left <= 10_000
    context.spend(4)
    assert context.get_remaining_time_in_millis() <= left - 4_000
    context.spend(60)
    assert context.get_remaining_time_in_millis() == 0
    assert context.invoked_function_arn.endswith(":function:f")


def test_an_unknown_payload_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"3\.0"):
        http_event(version="3.0")


def test_an_empty_body_and_no_authorizer_are_left_out_as_api_gateway_does() -> None:
    event = http_event()
    assert "body" not in event
    assert "authorizer" not in event["requestContext"]
    assert http_event(version="1.0")["body"] is None


def test_groups_make_a_fifo_queue() -> None:
    plain, fifo = sqs_event([{"a": 1}], queue="jobs"), sqs_event(["a"], queue="jobs", groups=["g"])
    assert plain["Records"][0]["eventSourceARN"].endswith(":jobs")
    assert plain["Records"][0]["body"] == '{"a": 1}'
    assert fifo["Records"][0]["eventSourceARN"].endswith(":jobs.fifo")
    assert fifo["Records"][0]["attributes"]["MessageGroupId"] == "g"
