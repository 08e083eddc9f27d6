"""The fake context."""

from kit_testing import LambdaContext


def test_the_clock_runs() -> None:
    context = LambdaContext(timeout=10, function_name="f")
    left = context.get_remaining_time_in_millis()
    assert 0 < left <= 10_000
    context.spend(4)
    assert context.get_remaining_time_in_millis() <= left - 4_000
    context.spend(60)
    assert context.get_remaining_time_in_millis() == 0


def test_it_has_what_lambda_passes() -> None:
    context = LambdaContext(function_name="f", aws_request_id="a")
    assert context.invoked_function_arn.endswith(":function:f")
    assert (context.function_name, context.aws_request_id) == ("f", "a")
    assert (LambdaContext().tenant_id, LambdaContext(tenant_id="t-1").tenant_id) == (None, "t-1")
    assert LambdaContext().aws_request_id != LambdaContext().aws_request_id
