"""Secrets of the Secrets Manager."""

from collections.abc import Iterable, Sequence
from typing import Any

from kit_core.json import loads

from kit_aws.cache import ValueCache
from kit_aws.calls.call import perform
from kit_aws.calls.early import load_early_model
from kit_aws.errors import BatchError, Failure, SecretFormatError

# By name or ARN, and stage.
values: ValueCache[tuple[str, str], str | bytes] = ValueCache()

_CURRENT = "AWSCURRENT"
_MOST_AT_ONCE = 20  # BatchGetSecretValue


def get_secret(name: str, *, max_age: float = 300, force: bool = False, stage: str = _CURRENT) -> str:
    """Return a secret's text; `name` is its name or ARN, `stage` the version's stage.

    It is read again once it is `max_age` seconds old, or at once with `force`, as after a password that no longer
    works. A binary secret is decoded as UTF-8. Raise `ResourceNotFoundError`, and `SecretFormatError` for bytes that
    are no text.
    """
    value = _read(name, max_age, force, stage)
    return value if isinstance(value, str) else _text(name, value)


def get_secret_bytes(name: str, *, max_age: float = 300, force: bool = False, stage: str = _CURRENT) -> bytes:
    """Return a secret as bytes, a text as UTF-8; everything else is as with `get_secret`."""
    value = _read(name, max_age, force, stage)
    return value.encode() if isinstance(value, str) else value


def get_secret_json(name: str, *, max_age: float = 300, force: bool = False, stage: str = _CURRENT) -> Any:
    """Return a secret's parsed JSON, a new copy each time; everything else is as with `get_secret`.

    Raise `SecretFormatError` for a text that is no JSON.
    """
    text = get_secret(name, max_age=max_age, force=force, stage=stage)
    try:
        return loads(text)
    except ValueError:
        # The original would show the text.
        raise SecretFormatError(f"The secret {name!r} is not JSON", resource=name) from None


def get_secrets(names: Iterable[str], *, max_age: float = 300, force: bool = False) -> dict[str, str]:
    """Return the texts of several secrets by the names or ARNs given, in calls of twenty; see `get_secret`.

    Kept values that are young enough are not asked for. Raise `BatchError`, which names each secret that could not
    be read, and `SecretFormatError`. Needs the permission `secretsmanager:BatchGetSecretValue` beside
    `GetSecretValue`, and reads the current versions only.
    """
    listed = _listed(names)
    keys = [(name, _CURRENT) for name in listed]
    try:
        found = values.get_many(keys, _read_many, max_age=max_age, force=force)
    except BatchError as error:
        # It may be another thread's, and counts only the names that were asked for.
        failures = [each._replace(index=listed.index(str(each.name))) for each in error.failures]
        raise BatchError("BatchGetSecretValue", sorted(failures)) from None
    return {name: _text(name, value) for (name, _), value in found.items()}


def _listed(names: Iterable[str]) -> list[str]:
    if isinstance(names, str):
        raise TypeError(f"Give a list of names, not {names!r}: get_secret reads a single one")
    return list(names)


def _text(name: str, value: str | bytes) -> str:
    if isinstance(value, str):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise SecretFormatError(
            f"The secret {name!r} is binary, not text: use get_secret_bytes", resource=name
        ) from None


def _read(name: str, max_age: float, force: bool, stage: str) -> str | bytes:
    def read() -> str | bytes:
        return _value(perform("secretsmanager", "GetSecretValue", {"SecretId": name, "VersionStage": stage}))

    return values.get((name, stage), read, max_age=max_age, force=force)


def _value(answer: Any) -> str | bytes:
    value: str | bytes = answer["SecretString"] if "SecretString" in answer else answer["SecretBinary"]
    return value


def _read_many(keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str | bytes]:
    names = [name for name, _ in keys]
    found: dict[str, str | bytes] = {}
    problems: dict[str, tuple[str, str]] = {}
    for start in range(0, len(names), _MOST_AT_ONCE):
        asked = names[start : start + _MOST_AT_ONCE]
        for page in _pages(asked):
            for answer in page.get("SecretValues", ()):
                found |= {name: _value(answer) for name in asked if _is_called(answer, name)}
            for error in page.get("Errors", ()):
                problems[error["SecretId"]] = (error.get("ErrorCode", "Unknown"), error.get("Message", "no message"))
    unknown = ("Unknown", "AWS did not answer for it")
    failures = [
        Failure(index, *problems.get(name, unknown), name=name) for index, name in enumerate(names) if name not in found
    ]
    if failures:
        raise BatchError("BatchGetSecretValue", failures)
    return {(name, _CURRENT): value for name, value in found.items()}


def _pages(names: Sequence[str]) -> Iterable[Any]:
    parameters: dict[str, Any] = {"SecretIdList": names}
    while True:
        page = perform("secretsmanager", "BatchGetSecretValue", parameters, resource=", ".join(names))
        yield page
        if not page.get("NextToken"):
            return
        parameters["NextToken"] = page["NextToken"]


def _is_called(answer: Any, name: str) -> bool:
    """Say whether a secret is the one that was asked for by name, ARN, or ARN without its random end."""
    return name in (answer.get("Name"), answer.get("ARN"), answer.get("ARN", "").rpartition("-")[0])


load_early_model("secretsmanager")
