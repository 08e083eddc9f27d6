"""`kit-local run` as a newcomer meets it."""

import json
import re
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from backend_process import LOANS, ROOT, Backend, wait_for
from websockets.sync.client import connect


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


def kit_local(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run a command of kit-local's beside the backend."""
    program = Path(sys.executable).with_name("kit-local")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=60)


def test_a_function_is_called_by_its_logical_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the folder of a backend, as long as that runs, however it ends."""
    monkeypatch.setenv("KIT_LOCAL_HOME", str(tmp_path / "home"))
    shop = tmp_path / "shop"
    (shop / "src").mkdir(parents=True)
    (shop / "template.yaml").write_text(RELAY)
    (shop / "src" / "app.py").write_text(RELAYING)
    (tmp_path / "event.json").write_text('{"amounts": [10, 11]}')
    backend = Backend.start(shop, tmp_path, "--ephemeral")
    try:
        called = kit_local("invoke", "Relay", "--folder", shop, "--event", tmp_path / "event.json")
        assert (called.returncode, called.stdout, called.stderr) == (0, "0\n", "")
        failed = kit_local("invoke", "Relay", "--folder", shop)
        assert (failed.returncode, json.loads(failed.stdout)["errorType"]) == (1, "KeyError")
        names = {each["FunctionName"] for each in backend.client("lambda").list_functions()["Functions"]}
        assert "relay" in names
        assert re.search(r"  Functions +Receive, Relay\n", backend.log.read_text())
    finally:
        backend.process.kill()
        backend.process.wait()
    gone = kit_local("invoke", "Relay", "--folder", shop)
    assert (gone.returncode, gone.stdout) == (1, "")
    assert f"no backend of {str(shop)!r} is running" in gone.stderr


PUSH = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.12, CodeUri: src, Timeout: 20}
Resources:
  Push: {Type: AWS::Serverless::Function, Properties: {Handler: app.push}}
  Connect: {Type: AWS::Serverless::Function, Properties: {Handler: app.connect}}
"""
SOCKET = """
  {name}: {{Type: AWS::ApiGatewayV2::Api, Properties: {{Name: {name}, ProtocolType: WEBSOCKET}}}}
  {name}Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref {name}
      IntegrationType: AWS_PROXY
      IntegrationUri: !Sub arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${{Connect.Arn}}/invocations
  {name}Route:
    Type: AWS::ApiGatewayV2::Route
    Properties: {{ApiId: !Ref {name}, RouteKey: $connect, Target: !Sub "integrations/${{{name}Integration}}"}}
  {name}Stage: {{Type: AWS::ApiGatewayV2::Stage, Properties: {{ApiId: !Ref {name}, StageName: live}}}}
"""
PUSHING = """
import asyncio
from kit_websocket import send

def connect(event, context):
    print("connected", event["requestContext"]["connectionId"])
    return {"statusCode": 200}

def push(event, context):
    return [asyncio.run(send(connection, {"text": "hello"})) for connection in event]
"""


def test_kit_websocket_reaches_the_connections_of_every_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIT_LOCAL_HOME", str(tmp_path / "home"))
    shop = tmp_path / "shop"
    (shop / "src").mkdir(parents=True)
    (shop / "template.yaml").write_text(PUSH + "".join(SOCKET.format(name=name) for name in ("One", "Two")))
    (shop / "src" / "app.py").write_text(PUSHING)
    backend = Backend.start(shop, tmp_path, "--ephemeral")
    try:
        apis = json.loads((tmp_path / "ready.json").read_text())["apis"]
        with connect(apis["One"]) as one, connect(apis["Two"]) as two:
            ids = wait_for(lambda: len(found := re.findall(r"connected (\S+)", backend.log.read_text())) == 2 and found)
            (tmp_path / "event.json").write_text(json.dumps([*ids, "gone"]))
            called = kit_local("invoke", "Push", "--folder", shop, "--event", tmp_path / "event.json")
            assert (called.returncode, json.loads(called.stdout)) == (0, [True, True, False])
            assert [json.loads(socket.recv(timeout=30)) for socket in (one, two)] == [{"text": "hello"}] * 2
    finally:
        assert backend.stop() == 0
