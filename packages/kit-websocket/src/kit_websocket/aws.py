"""AWS, as kit-aws hands it out."""

from typing import Any

from kit_aws import AwsError


def call(
    service: str, operation: str, *, endpoint_url: str | None = None, region: str | None = None, **parameters: Any
) -> Any:
    """Call one operation (by its method's name) of a service's client; AwsError if it fails."""
    from kit_aws import aws_errors, client

    with aws_errors(operation):
        return getattr(client(service, region=region, endpoint_url=endpoint_url), operation)(**parameters)


def wait(service: str, waiter: str, *, delay: int, attempts: int, **parameters: Any) -> None:
    """Wait for something with one of a service's waiters, `delay` seconds between two looks; AwsError if in vain."""
    from kit_aws import aws_errors, client

    with aws_errors(waiter):
        client(service).get_waiter(waiter).wait(WaiterConfig={"Delay": delay, "MaxAttempts": attempts}, **parameters)


def code_of(error: AwsError) -> str:
    """Return AWS's code for an error, or the name of the error where AWS has not answered."""
    return error.code or type(error).__name__
