"""The folders for data that outlives kit-local; `KIT_LOCAL_HOME` moves them."""

import hashlib
import os
from pathlib import Path

from kit_testing.servers import paths


def cache_folder() -> Path:
    """Return the folder of this user for everything that is kept, made if it is missing (mode 0700)."""
    return paths.cache_folder("kit-local", variable="KIT_LOCAL_HOME")


def state_folder(project: Path) -> Path:
    """Return the folder that keeps the state of one project, told apart by the project's resolved path."""
    resolved = project.resolve()
    digest = hashlib.sha256(os.fsencode(resolved)).hexdigest()[:12]
    folder = cache_folder() / "state" / f"{resolved.name}-{digest}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
