"""The description of a service, as the modules in `models` hold it.

A shape is a tuple, by its name in `Service.shapes`:
("string" | "integer", minimum)                    the minimum, of a string's length, only where there is one
("blob" | "boolean" | "float" | "timestamp",)
("list", member, minimum, element name)            the element's name in XML and forms, where it is not "member"
("map", key, value, key name, value name)          the names in XML and forms, where they are not "key" and "value"
("structure", members, required, places, payload)  places: (location, name) of members that are not in the body under
                                                   their own name; payload: the member that is the whole body
"""

from typing import Any, NamedTuple

Shape = tuple[Any, ...]


class Operation(NamedTuple):
    """Hold one operation: the names of its shapes (or ""), and the codes of its errors.

    token: the member that gets a random token where it is left out
    """

    name: str
    method: str
    path: str
    input: str
    output: str
    token: str
    errors: tuple[str, ...]


class Service(NamedTuple):
    """Hold a service with its operations by name; `errors` are the shapes of its errors by code."""

    name: str
    protocol: str
    api_version: str
    endpoint: str
    signing_name: str
    variable: str
    content_type: str
    target: str
    is_query_compatible: bool
    retryable: tuple[str, ...]
    operations: dict[str, Operation]
    errors: dict[str, str]
    shapes: dict[str, Shape]


# A second execution could do the work twice: these are not repeated once they have been sent without an answer.
ONCE = frozenset({"Invoke", "PostToConnection"})

NAMES = (
    *("apigatewaymanagementapi", "dynamodb", "events", "lambda", "s3"),
    *("secretsmanager", "sns", "sqs", "ssm", "sts"),
)

_loaded: dict[str, Service] = {}


def service_of(name: str) -> Service:
    """Return a service by its name in boto3. Raise ValueError for one that is not described here."""
    found = _loaded.get(name)
    if found is None:
        if name not in NAMES:
            near = name.lower()
            remedy = f"did you mean {near!r}?" if near in NAMES else f"use kit_aws.client({name!r})"
            raise ValueError(f"kit_aws.call knows no service {name!r}: {remedy}")
        from importlib import import_module

        module = import_module(f"kit_aws.calls.models.{'lambda_' if name == 'lambda' else name}")
        found = _loaded[name] = module.SERVICE
    return found


def operation_of(service: Service, name: str) -> Operation:
    """Return an operation by its name in the API. Raise ValueError for one that is not offered."""
    found = service.operations.get(name)
    if found is None:
        plain = name.replace("_", "").lower()
        near = next((each for each in service.operations if each.lower() == plain), None)
        offered = ", ".join(service.operations)
        remedy = f"did you mean {near!r}?" if near else f"use kit_aws.client({service.name!r})"
        raise ValueError(f"kit_aws.call has no operation {name!r} of {service.name!r} (it has {offered}): {remedy}")
    return found
