"""`kit-local run` as a newcomer meets it."""

import re
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from backend_process import LOANS, ROOT, Backend


def test_ctrl_c_leaves_nothing_running(tmp_path: Path) -> None:
    backend = Backend.start(LOANS, tmp_path, "--ephemeral")
    backend.create_loan("70.00")
    started = psutil.Process(backend.process.pid).children(recursive=True)
    assert started

    assert backend.stop() == 0

    _, alive = psutil.wait_procs(started, timeout=10)
    assert not alive
    for url in (backend.http, backend.websocket, backend.aws, backend.postgres, backend.redis):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", urlsplit(url).port)) != 0, url


def test_what_was_written_is_there_after_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIT_LOCAL_HOME", str(tmp_path / "home"))
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    backend = Backend.start(LOANS, first)
    loan = backend.create_loan("80.00")
    assert backend.stop() == 0

    backend = Backend.start(LOANS, second)
    try:
        assert backend.loan(loan["id"])["amount"] == "80.00"
    finally:
        assert backend.stop() == 0


def curl_commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    joined = [re.sub(r"\\\n\s*", "", block) for block in blocks]
    return [line for block in joined for line in block.splitlines() if line.startswith("curl ")]


@pytest.mark.parametrize("command", curl_commands())
def test_what_the_readme_tries_with_curl_works(backend: Backend, command: str) -> None:
    command = command.replace("http://127.0.0.1:3000", backend.http) + r" -w '\n%{http_code}'"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    body, status = done.stdout.rsplit("\n", 1)
    if "demo-viewer" in command and "-d" in command:
        expected = "403"
    elif "demo-" not in command:
        expected = "401"
    elif "status=" in command:
        expected = "200"
    else:
        expected = "400" if '"me"' in command else "201"
    assert status == expected, body
