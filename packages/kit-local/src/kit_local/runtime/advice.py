"""What can be said of functions before any of them runs."""

import importlib.util
import os
import re
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from kit_local.runtime.names import names_of
from kit_local.stack import Function
from kit_local.suggest import did_you_mean


def missing(functions: Iterable[Function]) -> Iterator[str]:
    """Yield a line for each function whose Handler names a module or a function that does not exist."""
    importlib.invalidate_caches()
    for function in functions:
        if text := _fault(function):
            yield f"{function.logical_id}: the Handler {function.handler!r} cannot be loaded: {text}"


def _fault(function: Function) -> str:
    """Return what is wrong with a function's Handler; empty if nothing is, or only running the code tells."""
    path, dot, name = function.handler.rpartition(".")
    module = path.replace("/", ".")  # as awslambdaric does
    if not dot or not module or not name:
        return "it is not of the form module.function"
    spec = _found(module, function)
    if spec is None:
        file = function.code / f"{module.replace('.', '/')}.py"
        return f"there is no {file}{did_you_mean(module, _modules(function.code))}"
    if spec.origin is None:
        return f"there is no __init__.py in {function.code / module.replace('.', '/')}"
    if not spec.origin.endswith(".py"):
        return ""
    return _without(name, Path(spec.origin))


def _without(name: str, file: Path) -> str:
    """Return what is wrong with a module of which a name is wanted."""
    try:
        names = names_of(file.read_bytes())
    except SyntaxError as error:
        return f"{file}:{error.lineno}: {error.msg}"
    except (OSError, ValueError, RecursionError):
        return ""
    if names is None or name in names:
        return ""
    return f"there is no {name!r} in {file}{did_you_mean(name, names)}"


def _found(module: str, function: Function) -> ModuleSpec | None:
    """Find a module as a worker of the function would, without importing anything."""
    added = function.environment.get("PYTHONPATH", "").split(os.pathsep)
    places = [str(function.code), *(str(function.code / each) for each in added if each)]
    first, *others = module.split(".")
    spec = PathFinder.find_spec(first, places)
    if spec is None or spec.origin is None:  # a folder without __init__.py comes after all modules
        spec = _installed(first) or spec
    whole = first
    for part in others:
        if spec is None or spec.submodule_search_locations is None:
            return None
        whole = f"{whole}.{part}"
        spec = PathFinder.find_spec(whole, list(spec.submodule_search_locations))
    return spec


def _installed(name: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None


def _modules(folder: Path) -> set[str]:
    """Return the names of the modules in a folder and its packages."""
    files = {
        file.relative_to(folder).with_suffix("") for pattern in ("*.py", "*/*.py") for file in folder.glob(pattern)
    }
    return {".".join(file.parts).removesuffix(".__init__") for file in files}


def other_python(functions: Iterable[Function]) -> str:
    """Return a line about versions that the template names and this isn't, empty where there are none."""
    own = "{}.{}".format(*sys.version_info[:2])
    named = {found[1] for function in functions if (found := re.fullmatch(r"python(3\.\d+)", function.runtime))}
    others = ", ".join(sorted(named - {own}, key=lambda text: int(text[2:])))
    return f"the template says Python {others}; its functions run on {own} here" if others else ""
