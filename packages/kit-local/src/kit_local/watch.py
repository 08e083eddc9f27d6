"""Code changes, seen as they are made."""

import importlib.util
from collections.abc import Iterable
from pathlib import Path

from kit_local.logs import Console
from kit_local.runtime.pool import Functions


async def watch(folders: Iterable[Path], template: Path, functions: Functions, console: Console) -> None:
    """Replace the workers of the functions whose folder has changed, until cancelled; name the template's changes."""
    from watchfiles import DefaultFilter, awatch

    try:
        async for changes in awatch(*set(folders), template, watch_filter=DefaultFilter()):
            changed = {Path(path) for _, path in changes}
            for path in changed:
                forget(path)
            if template in changed:
                console.note(f"{template.name} has changed; restart kit-local to run it as it is now")
            if names := functions.replace(changed - {template}):
                console.note(f"new code: {', '.join(names)}")
    except OSError as error:  # as many files as the system lets one user watch, for example
        console.error(f"changes of the code are not seen any more: {error}")


def forget(path: Path) -> None:
    """Remove the compiled form of a module: Python wouldn't notice a change of the same length in the same second."""
    if path.suffix == ".py":
        Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
