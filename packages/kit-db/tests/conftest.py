"""A database with the tables of the tests, and the running of documents."""

import contextlib
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from kit_core import invocation
from kit_db import Database, set_default_database

TABLES = """
create table loans (
    id uuid primary key,
    amount numeric(12, 2) not null constraint amount_is_positive check (amount > 0),
    term integer not null,
    status text not null default 'requested',
    note text,
    created_at timestamptz not null default now()
);
create table documents (
    key text primary key,
    loan_id uuid not null constraint document_of_loan references loans (id) deferrable,
    size bigint not null
);
"""


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in tuple(os.environ):
        if name.startswith(("DB_", "KIT_DB_", "AWS_LAMBDA_")):
            monkeypatch.delenv(name)


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    """A database that is the default one as well, with the tables above."""
    made = Database.from_url(postgres_url)
    made.execute(TABLES)
    set_default_database(made)
    yield made
    set_default_database(None)
    made.close()


@pytest.fixture
def other(postgres_url: str) -> Iterator[Database]:
    """Somebody else on the same database."""
    made = Database.from_url(postgres_url)
    yield made
    made.close()


@pytest.fixture
def terminate(other: Database) -> Callable[[int], None]:
    """Ends a connection on the server's side, as an administrator or a failover does."""

    def end(pid: int) -> None:
        assert other.execute("select pg_terminate_backend(%s, 5000) as ended", [pid]) == [{"ended": True}]

    return end


@pytest.fixture
def in_a_fork() -> Callable[[Callable[[], object]], str]:
    """Runs something in a forked child, and returns the text of what it returned, or the name of its exception."""
    if not hasattr(os, "fork"):
        pytest.skip("there are no forks")

    def run(action: Callable[[], object]) -> str:
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            # Python warns of forks in processes with threads, such as those of the other fixtures.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            try:
                os.write(writing, str(action()).encode())
            except BaseException as error:  # noqa: BLE001
                os.write(writing, type(error).__name__.encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as said:
            answer = said.read()
        os.waitpid(child, 0)
        return answer

    return run


@pytest.fixture
def apart() -> Callable[..., str]:
    """Runs Python where files of the machine are replaced by others, by target, and returns what it printed."""

    def run(files: dict[Path, str], code: str, *arguments: str, network: bool = True) -> str:
        command = [shutil.which("unshare") or "", "--map-root-user", "--mount", *([] if network else ["--net"])]
        if not command[0] or subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
            pytest.skip("no namespaces to be had")
        mounts = [f"mount --bind {shlex.quote(str(source))} {target} && " for source, target in files.items()]
        script = "".join(mounts) + 'exec "$@"'
        done = subprocess.run(
            [*command, "sh", "-c", script, "sh", sys.executable, "-c", code, *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def run_document() -> Callable[[Path], dict[str, Any]]:
    """Runs the Python blocks of a document, in order, in one namespace."""

    def run(path: Path) -> dict[str, Any]:
        namespace: dict[str, Any] = {"__name__": "document"}
        text = path.read_text(encoding="utf-8")
        for block in re.finditer(r"^```python\n(.*?)^```", text, re.M | re.S):
            line = text.count("\n", 0, block.start(1))
            exec(compile("\n" * line + block[1], path, "exec"), namespace)
        return namespace

    return run


class Wire:
    """Stands between a client and the server, and reads what the client says (PostgreSQL's protocol 3.0)."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._upstream = parts.hostname, parts.port
        self._listener = socket.create_server(("127.0.0.1", 0))
        place = f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = urlunsplit(parts._replace(netloc=place, query="sslmode=disable"))
        self.messages: list[tuple[str, bytes]] = []
        self.trips = 0
        self._open: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def clear(self) -> None:
        self.messages.clear()
        self.trips = 0

    @property
    def queries(self) -> list[str]:
        return [text.rstrip(b"\0").decode() for kind, text in self.messages if kind == "Q"]

    def close(self) -> None:
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._upstream)
                self._open += [client, server]
                answered = threading.Event()
                answered.set()
                threading.Thread(target=self._answers, args=(server, client, answered), daemon=True).start()
                threading.Thread(target=self._requests, args=(client, server, answered), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket, answered: threading.Event) -> None:
        pending, started = b"", False
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                if answered.is_set():
                    answered.clear()
                    self.trips += 1
                pending += data
                while len(pending) >= 5:
                    head = 1 if started else 0
                    length = int.from_bytes(pending[head : head + 4]) + head
                    if len(pending) < length:
                        break
                    kind = pending[:1].decode("latin-1") if started else "startup"
                    self.messages.append((kind, pending[head + 4 : length]))
                    pending, started = pending[length:], True
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _answers(self, server: socket.socket, client: socket.socket, answered: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                answered.set()
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)


@pytest.fixture
def wire(postgres_url: str, database: Database) -> Iterator[Wire]:
    """What is said on the way to the database of the test, with its tables."""
    made = Wire(postgres_url)
    yield made
    made.close()


class Context:
    """A Lambda context with as much time as a test says."""

    def __init__(self) -> None:
        self._end: float | None = None

    def get_remaining_time_in_millis(self) -> float | None:
        return None if self._end is None else (self._end - time.monotonic()) * 1000

    def set_remaining_ms(self, milliseconds: float | None) -> None:
        self._end = None if milliseconds is None else time.monotonic() + milliseconds / 1000


@pytest.fixture
def remaining_ms() -> Iterator[Callable[[float | None], None]]:
    """Enters an invocation; the test says how many milliseconds it has left from now on, None for no limit."""
    context = Context()
    with invocation.enter(context=context):
        yield context.set_remaining_ms
