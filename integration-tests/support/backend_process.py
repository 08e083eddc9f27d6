"""`kit-local run` as a process, seen from outside as its users see it."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import boto3
import httpx
from websockets.sync.client import ClientConnection, connect

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
LOANS = ROOT / "docs/examples/loans"
OFFICER = "5b1f3c1e-6f0b-4f0e-9d0a-000000000001"  # the profile that the token demo-officer stands for


def wait_for(probe: Callable[[], T], *, seconds: float = 30) -> T:
    """Ask `probe` until it answers something true, and return that; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (answer := probe()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing true within {seconds} s")
        time.sleep(0.02)
    return answer


@dataclass
class Backend:
    """A running backend, known by its ready file."""

    process: subprocess.Popen[bytes]
    log: Path
    http: str
    websocket: str
    aws: str
    postgres: str
    redis: str

    @classmethod
    def start(cls, folder: Path, scratch: Path, *options: str) -> "Backend":
        """Run `folder` on free ports and wait until it says that it is ready."""
        ready, log = scratch / "ready.json", scratch / "kit-local.log"
        program = Path(sys.executable).with_name("kit-local")
        command = [program, "run", folder, "--port", "0", "--ready-file", ready, *options]
        with log.open("wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        wait_for(lambda: ready.exists() or process.poll() is not None, seconds=120)
        if not ready.exists():
            raise RuntimeError(f"kit-local ended with {process.returncode}:\n{log.read_text()}")
        urls = json.loads(ready.read_text())
        return cls(process, log, **{name: urls[name] for name in ("http", "websocket", "aws", "postgres", "redis")})

    def stop(self) -> int:
        """Press Ctrl-C and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)

    def client(self, service: str) -> Any:
        """Return a boto3 client of the local AWS endpoint."""
        credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, endpoint_url=self.aws, region_name="us-east-1", **credentials)

    def queue(self, logical_id: str) -> str:
        """Return the URL of the queue that the template calls `logical_id`."""
        urls = self.client("sqs").list_queues()["QueueUrls"]
        [url] = [url for url in urls if f"-{logical_id}-" in url]
        return url

    def request(self, method: str, path: str, *, token: str | None = "demo-officer", **options: Any) -> httpx.Response:
        """Make one HTTP request, as the caller that `token` stands for."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.request(method, self.http + path, headers=headers, timeout=30, **options)

    def create_loan(self, amount: str) -> dict[str, Any]:
        """Ask for a loan in the officer's own name and return it as answered."""
        body = {"profile_id": OFFICER, "amount": amount, "term_months": 12}
        response = self.request("POST", "/loans", json=body)
        assert response.status_code == 201, response.text
        return response.json()["data"]

    def loan(self, loan_id: str) -> dict[str, Any]:
        """Return the loan as the API shows it now."""
        response = self.request("GET", f"/loans/{loan_id}", token="demo-viewer")
        assert response.status_code == 200, response.text
        return response.json()["data"]

    def connect(self, token: str = "demo-officer") -> ClientConnection:
        """Open a WebSocket."""
        return connect(f"{self.websocket}?token={token}", open_timeout=30)
