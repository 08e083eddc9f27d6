"""`kit-local invoke`: run a function of a running backend, and print its answer."""

import json
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from kit_local.errors import LocalError
from kit_local.running import backend_of
from kit_local.suggest import did_you_mean


class FunctionError(LocalError):
    """The function has failed; `answer` is its error as JSON."""

    def __init__(self, name: str, answer: str) -> None:
        super().__init__(f"{name} has failed")
        self.answer = answer


def invoke(name: str, event: bytes, *, folder: Path, ready_file: Path | None = None) -> str:
    """Run a function of the backend of a folder, and return its answer as JSON.

    name: a logical id, a name or an ARN
    event: JSON
    ready_file: names the backend, where several of the folder run

    FunctionError if the function fails, LocalError if it cannot be run.
    """
    backend = backend_of(folder) if ready_file is None else _read(ready_file)
    functions: Mapping[str, str] = backend["functions"]
    if ":" not in name and name not in {*functions, *functions.values()}:
        listed = ", ".join(sorted(functions)) or "none"
        raise LocalError(f"there is no function {name!r}{did_you_mean(name, functions)} (functions: {listed})")
    status, failed, answer = _post(backend["aws"], f"/2015-03-31/functions/{quote(name)}/invocations", event)
    if status != 200:
        raise LocalError(_message(answer) or f"the backend answered with status {status}")
    if failed:
        raise FunctionError(name, answer)
    return answer


def read_event(file: str) -> bytes:
    """Return the content of a file, of standard input for `-`; LocalError if it cannot be read."""
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise LocalError(f"the event cannot be read: {error}") from error


def _read(ready_file: Path) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads(ready_file.read_bytes())
    except (OSError, ValueError) as error:
        raise LocalError(f"{str(ready_file)!r} is not the ready file of a running backend: {error}") from error
    return found


def _post(url: str, path: str, body: bytes) -> tuple[int, bool, str]:
    connection = HTTPConnection(urlsplit(url).netloc)  # as long as the function takes
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        content = response.read().decode(errors="replace")
        return response.status, response.getheader("X-Amz-Function-Error") is not None, content
    except (OSError, HTTPException) as error:
        raise LocalError(f"the backend at {url} does not answer: {error or type(error).__name__}") from error
    finally:
        connection.close()


def _message(answer: str) -> str:
    try:
        return str(json.loads(answer)["message"])
    except (KeyError, TypeError, ValueError):
        return ""
