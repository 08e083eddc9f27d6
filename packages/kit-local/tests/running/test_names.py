"""Functions found and called by their names: at the local endpoint, and by `kit-local invoke`."""

import asyncio
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kit_local.cli import main
from kit_local.errors import LocalError, TemplateError
from kit_local.running import Announcement, backend_of, backends

pytestmark = pytest.mark.anyio

APP = """
import os

def add(event, context):
    return {"sum": event.get("a", 0) + event.get("b", 0), "name": context.function_name}

def fail(event, context):
    raise ValueError("the reason")

def look(event, context):
    import boto3
    found = boto3.client("lambda").get_function_configuration(FunctionName="Look")
    return found["FunctionName"] == os.environ["AWS_LAMBDA_FUNCTION_NAME"]
"""
FUNCTION = "{}: {{Type: AWS::Serverless::Function, Properties: {{Handler: app.{}, MemorySize: 256{}}}}}\n"
FUNCTIONS = (
    FUNCTION.format("Add", "add", ", Environment: {Variables: {STAGE: test}}")
    + FUNCTION.format("Fail", "fail", "")
    + FUNCTION.format("Look", "look", ", FunctionName: looks")
)


async def names(shop: Any) -> dict[str, str]:
    """Return the names by logical id, of the ready file."""
    found: dict[str, str] = shop.urls["functions"]
    return found


async def test_the_ready_file_and_the_list_have_every_function(run_template: Any) -> None:
    shop = await run_template(FUNCTIONS, APP)
    known = await names(shop)
    assert list(known) == ["Add", "Fail", "Look"]
    assert known["Look"] == "looks"
    assert known["Add"].startswith("shop-Add-")
    listed = (await shop.call("lambda", "list_functions"))["Functions"]
    assert [each["FunctionName"] for each in listed] == list(known.values())
    [found] = [each for each in listed if each["Description"] == "Add"]
    assert (found["Handler"], found["Runtime"], found["Timeout"]) == ("app.add", "python3.12", 20)
    assert (found["MemorySize"], found["State"], found["Version"]) == (256, "Active", "$LATEST")
    assert found["FunctionArn"] == shop.arn("lambda", f"function:{known['Add']}")
    assert found["Environment"] == {"Variables": {"STAGE": "test"}}


async def test_the_list_has_pages(run_template: Any) -> None:
    shop = await run_template("".join(FUNCTION.format(f"F{number}", "add", "") for number in range(7)), APP)
    client = shop.cloud.client("lambda")

    def pages() -> list[list[str]]:
        found = client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 3})
        return [[each["Description"] for each in page["Functions"]] for page in found]

    assert await asyncio.to_thread(pages) == [["F0", "F1", "F2"], ["F3", "F4", "F5"], ["F6"]]
    with pytest.raises(ClientError, match="InvalidParameterValueException"):
        await shop.call("lambda", "list_functions", Marker="x")


@pytest.mark.parametrize("name", ["Look", "looks", "looks:live", "123456789012:function:Look", "arn"])
async def test_a_function_is_described_and_called_by_every_name(run_template: Any, name: str) -> None:
    shop = await run_template(FUNCTIONS, APP)
    name = shop.arn("lambda", "function:Look") if name == "arn" else name
    answer = await shop.call("lambda", "invoke", FunctionName=name)
    assert json.loads(answer["Payload"].read()) is True
    found = await shop.call("lambda", "get_function", FunctionName=name)
    assert (found["Configuration"]["FunctionName"], found["Code"]["RepositoryType"]) == ("looks", "local")
    assert Path(found["Code"]["Location"].removeprefix("file://")) == shop.folder / "src"
    waiter = shop.cloud.client("lambda").get_waiter("function_active_v2")
    await asyncio.to_thread(waiter.wait, FunctionName=name)


async def test_a_name_goes_before_a_logical_id(run_template: Any) -> None:
    shop = await run_template(
        FUNCTION.format("Add", "add", "") + FUNCTION.format("Fail", "fail", ", FunctionName: Add"), APP
    )
    answer = await shop.call("lambda", "invoke", FunctionName="Add")
    assert answer["FunctionError"] == "Unhandled"


async def test_two_functions_of_one_name_are_refused(provision_template: Any) -> None:
    head = (
        "Transform: AWS::Serverless-2016-10-31\nGlobals: {Function: {Runtime: python3.12, CodeUri: src}}\nResources:\n"
    )
    one = "  " + FUNCTION.format("One", "add", ", FunctionName: same")
    two = "  " + FUNCTION.format("Two", "add", ", FunctionName: same")
    with pytest.raises(TemplateError, match="the FunctionName 'same' is that of One, too") as caught:
        provision_template(f"{head}{one}{two}")
    assert (caught.value.resource, caught.value.line) == ("Two", 5)


@pytest.mark.parametrize("operation", ["invoke", "get_function", "get_function_configuration"])
async def test_an_unknown_function_is_named_with_the_one_that_was_meant(run_template: Any, operation: str) -> None:
    shop = await run_template(FUNCTIONS, APP)
    with pytest.raises(ClientError, match="Function not found: Lok; did you mean 'Look'") as caught:
        await shop.call("lambda", operation, FunctionName="Lok")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


class Command:
    """`kit-local invoke` in a thread, with what it prints."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    async def __call__(self, *arguments: str | Path) -> tuple[int, str, str]:
        self._capsys.readouterr()
        status = await asyncio.to_thread(main, ["invoke", *map(str, arguments)])
        return status, *self._capsys.readouterr()


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


async def test_a_function_is_called_from_its_folder(
    run_template: Any, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await run_template(FUNCTIONS, APP)
    name = (await names(shop))["Add"]
    monkeypatch.chdir(shop.folder)
    assert await command("Add") == (0, json.dumps({"sum": 0, "name": name}) + "\n", "")
    (tmp_path / "event.json").write_text('{"a": 1, "b": 2}')
    for called in ("Add", name, shop.arn("lambda", f"function:{name}")):
        status, out, _ = await command(called, "--event", tmp_path / "event.json")
        assert (status, json.loads(out)["sum"]) == (0, 3)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"a": 5}')))
    status, out, _ = await command("Add", "--event", "-", "--folder", shop.folder)
    assert (status, json.loads(out)["sum"]) == (0, 5)
    assert "Add invoke" in shop.screen.getvalue()


async def test_an_error_of_the_function_is_printed(run_template: Any, command: Command) -> None:
    shop = await run_template(FUNCTIONS, APP)
    status, out, err = await command("Fail", "--folder", shop.folder)
    assert (status, json.loads(out)["errorMessage"]) == (1, "the reason")
    assert err == "kit-local: error: Fail has failed\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Ad"], "there is no function 'Ad' (functions: Add, Fail, Look)"),
        (["Addd"], "there is no function 'Addd'; did you mean 'Add'? (functions: Add, Fail, Look)"),
        (["arn:aws:lambda:us-east-1:123456789012:function:Gone"], "Function not found: arn:aws:lambda"),
        (["Add", "--event", "gone.json"], "the event cannot be read: "),
        (["Add", "--event", "text"], "Could not parse request body into json: "),
        (["Add", "--ready-file", "text"], "'text' is not the ready file of a running backend: "),
    ],
)
async def test_a_call_that_cannot_be_made(
    run_template: Any, command: Command, arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await run_template(FUNCTIONS, APP)
    monkeypatch.chdir(shop.folder)
    (shop.folder / "text").write_text("no json")
    status, out, err = await command(*arguments)
    assert (status, out) == (1, "")
    assert err.startswith(f"kit-local: error: {message}")


async def test_one_of_several_backends_is_named_by_its_ready_file(
    run_template: Any, command: Command, tmp_path: Path
) -> None:
    shop = await run_template(FUNCTIONS, APP)
    other = Announcement(shop.folder, {"aws": "http://127.0.0.1:1", "functions": {}})
    try:
        status, _, err = await command("Add", "--folder", shop.folder)
        assert (status, err) == (
            1,
            f"kit-local: error: 2 backends of {shop.folder} are running; name one by --ready-file\n",
        )
        status, out, _ = await command("Add", "--ready-file", tmp_path / "ready.json")
        assert (status, json.loads(out)["sum"]) == (0, 0)
    finally:
        other.withdraw()
    assert (await command("Add", "--folder", shop.folder))[0] == 0


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KIT_LOCAL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_backend_is_announced_until_it_is_withdrawn(home: Path, tmp_path: Path) -> None:
    assert backends() == []
    with pytest.raises(LocalError, match="is running; running is nothing"):
        backend_of(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path)
    one = Announcement(tmp_path, {"aws": "here"})
    two = Announcement(home, {"aws": "there"})
    assert backend_of(tmp_path / "link")["aws"] == "here"
    assert len(backends()) == 2
    assert {path.stat().st_mode & 0o077 for path in home.rglob("*") if path.name != "lock"} == {0}
    one.withdraw()
    with pytest.raises(LocalError, match=f"running is '{home}'"):
        backend_of(tmp_path)
    two.withdraw()
    assert list((home / "running").iterdir()) == []


def test_a_killed_backend_is_forgotten(home: Path, tmp_path: Path) -> None:
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom kit_local.running import Announcement\n"
        "kept = Announcement(Path(sys.argv[1]), {'aws': 'there'})\nprint('told', flush=True)\ntime.sleep(600)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=dict(os.environ)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"told\n"
        assert backend_of(tmp_path)["aws"] == "there"
        process.kill()
        process.wait()
        assert backends() == []
    assert list((home / "running").iterdir()) == []
