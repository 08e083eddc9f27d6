"""One server process that ends with its owner, also when the owner is killed."""

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from kit_testing.errors import ServerError
from kit_testing.servers.account import Account, become, environment

# Waits at the reading end of a pipe. One line means that the server has ended. The end of the pipe means that the
# owner has gone without a word: then the server is asked to end, made to end, and its folder is removed. An ended
# process may keep its id for long where the machine's first process does not wait for orphans (state Z).
# A death signal (Linux, PR_SET_PDEATHSIG) would do without this process, but it comes when the *thread* ends that
# started the server.
_GUARD = """
ended() {
    kill -0 "$1" 2>/dev/null || return 0
    read -r state < "/proc/$1/stat" || return 1
    case $state in *") Z "*) return 0 ;; esac
    return 1
}
if read -r _; then exit 0; fi
kill -"$2" "$1"
left=100
until ended "$1" || [ "$left" -eq 0 ]; do sleep 0.05; left=$((left - 1)); done
ended "$1" || kill -KILL "$1"
if [ -n "$3" ]; then rm -rf "$3"; fi
"""


class Process:
    """A server process, its log and its guard.

    `ending` is the signal that asks it to end; `disposable` a folder that is removed should the owner be killed.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        user: Account | None,
        ending: signal.Signals,
        disposable: Path | None = None,
        text: str = "",
    ) -> None:
        self._log = log
        self._ending = ending
        self._dismissing = threading.Lock()
        self._owner = os.getpid()
        try:
            self._server = self._started(command, user)
        except OSError as error:
            raise ServerError(f"{command[0]!r} cannot be started: {error}") from error
        try:
            self._guard = self._watched(disposable)
        except OSError as error:
            self._server.kill()
            self._server.communicate()
            raise ServerError(f"{command[0]!r} cannot be guarded: {error}") from error
        with contextlib.suppress(BrokenPipeError), _input(self._server) as stdin:
            stdin.write(text.encode())

    def _started(self, command: Sequence[str], user: Account | None) -> "subprocess.Popen[bytes]":
        # For nobody else: a server's log may quote statements, and so whatever is in them.
        with open(os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as output:  # noqa: PTH123
            return subprocess.Popen(  # noqa: S603
                command,
                cwd="/" if os.name == "posix" else None,
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,  # so that Ctrl-C in a terminal reaches the owner alone
                **become(user),
            )

    def _watched(self, disposable: Path | None) -> "subprocess.Popen[bytes] | None":
        shell = shutil.which("sh")
        if shell is None:
            return None  # Windows: the owner's end is noticed by atexit only
        name = self._ending.name.removeprefix("SIG")
        return subprocess.Popen(  # noqa: S603
            [shell, "-c", _GUARD, "sh", str(self.pid), name, str(disposable or "")],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._server.pid

    def poll(self) -> int | None:
        """Return the exit status, or None while the server runs."""
        if self._owner != os.getpid():  # a fork can neither wait for the server nor dismiss its guard
            return None if alive(self.pid) else 0
        status = self._server.poll()
        if status is not None:
            self._dismiss()
        return status

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status once the server has ended; TimeoutError after `timeout` seconds."""
        try:
            self._server.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"process {self.pid} is still running") from None
        self._dismiss()
        return self._server.returncode

    def end(self, *signals: signal.Signals, patience: float = 5.0) -> None:
        """Send each signal in turn, `patience` seconds apart, until the server has ended."""
        if self._owner != os.getpid():
            return
        for number in signals:
            if self.poll() is not None:
                return
            self._server.send_signal(number)
            with contextlib.suppress(TimeoutError):
                self.wait(patience)
        self.wait()

    def tail(self, lines: int = 15) -> str:
        """Return the end of the server's log."""
        try:
            return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def _dismiss(self) -> None:
        with self._dismissing:
            guard, self._guard = self._guard, None
        if guard is None:
            return
        with contextlib.suppress(BrokenPipeError), _input(guard) as stdin:
            stdin.write(b"\n")
        guard.wait()


def _input(process: "subprocess.Popen[bytes]") -> IO[bytes]:
    assert process.stdin is not None
    return process.stdin


def alive(pid: int) -> bool:
    """Tell whether a process runs. An ended one does not, though it may keep its id until somebody waits for it."""
    try:
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return False
    except (OSError, IndexError):
        pass  # no /proc on this system, or no such process
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_running_with(pid: int, argument: str) -> bool:
    """Tell whether a process runs that has a certain word on its command line."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
        word = os.fsencode(argument)
        return word in line.split(b"\0") or word in line.replace(b"\0", b" ").split(b" ")  # Redis rewrites its own
    except OSError:
        pass
    ps = shutil.which("ps")
    if ps is None:
        return False
    shown = subprocess.run([ps, "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603
    return argument in shown.stdout


def children(pid: int) -> list[int]:
    """Return the ids of a process's children; none where the system does not tell (it does on Linux)."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def end_orphan(pid: int, *signals: signal.Signals) -> None:
    """End a process that is not a child of this one: each signal in turn, until it has gone."""
    for number in signals:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        if wait_gone(pid):
            return


def wait_gone(pid: int, patience: float = 5.0) -> bool:
    """Wait until a process that is not a child of this one has gone; False when it is still there."""
    deadline = time.monotonic() + patience
    while alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True
