"""`kit-local run` as a process: what it starts, says, and leaves behind."""

import asyncio
import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from kit_local.errors import MappingError
from kit_local.logs import Console
from kit_local.run import Backend, Options, PortError, bind, write_ready_file
from kit_local.template import ApiStub
from kit_testing.servers.aws.boto import client
from kit_testing.servers.process import alive

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: app.hello
      CodeUri: src/
      Timeout: 30
      Events:
        Get: {Type: HttpApi, Properties: {Method: GET, Path: /}}
        Queue: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn}}
  Jobs:
    Type: AWS::SQS::Queue
  Socket:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: socket, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Socket, StageName: live}
"""
DATABASE = """
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties:
      GenerateSecretString: {SecretStringTemplate: '{"username": "me"}', GenerateStringKey: password}
  Database:
    Type: AWS::RDS::DBInstance
    Properties:
      Engine: postgres
      DBName: shop
      DBInstanceClass: db.t4g.micro
      MasterUsername: !Sub "{{resolve:secretsmanager:${Secret}:SecretString:username}}"
      MasterUserPassword: !Sub "{{resolve:secretsmanager:${Secret}:SecretString:password}}"
"""
APP = """
import os
def hello(event, context):
    print("said hello")
    return {"pid": os.getpid(), "management": os.environ.get("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI")}
"""


def wait_for(probe: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (answer := probe()):
        assert time.monotonic() < deadline, "nothing true in time"
        time.sleep(0.01)
    return answer


def descendants(pid: int) -> list[int]:
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for parent in found:
        found += [child for child, known in parents.items() if known == parent]
    return found[1:]


class Command:
    """A running `kit-local run`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.ready, self.log = folder.parent / "ready.json", folder.parent / "log"
        arguments = ["run", str(folder), "--port", "0", "--ready-file", str(self.ready), *options]
        program = [sys.executable, "-c", "import sys; from kit_local.cli import main; sys.exit(main())"]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen([*program, *arguments], stdout=out, stderr=out, stdin=subprocess.DEVNULL)

    @property
    def shown(self) -> str:
        return self.log.read_text()

    def urls(self) -> dict[str, Any]:
        wait_for(lambda: self.ready.exists() or self.process.poll() is not None)
        assert self.ready.exists(), self.shown
        found: dict[str, Any] = json.loads(self.ready.read_text())
        return found

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """The folders of what every start would make in the same way: PostgreSQL's empty cluster, translated templates."""
    home = tmp_path_factory.mktemp("home")
    folders = home / "postgres", home / "templates"
    for each in folders:
        each.mkdir()
    return folders


@pytest.fixture
def folder(tmp_path: Path, kept: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "home").mkdir()
    for each in kept:
        (tmp_path / "home" / each.name).symlink_to(each)
    shop = tmp_path / "shop"
    (shop / "src").mkdir(parents=True)
    (shop / "template.yaml").write_text(TEMPLATE)
    (shop / "src" / "app.py").write_text(textwrap.dedent(APP))
    monkeypatch.setenv("KIT_LOCAL_HOME", str(tmp_path / "home"))
    return shop


@pytest.fixture
def start() -> Iterator[Callable[..., Command]]:
    started: list[Command] = []

    def run(folder: Path, *options: str) -> Command:
        started.append(Command(folder, *options))
        return started[-1]

    yield run
    for command in started:
        if command.process.poll() is None:
            command.process.kill()
            command.process.wait()


def get(url: str) -> Any:
    with urllib.request.urlopen(url) as response:
        return json.load(response)


def closed(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(url).port)) != 0


def send(urls: dict[str, Any], body: str) -> None:
    sqs = client("sqs", endpoint_url=urls["aws"], region_name="us-east-1", pool=1, key_id="test", secret_key="test")
    [queue] = sqs.list_queues()["QueueUrls"]
    sqs.send_message(QueueUrl=queue, MessageBody=body)
    sqs.close()


def test_when_it_is_ready_everything_answers(folder: Path, start: Callable[..., Command]) -> None:
    command = start(folder)
    urls = command.urls()
    assert urls.keys() == {"http", "websocket", "aws", "postgres", "redis", "apis", "functions"}
    assert urls["functions"].keys() == {"Hello"}
    assert urls["functions"]["Hello"].startswith("shop-Hello-")
    assert (urls["postgres"], urls["redis"]) == (None, None)
    assert urls["apis"] == {"ServerlessHttpApi": urls["http"], "Socket": urls["websocket"]}
    assert urls["websocket"].startswith("ws://127.0.0.1:")
    assert urls["websocket"].endswith("/live")
    assert get(urls["http"])["management"] == urls["websocket"].replace("ws://", "http://")
    for url in (urls["http"], urls["websocket"], urls["aws"]):
        assert url in command.shown
    wait_for(lambda: "said hello" in command.shown)
    assert "Hello GET /" in command.shown

    send(urls, "work")
    wait_for(lambda: "Hello sqs" in command.shown)
    assert command.end() == 0


UNLESS_NOHUP = pytest.mark.skipif(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN, reason="run under nohup")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, pytest.param(signal.SIGHUP, marks=UNLESS_NOHUP)])
def test_a_signal_ends_it_and_all_it_started(
    folder: Path, start: Callable[..., Command], number: signal.Signals
) -> None:
    (folder / "template.yaml").write_text(TEMPLATE + DATABASE)
    command = start(folder, "--ephemeral")
    urls = command.urls()
    worker = get(urls["http"])["pid"]
    started = descendants(command.process.pid)
    assert worker in started
    assert len(started) > 2  # PostgreSQL, too
    assert command.end(number) == 0
    assert [pid for pid in started if alive(pid)] == []
    assert all(closed(urls[name]) for name in ("http", "websocket", "aws", "postgres"))
    assert not command.ready.exists()
    assert not (folder.parent / "home" / "state").exists()


def test_killed_it_leaves_nothing_running(folder: Path, start: Callable[..., Command]) -> None:
    (folder / "template.yaml").write_text(TEMPLATE + DATABASE)
    command = start(folder, "--ephemeral")
    get(command.urls()["http"])
    started = descendants(command.process.pid)
    command.end(signal.SIGKILL)
    wait_for(lambda: not any(map(alive, started)))


def test_a_second_signal_ends_it_at_once(folder: Path, start: Callable[..., Command]) -> None:
    (folder / "src" / "app.py").write_text("import time\ndef hello(event, context): time.sleep(600)")
    (folder / "template.yaml").write_text(TEMPLATE + DATABASE)
    command = start(folder, "--ephemeral")
    command.urls()
    started = descendants(command.process.pid)
    command.process.send_signal(signal.SIGINT)
    command.process.send_signal(signal.SIGTERM)
    assert command.process.wait(60) in (0, 130)  # it may have been quick enough
    wait_for(lambda: not any(map(alive, started)))


def test_a_signal_during_the_start_is_heard(folder: Path, start: Callable[..., Command]) -> None:
    (folder / "template.yaml").write_text(TEMPLATE + DATABASE)
    command = start(folder, "--ephemeral")
    started = wait_for(lambda: descendants(command.process.pid) or command.process.poll() is not None)
    assert command.end() == 0
    assert not isinstance(started, bool)
    wait_for(lambda: not any(map(alive, started)))
    assert not command.ready.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / "template.yaml").unlink(), "no template.yaml in"),
        (lambda folder: (folder / "template.yaml").write_text("Resources: ["), "not YAML"),
        (
            lambda folder: (folder / "template.yaml").rename(folder / "template.json").write_text('{"Resources": '),
            "not JSON",
        ),
        (
            lambda folder: (folder / "template.yaml").write_text(
                TEMPLATE + "  Stream: {Type: AWS::StepFunctions::StateMachine, Properties: {Name: a}}\n"
            ),
            "Stream",
        ),
    ],
)
def test_a_wrong_template_is_named_without_a_traceback(
    folder: Path, start: Callable[..., Command], change: Callable[[Path], Any], said: str
) -> None:
    change(folder)
    command = start(folder)
    assert command.process.wait(60) == 1
    assert "kit-local: error: " in command.shown
    assert said in command.shown
    assert "Traceback" not in command.shown
    assert not command.ready.exists()


def test_a_folder_that_runs_already_is_named(folder: Path, start: Callable[..., Command], tmp_path: Path) -> None:
    (folder / "template.yaml").write_text(TEMPLATE + DATABASE)
    first = start(folder)
    first.urls()
    program = [sys.executable, "-m", "kit_local", "run", str(folder), "--port", "0"]
    second = subprocess.run(program, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 1
    advice = "stop it, or start this one with --ephemeral"
    assert f"{folder} is already running (process {first.process.pid}); {advice}\n" in second.stdout
    assert start(folder, "--ephemeral").urls()["postgres"]
    assert first.end() == 0
    assert start(folder).urls()["postgres"]


def test_no_folder_is_named(tmp_path: Path, start: Callable[..., Command]) -> None:
    command = start(tmp_path / "nowhere")
    assert command.process.wait(60) == 1
    assert "there is no folder" in command.shown


def test_a_failing_migration_stops_everything(folder: Path, start: Callable[..., Command]) -> None:
    (folder / "template.yaml").write_text(TEMPLATE + DATABASE)
    (folder / "migrations").mkdir()
    (folder / "migrations" / "001.sql").write_text("create table a (b int);\nselect nonsense;")
    command = start(folder, "--ephemeral")
    started: set[int] = set()
    while command.process.poll() is None:
        started.update(descendants(command.process.pid))
        time.sleep(0.01)
    assert command.process.returncode == 1
    assert "001.sql, line 2" in command.shown
    assert "Traceback" not in command.shown
    assert started
    wait_for(lambda: not any(map(alive, started)))


def test_a_ready_file_that_cannot_be_written_is_named(folder: Path, start: Callable[..., Command]) -> None:
    (folder.parent / "ready.json").mkdir()
    command = start(folder)
    assert command.process.wait(60) == 1
    assert "ready.json" in command.shown
    assert "Traceback" not in command.shown


def test_what_will_not_run_as_it_stands_is_said_at_the_start(folder: Path, start: Callable[..., Command]) -> None:
    text = TEMPLATE.replace("Handler: app.hello", "Handler: absent.hello").replace("python3.12", "python3.99")
    (folder / "template.yaml").write_text(text)
    command = start(folder)
    command.urls()
    file = folder / "src" / "absent.py"
    assert (
        f"kit-local: warning: Hello: the Handler 'absent.hello' cannot be loaded: there is no {file}" in command.shown
    )
    assert "kit-local: the template says Python 3.99" in command.shown
    assert command.end() == 0


def test_an_old_ready_file_is_removed_first(folder: Path, start: Callable[..., Command]) -> None:
    (folder.parent / "ready.json").write_text('{"http": "old"}')
    command = start(folder)
    wait_for(lambda: not command.ready.exists() or json.loads(command.ready.read_text())["http"] != "old")
    assert command.urls()["http"] != "old"
    assert command.ready.stat().st_mode & 0o077 == 0  # it holds a password where there is a database
    assert command.end() == 0


def test_the_ready_file_is_not_written_through_somebody_elses(tmp_path: Path) -> None:
    trap = tmp_path / f".ready.json.{os.getpid()}"
    trap.symlink_to(tmp_path / "elsewhere")
    write_ready_file(tmp_path / "ready.json", {"http": "url"})
    assert json.loads((tmp_path / "ready.json").read_text()) == {"http": "url"}
    assert not (tmp_path / "elsewhere").exists()


APIS = (ApiStub("Socket", "websocket", "live"), ApiStub("First", "http", "$default"), ApiStub("Second", "rest", "v1"))


def ports(bound: dict[str, socket.socket]) -> dict[str, int]:
    found = {name: opened.getsockname()[1] for name, opened in bound.items()}
    for opened in bound.values():
        opened.close()
    return found


def neighbours() -> int:
    """Return a port that is free with the two after it."""
    while True:
        port = ports(bind(APIS[:1], 0))["Socket"]
        try:
            for number in range(port, port + 3):
                socket.create_server(("127.0.0.1", number)).close()
        except (OSError, OverflowError):
            continue
        return port


def test_the_first_http_api_has_the_port_that_was_asked_for() -> None:
    port = neighbours()
    assert ports(bind(APIS, port)) == {"First": port, "Second": port + 1, "Socket": port + 2}


def test_a_following_port_that_is_taken_is_passed_over() -> None:
    port = neighbours()
    with socket.create_server(("127.0.0.1", port + 1)):
        said: list[str] = []
        found = ports(bind(APIS, port, say=said.append))
    assert (found["First"], found["Socket"]) == (port, port + 2)
    assert said == [f"port {port + 1} is in use; Second is on {found['Second']}"]
    assert found["Second"] not in (port, port + 1, port + 2)


def test_a_port_that_is_taken_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortError, match=f"port {port} cannot be had"):
            bind(APIS, port)


def test_only_this_machine_is_listened_to() -> None:
    bound = bind(APIS, 0)
    assert {opened.getsockname()[0] for opened in bound.values()} == {"127.0.0.1"}
    ports(bound)


FAILING = """
def hello(event, context):
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in event["Records"]]}
"""


def test_failures_that_aws_would_not_read_end_it(folder: Path, start: Callable[..., Command]) -> None:
    """A function that names failed messages where the template lacks ReportBatchItemFailures loses them on AWS."""
    (folder / "src" / "app.py").write_text(FAILING)
    (folder / "template.yaml").write_text(TEMPLATE + DATABASE)
    command = start(folder, "--ephemeral")
    urls = command.urls()
    started = descendants(command.process.pid)
    send(urls, "work")
    assert command.process.wait(60) == 1
    assert "kit-local: error: Hello answered that 1 of 1 messages failed, but Hello.Events.Queue" in command.shown
    assert "AWS would have deleted them" in command.shown
    assert "\n    FunctionResponseTypes: [ReportBatchItemFailures]\n" in command.shown
    assert "Traceback" not in command.shown
    wait_for(lambda: not any(map(alive, started)))
    assert closed(urls["http"])
    assert not command.ready.exists()


def test_failures_that_aws_reads_do_not(folder: Path, start: Callable[..., Command]) -> None:
    (folder / "src" / "app.py").write_text(FAILING)
    wanted = "Queue: !GetAtt Jobs.Arn, FunctionResponseTypes: [ReportBatchItemFailures]"
    (folder / "template.yaml").write_text(TEMPLATE.replace("Queue: !GetAtt Jobs.Arn", wanted))
    command = start(folder)
    send(command.urls(), "work")
    wait_for(lambda: command.shown.count("1 of 1 failed") == 2)
    assert command.end() == 0


def test_a_broken_backend_raises_when_it_is_checked_and_closed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_PROFILE")  # as `shield` does, which cannot be undone
    (folder / "src" / "app.py").write_text(FAILING)

    async def use() -> None:
        async with Backend(Options(folder, port=0, ephemeral=True), Console(io.StringIO())) as backend:
            send({"aws": backend.cloud.url}, "work")
            await asyncio.wait_for(backend.broken.wait(), 60)
            with pytest.raises(MappingError, match="Hello answered"):
                backend.check()

    with pytest.raises(MappingError, match=r"Hello\.Events\.Queue"):
        asyncio.run(use())
