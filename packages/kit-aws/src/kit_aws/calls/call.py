"""Calls to AWS that need no boto3."""

from collections.abc import Mapping
from typing import Any

from kit_core.loading import load_early

from kit_aws import environment
from kit_aws.calls import routes
from kit_aws.calls.model import Operation, Service, operation_of, service_of
from kit_aws.codes import subject
from kit_aws.errors import ParameterError

_TIMEOUT = 5.0  # seconds
# The first of these that a call has is its subject, for the text of errors.
_SUBJECTS = (
    *("QueueUrl", "TopicArn", "TargetArn", "TableName", "SecretId", "FunctionName", "Bucket", "Name", "Path"),
    *("QueueName", "ConnectionId"),
)


def call(
    service: str,
    operation: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    region: str | None = None,
    timeout: float | None = None,
    endpoint_url: str | None = None,
    resource: str | None = None,
) -> dict[str, Any]:
    """Call an operation of AWS and return its answer, without loading boto3.

    service: its name in boto3, as "sqs", "secretsmanager" or "dynamodb"
    operation: its name in the API, as "SendMessage"; a service or an operation that is not offered is a ValueError
    parameters: those of boto3's method
    region: instead of the environment's
    timeout: seconds for the answer to one attempt, 5 by default (more for a ReceiveMessage that waits); an invocation
        that has less time left sets the limit
    endpoint_url: instead of the environment's, or of AWS's own; "apigatewaymanagementapi" needs one
    resource: the name of the call's subject in the text of errors; by default its QueueUrl, TableName and so on

    The answer is boto3's, `ResponseMetadata` included, with two differences: a stream (the `Payload` of Invoke, the
    `Body` of GetObject) is bytes, and times are in UTC. The call is repeated after failures that may pass, up to six
    times and as long as there is time. It goes through boto3 instead where the environment asks for more than keys, a
    region and endpoints, and in a test that mocks boto3.

    Raise `ParameterError` for parameters that do not fit, `CredentialsError`, `RegionNotSetError`,
    `AwsConnectionError` where no whole answer came, and `AwsError` or the class for its code where AWS refused:
    `ThrottlingError`, `AccessDeniedError`, `ResourceNotFoundError`.

    Example:
        >>> item = call("dynamodb", "GetItem", {"TableName": "loans", "Key": {"id": {"S": "7"}}}).get("Item")
    """
    return perform(
        service,
        operation,
        parameters or {},
        region=region,
        timeout=timeout,
        endpoint_url=endpoint_url,
        resource=resource,
    )


def perform(
    service: str,
    operation: str,
    parameters: Mapping[str, Any],
    *,
    region: str | None = None,
    timeout: float | None = None,
    endpoint_url: str | None = None,
    resource: str | None = None,
    hide: str | None = None,
    most: int | None = None,
) -> dict[str, Any]:
    """Do what `call` does; for this package's own functions.

    hide: a secret among the parameters, which AWS may repeat in its message
    most: attempts
    """
    described = service_of(service)
    described_operation = operation_of(described, operation)
    if resource is None:
        resource = next((str(parameters[name]) for name in _SUBJECTS if name in parameters), None)
    if timeout is None and operation == "ReceiveMessage" and isinstance(parameters.get("WaitTimeSeconds"), int):
        timeout = _TIMEOUT + parameters["WaitTimeSeconds"]
    found = None if _is_special(service, parameters) else _own(described, region, endpoint_url)
    if found is None:
        from kit_aws.calls import fallback

        return fallback.send(
            service,
            operation,
            parameters,
            region=region,
            endpoint_url=endpoint_url,
            timeout=timeout,
            most=most,
            resource=resource,
            hide=hide,
        )
    from kit_aws.calls import retries, sending

    target, credentials = found
    try:
        prepared = _prepared(described, described_operation, parameters)
    except ParameterError as error:
        text = f"{subject(operation, resource)} failed: {error}"
        raise ParameterError(text, error.parameter, operation=operation, resource=resource) from None
    except UnicodeEncodeError:  # it would show the value
        text = f"{subject(operation, resource)} failed: a parameter has a lone surrogate, which UTF-8 cannot hold"
        raise ParameterError(text, operation=operation, resource=resource) from None
    return sending.send(
        sending.Call(
            described,
            described_operation,
            *_addressed(described, prepared, target, parameters),
            credentials,
            _TIMEOUT if timeout is None else timeout,
            resource,
            hide,
            retries.MOST_ATTEMPTS if most is None else most,
            str(parameters.get("Bucket", "")),
        )
    )


def _is_special(service: str, parameters: Mapping[str, Any]) -> bool:
    """Say whether a bucket has an endpoint, or a signature, of its own, which boto3 knows."""
    if service != "s3":
        return False
    from kit_aws.calls import s3

    return s3.is_special(parameters.get("Bucket"))


def _own(service: Service, region: str | None, endpoint_url: str | None) -> Any:
    """Return the endpoint and the credentials, or None for a call that goes through boto3."""
    current = environment.fingerprint()
    if routes.reason(service.name, current) is not None:
        return None
    from kit_aws.calls import credentials, target

    chosen = target.target_of(service, region, endpoint_url, current)
    keys = credentials.current()
    return None if chosen is None or keys is None else (chosen, keys)


def _prepared(service: Service, operation: Operation, parameters: Mapping[str, Any]) -> Any:
    from kit_aws.calls.writing import written

    if operation.token and operation.token not in parameters:
        from kit_aws.calls.sending import random_id

        parameters = {**parameters, operation.token: random_id()}
    if service.protocol == "json":
        from kit_aws.calls import json

        return json.request(service, operation, written(service.shapes, operation.input, parameters))
    if service.protocol == "query":
        from kit_aws.calls import query

        return query.request(service, operation, written(service.shapes, operation.input, parameters))
    from kit_aws.calls import rest

    request = rest.request(service, operation, parameters)
    if service.name != "s3":
        return request
    from kit_aws.calls import s3

    return s3.with_checksum(operation, request, parameters)


def _addressed(service: Service, prepared: Any, target: Any, parameters: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return a request and its endpoint; a bucket of S3 is a part of the host where it can be."""
    if service.name != "s3":
        return prepared, target
    from kit_aws.calls import s3

    return s3.addressed(prepared, target, parameters)


@load_early
def _load_early() -> None:
    """Load the signer, the connections and the root certificates, where no call will go through boto3."""
    if routes.reason("all services", environment.fingerprint()) is not None:
        return
    from kit_core.certificates import tls_context

    from kit_aws.calls import credentials, json, reading, retries, roots, sending, target, writing  # noqa: F401

    if not (environment.custom_endpoint("") or "").startswith("http:"):
        tls_context(roots.ca_file())
