"""Code changes, seen as they are made."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from kit_local.logs import Console
from kit_local.runtime.pool import Functions


async def watch(folders: Iterable[Path], template: Path, functions: Functions, console: Console) -> None:
    """Replace the workers of the functions whose folder has changed, until cancelled; name the template's changes."""
    try:
        await asyncio.gather(_code(set(folders), functions), _template(template, console))
    except Exception as error:  # noqa: BLE001 - as many files as the system lets one user watch, for example
        console.error(f"changes are not seen any more: {error}")


async def _code(folders: set[Path], functions: Functions) -> None:
    from watchfiles import DefaultFilter, awatch

    async for changes in awatch(*folders, watch_filter=DefaultFilter(), step=20):
        functions.replace({Path(path) for _, path in changes})


async def _template(template: Path, console: Console) -> None:
    from watchfiles import awatch

    # The folder, since many editors put a new file in the place of the old one.
    async for _ in awatch(template.parent, watch_filter=lambda _, path: Path(path) == template, recursive=False):
        console.note(f"{template.name} has changed; restart kit-local to run it as it is now")
