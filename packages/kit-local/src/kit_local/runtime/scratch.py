"""The temporary folders of workers: on Lambda, /tmp belongs to one execution environment, and goes with it."""

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from kit_testing.errors import ServerError
from kit_testing.servers.lock import FolderLock
from kit_testing.servers.paths import shared_folder

from kit_local.errors import LocalError

_PREFIX = "workers-"


class Scratch:
    """A private folder below the temporary one, removed by `close`; a killed owner's is removed by the next one."""

    def __init__(self) -> None:
        parent = shared_folder()
        for left in parent.glob(f"{_PREFIX}*"):
            with suppress(OSError, ServerError), FolderLock(left):
                shutil.rmtree(left, ignore_errors=True)
        for _ in range(5):
            self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
            # Until it is locked, another one that starts now takes it for a killed owner's.
            with suppress(FileNotFoundError, ServerError):
                self._lock = FolderLock(self.folder)
                return
        raise LocalError(f"no folder in {str(parent)!r} can be locked; TMPDIR names another place")

    def close(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.release()
