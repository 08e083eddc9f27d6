"""What the chat finds around it: its tables and `@connections` in process, or kit-local and two browsers."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest
from chat import socket
from kit_testing import WebSocketClient
from kit_testing.servers import Aws, ConnectionsServer

FOLDER = Path(__file__).parent.parent
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_HEADLESS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu")
_QUIET = ("--disable-background-networking", "--disable-component-update", "--no-first-run")
_PATIENCE = 60.0  # seconds


# ---- In process


@pytest.fixture
def tables(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both tables, empty."""
    monkeypatch.setenv("DYNAMODB_TABLE", "connections")
    monkeypatch.setenv("KIT_WEBSOCKET_ROOMS_TABLE", "rooms")
    socket.connections.sync.init_table()


@pytest.fixture
def enter(tables: None, connections_server: ConnectionsServer) -> Callable[..., WebSocketClient]:
    """Connect a client with a name, and let it join rooms."""

    def connect(name: str, *rooms: str) -> WebSocketClient:
        client = WebSocketClient(socket.handler, server=connections_server)
        assert client.connect(query={"name": name}).status == 200
        for room in rooms:
            client.send({"action": "join", "room": room})
        return client

    return connect


# ---- In kit-local


class Running(NamedTuple):
    """A copy of the example that runs: its folder, which may be changed, and the addresses of its ready file."""

    folder: Path
    urls: dict[str, Any]

    def client(self, service: str, endpoint: str = "") -> Any:
        """Return a boto3 client for the local AWS, or another endpoint."""
        credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        return boto3.client(service, endpoint_url=endpoint or self.urls["aws"], **credentials)

    def connections_of(self, name: str) -> list[str]:
        """Return the ids of a person's connections."""
        dynamodb = self.client("dynamodb")
        [table] = [each for each in dynamodb.list_tables()["TableNames"] if "-Connections-" in each]
        rows = dynamodb.scan(TableName=table)["Items"]
        return [row["connection_id"]["S"] for row in rows if row.get("user_id") == {"S": name}]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The example in kit-local."""
    scratch = tmp_path_factory.mktemp("chat")
    folder, ready, log = scratch / "chat", scratch / "ready.json", scratch / "log"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    program = Path(sys.executable).with_name("kit-local")
    command = [program, "run", folder, "--port", "0", "--ephemeral", "--ready-file", ready]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    try:
        until(lambda: ready.exists() or process.poll() is not None)
        assert ready.exists(), log.read_text()
        yield Running(folder, json.loads(ready.read_text()))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=_PATIENCE)


@pytest.fixture(scope="module")
def browsers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Any]]:
    """Start a headless Chromium with a profile of its own."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    program = next(filter(None, map(shutil.which, _BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("Chromium and chromedriver are not installed (apt-get install chromium chromium-driver)")
    started: list[Any] = []

    def start() -> Any:
        options = webdriver.ChromeOptions()
        options.binary_location = program
        for argument in (*_HEADLESS, *_QUIET, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
            options.add_argument(argument)
        started.append(webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver)))
        return started[-1]

    yield start
    for browser in started:
        browser.quit()


def until(condition: Callable[[], Any]) -> Any:
    """Wait until something is true, and return it."""
    deadline = time.monotonic() + _PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
    return found


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], Any]:
    """Wait until something is true."""
    return until
