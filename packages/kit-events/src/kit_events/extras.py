"""Dependencies that only some functions need."""

from kit_events.errors import MissingExtraError


def require(extra: str, module: str) -> None:
    """Raise `MissingExtraError` if a module is not installed; it is not imported."""
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise MissingExtraError(extra, module)
