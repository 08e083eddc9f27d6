"""`kit-local run` as a newcomer meets it."""

import re
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from backend_process import LOANS, ROOT, Backend, wait_for


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


RELAY = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.12, CodeUri: src, Timeout: 20}
Resources:
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: loans}}
  Relay:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: relay
      Handler: app.relay
      Events: {Often: {Type: Schedule, Properties: {Schedule: rate(5 minutes)}}}
  Receive:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.receive
      Events:
        Published:
          Type: EventBridgeRule
          Properties: {EventBusName: !Ref Bus, Pattern: {detail: {amount: [{numeric: [">", 10]}]}}}
"""
RELAYING = """
import json
import boto3
from kit_handler import trigger

@trigger
def relay(event):
    entry = {"EventBusName": "loans", "Source": "loans", "DetailType": "granted"}
    entries = [{**entry, "Detail": json.dumps({"amount": amount})} for amount in event["amounts"]]
    return boto3.client("events").put_events(Entries=entries)["FailedEntryCount"]

def receive(event, context):
    print("received", event["detail"]["amount"])
"""


def test_a_relay_puts_on_a_bus_and_is_called_by_hand(tmp_path: Path) -> None:
    """A schedule's function, called as `aws lambda invoke` does, and what it puts on a bus reaches another."""
    shop = tmp_path / "shop"
    (shop / "src").mkdir(parents=True)
    (shop / "template.yaml").write_text(RELAY)
    (shop / "src" / "app.py").write_text(RELAYING)
    backend = Backend.start(shop, tmp_path, "--ephemeral")
    try:
        answer = backend.client("lambda").invoke(FunctionName="relay", Payload=b'{"amounts": [10, 11]}')
        assert ("FunctionError" in answer, answer["Payload"].read()) == (False, b"0")
        wait_for(lambda: "received 11" in backend.log.read_text())
        assert "received 10" not in backend.log.read_text()
    finally:
        assert backend.stop() == 0
