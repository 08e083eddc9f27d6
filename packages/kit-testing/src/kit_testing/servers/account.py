"""The user that servers run as: the current one, or, for root, one without any rights.

PostgreSQL refuses to run as root, and a Redis of root's would write files as root for everybody on the machine.
Nothing on the machine is changed for it: no user is made, and no folder that is not ours gets another mode.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kit_testing.errors import ServerError

# What a server or a dynamic linker may need; PGDATA, PGPORT and the like must not get through.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT")


@dataclass(frozen=True)
class Account:
    """A user to run servers as."""

    uid: int
    gid: int

    def options(self) -> Mapping[str, Any]:
        """Return the keyword arguments of `subprocess` that become this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, folder: Path) -> None:
        """Give a folder of ours, and everything in it, to this user."""
        # From the inside out, so that nothing can be put in the place of what is yet to come.
        for parent, folders, files in os.walk(folder, topdown=False):
            for name in (*folders, *files):
                os.chown(Path(parent, name), self.uid, self.gid, follow_symlinks=False)
        os.chown(folder, self.uid, self.gid)


def environment() -> dict[str, str]:
    """Return the environment of a server: nothing of ours that could change how it behaves."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | {"LC_ALL": "C"}


def _candidates() -> Iterator[Account]:
    import pwd

    # initdb insists on a user that has a name.
    known = {entry.pw_name: Account(entry.pw_uid, entry.pw_gid) for entry in pwd.getpwall()}
    yield from (known.pop(name) for name in ("nobody", "postgres", "daemon") if name in known)
    yield from known.values()
    yield Account(65534, 65534)


@cache
def account() -> Account | None:
    """Return the user that servers run as; None is the current user, for every user but root.

    Inside a container root may be allowed to become few other users or none, so each is tried; ServerError if none
    works.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    for candidate in _candidates():
        if candidate.uid and runs(["/bin/sh", "-c", ":"], user=candidate):
            return candidate
    raise ServerError("root can become no other user here, and servers do not run as root; run as an ordinary user")


def runs(command: list[str], *, user: Account | None) -> bool:
    """Tell whether a command can be started as a user, and succeeds."""
    return output_of(command, user=user) is not None


def output_of(command: list[str], *, user: Account | None) -> str | None:
    """Return the output of a command that runs as a user, None if it cannot be started or fails."""
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd="/", env=environment(), capture_output=True, timeout=30, check=False, **become(user)
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None


def become(user: Account | None) -> Mapping[str, Any]:
    """Return the keyword arguments of `subprocess` that become a user, or none for oneself."""
    return {} if user is None else user.options()
