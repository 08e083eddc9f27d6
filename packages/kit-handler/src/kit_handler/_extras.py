"""The packages of kit-handler's extras, looked for when something is made that needs one of them."""

from kit_handler.errors import ConfigurationError


def require(owner: str, extra: str, modules: "tuple[str, ...]") -> None:
    """Raise ConfigurationError unless the modules can be found; none of them is imported.

    owner: what needs them; extra: what to install
    """
    from importlib.util import find_spec

    for module in modules:
        try:
            found = find_spec(module) is not None
        except (ImportError, ValueError):
            found = False
        if not found:
            raise ConfigurationError(
                f"{owner} needs the package {module!r}, which is not installed: install kit-handler[{extra}]"
            )
