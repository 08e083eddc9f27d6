"""The backends that run on this machine, as other commands find them."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from kit_testing.errors import FolderTakenError
from kit_testing.servers.folders import write_private
from kit_testing.servers.lock import FolderLock

from kit_local.errors import LocalError
from kit_local.paths import cache_folder

_FILE = "backend.json"


class Announcement:
    """Tell other commands of a backend, until `withdraw` or the end of the process.

    project: the backend's folder
    told: a part of its ready file, without passwords

    It is a private folder that is locked as long as the backend runs.
    """

    def __init__(self, project: Path, told: Mapping[str, Any]) -> None:
        parent = _folder()
        for _ in range(5):
            self._folder = Path(tempfile.mkdtemp(dir=parent))
            # Until it is locked, a command that looks now takes it for a killed backend's.
            with suppress(FileNotFoundError):
                self._lock = FolderLock(self._folder)
                write_private(self._folder / _FILE, json.dumps({"folder": str(project.resolve()), **told}))
                return
        raise LocalError(f"no folder in {str(parent)!r} can be locked")

    def withdraw(self) -> None:
        """Tell of it no more."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._lock.release()


def backends() -> list[Mapping[str, Any]]:
    """Return the announcement of each running backend, with its `folder`."""
    found = []
    for folder in sorted(_folder().iterdir()):
        try:
            with FolderLock(folder):
                shutil.rmtree(folder, ignore_errors=True)  # of one that was killed
        except FolderTakenError:
            with suppress(OSError, ValueError):  # it starts or ends at this moment
                found.append(json.loads((folder / _FILE).read_bytes()))
        except OSError:
            continue
    return found


def backend_of(project: Path) -> Mapping[str, Any]:
    """Return the announcement of a folder's backend; LocalError if none or several of it run."""
    running = backends()
    mine = [each for each in running if each["folder"] == str(project.resolve())]
    if len(mine) == 1:
        return mine[0]
    if mine:
        raise LocalError(f"{len(mine)} backends of {project} are running; name one by --ready-file")
    others = ", ".join(sorted({repr(each["folder"]) for each in running})) or "nothing"
    raise LocalError(f"no backend of {str(project.resolve())!r} is running; running is {others}")


def _folder() -> Path:
    folder = cache_folder() / "running"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
