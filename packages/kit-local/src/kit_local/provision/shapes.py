"""Gives boto3 the types that it insists on: CloudFormation takes "5" for 5, and "true" for true."""

from collections.abc import Mapping
from typing import Any


def shaped(client: Any, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return `params` with the scalars in the types of the operation's input, and without None."""
    name = client.meta.method_to_api_mapping[operation]
    shape = client.meta.service_model.operation_model(name).input_shape
    result: dict[str, Any] = _shaped(shape, {key: value for key, value in params.items() if value is not None})
    return result


def _shaped(shape: Any, value: Any) -> Any:
    kind = shape.type_name
    if kind == "structure" and isinstance(value, Mapping):
        # A member that the API does not know is left for botocore to refuse by name.
        members = shape.members
        return {key: _shaped(members[key], item) if key in members else item for key, item in value.items()}
    if kind == "map" and isinstance(value, Mapping):
        return {key: _shaped(shape.value, item) for key, item in value.items()}
    if kind == "list" and isinstance(value, list):
        return [_shaped(shape.member, item) for item in value]
    return _scalar(kind, value)


def _scalar(kind: str, value: Any) -> Any:
    if kind in ("integer", "long") and isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    if kind == "boolean" and isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if kind == "string" and isinstance(value, bool):
        return "true" if value else "false"
    if kind == "string" and isinstance(value, int | float):
        return str(value)
    return value
