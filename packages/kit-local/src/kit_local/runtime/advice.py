"""What can be said of functions before any of them runs."""

import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator

from kit_local.stack import Function


def missing(functions: Iterable[Function]) -> Iterator[str]:
    """Yield a line for each function whose handler's module is neither in its folder nor installed."""
    for function in functions:
        module = function.handler.rpartition(".")[0].replace(".", "/")
        file = function.code / module
        if not module or not (list(file.parent.glob(f"{file.name}.*")) or file.is_dir() or _is_installed(module)):
            where = f"there is no {f'{file}.py' if module else 'module'}"
            yield f"{function.logical_id}: {where}, which the Handler {function.handler!r} asks for"


def _is_installed(module: str) -> bool:
    top = module.partition("/")[0]
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        return False


def other_python(functions: Iterable[Function]) -> str:
    """Return a line about versions that the template names and this isn't, empty where there are none."""
    own = "{}.{}".format(*sys.version_info[:2])
    named = {found[1] for function in functions if (found := re.fullmatch(r"python(3\.\d+)", function.runtime))}
    others = ", ".join(sorted(named - {own}, key=lambda text: int(text[2:])))
    return f"the template says Python {others}; its functions run on {own} here" if others else ""
