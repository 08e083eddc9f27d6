"""Parameters of the Systems Manager parameter store."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from kit_aws.cache import ValueCache
from kit_aws.calls.call import perform
from kit_aws.calls.early import load_early_model
from kit_aws.errors import ResourceNotFoundError

ParameterType = Literal["String", "StringList", "SecureString"]

# By name, and whether decrypted.
values: ValueCache[tuple[str, bool], str] = ValueCache()
# The names below a path, by path, whether recursive, and whether decrypted.
trees: ValueCache[tuple[str, bool, bool], dict[str, str]] = ValueCache()

_MOST_AT_ONCE = 10  # GetParameters


def get_ssm_parameter(name: str, encrypted: bool = False, *, max_age: float = 300, force: bool = False) -> str:
    """Return a parameter's value; `encrypted` decrypts a SecureString.

    It is read again once it is `max_age` seconds old, or at once with `force`. Raise `ResourceNotFoundError`.
    """

    def read() -> str:
        answer = perform("ssm", "GetParameter", {"Name": name, "WithDecryption": encrypted})
        value: str = answer["Parameter"]["Value"]
        return value

    return values.get((name, encrypted), read, max_age=max_age, force=force)


def get_ssm_parameters(
    path: str | Iterable[str],
    encrypted: bool = False,
    *,
    recursive: bool = True,
    max_age: float = 300,
    force: bool = False,
) -> dict[str, str]:
    """Return several parameters by name: everything below a path, or those of a list of names.

    A path begins with `/`; one below which nothing is gives an empty dict, and `recursive=False` stays on its first
    level; the answer is kept as a whole. Names are asked for in calls of ten, except those that `get_ssm_parameter`
    or this has read less than `max_age` seconds ago. Raise `ResourceNotFoundError`, which tells every name that does
    not exist.
    """
    if isinstance(path, str):
        return _below(path, encrypted, recursive=recursive, max_age=max_age, force=force)
    keys = [(name, encrypted) for name in path]
    found = values.get_many(keys, _read_many, max_age=max_age, force=force)
    return {name: value for (name, _), value in found.items()}


def put_ssm_parameter(name: str, value: str, param_type: ParameterType = "String", overwrite: bool = True) -> int:
    """Create or change a parameter and return its new version.

    With `overwrite=False` an existing one is kept, and raises `AwsError` with code `ParameterAlreadyExists`.
    """
    # boto3 would name the value in its complaint.
    if not isinstance(value, str):
        raise TypeError(f"The value of parameter {name!r} must be a str, not {type(value).__name__}")
    try:
        parameters = {"Name": name, "Value": value, "Type": param_type, "Overwrite": overwrite}
        answer = perform("ssm", "PutParameter", parameters, hide=value)
    finally:
        # Also after an error: a call that timed out may have been carried out.
        arn = f":parameter/{name.lstrip('/')}"
        values.drop(lambda key: key[0] == name or key[0].endswith(arn))
        trees.drop(lambda key: name.startswith(key[0]))
    version: int = answer["Version"]
    return version


def _below(path: str, encrypted: bool, *, recursive: bool, max_age: float, force: bool) -> dict[str, str]:
    if not path.startswith("/"):
        raise ValueError(f"A path begins with '/', {path!r} does not; give names as a list")

    def read() -> dict[str, str]:
        wanted: dict[str, Any] = {"Path": path, "Recursive": recursive, "WithDecryption": encrypted}
        found: dict[str, str] = {}
        while True:
            page = perform("ssm", "GetParametersByPath", wanted)
            found |= {each["Name"]: each["Value"] for each in page.get("Parameters", ())}
            if not page.get("NextToken"):
                return found
            wanted["NextToken"] = page["NextToken"]

    return dict(trees.get((path, recursive, encrypted), read, max_age=max_age, force=force))


def _read_many(keys: Sequence[tuple[str, bool]]) -> dict[tuple[str, bool], str]:
    encrypted = keys[0][1]
    names = [name for name, _ in keys]
    found: dict[tuple[str, bool], str] = {}
    for start in range(0, len(names), _MOST_AT_ONCE):
        asked = names[start : start + _MOST_AT_ONCE]
        wanted = {"Names": asked, "WithDecryption": encrypted}
        answer = perform("ssm", "GetParameters", wanted, resource=", ".join(asked))
        for each in answer.get("Parameters", ()):
            found |= {(name, encrypted): each["Value"] for name in asked if _is_called(each, name)}
    missing = ", ".join(repr(name) for name in names if (name, encrypted) not in found)
    if missing:
        raise ResourceNotFoundError(
            f"GetParameters failed: there is no parameter {missing}",
            code="ParameterNotFound",
            operation="GetParameters",
            resource=missing,
        )
    return found


def _is_called(parameter: Any, name: str) -> bool:
    """Say whether a parameter is the one asked for by name or ARN, or by either with a `:version` or `:label`."""
    selector = str(parameter.get("Selector") or "").lstrip(":")
    ends = {f":{selector or parameter.get('Version')}", "" if not selector else f":{selector}"}
    return name in {f"{parameter.get(key)}{end}" for key in ("Name", "ARN") for end in ends}


load_early_model("ssm")
