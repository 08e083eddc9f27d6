"""The command line."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from kit_local import cli
from kit_local.gateway.rules import WebSocketRules
from kit_local.run import Options


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Options]:
    """What the command would run."""
    found: list[Options] = []
    monkeypatch.setattr("kit_local.run.main", lambda options, console: found.append(options) or 7)
    return found


def test_without_options_it_runs_this_folder(told: list[Options], monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["run"]) == 7
    assert told == [Options(tmp_path)]
    assert (told[0].port, told[0].retry_delay, told[0].reload, told[0].ephemeral) == (3000, 1, True, False)


def test_every_option_arrives(told: list[Options], tmp_path: Path) -> None:
    arguments = f"run {tmp_path} --port 0 --ready-file r.json --ephemeral --ignore-unsupported --no-reload"
    arguments += " --retry-delay 5 --parameter A=1 --parameter B=x=y"
    arguments += " --websocket-speed 60 --websocket-lost-disconnects 0.5 --websocket-throttled 0.1"
    cli.main(arguments.split())
    assert told == [
        Options(
            folder=tmp_path,
            port=0,
            ready_file=Path("r.json"),
            ephemeral=True,
            ignore_unsupported=True,
            parameters={"A": "1", "B": "x=y"},
            retry_delay=5,
            reload=False,
            websocket=WebSocketRules(speed=60, lost_disconnects=0.5, throttled=0.1),
        )
    ]


def test_the_queues_own_timeout_can_be_asked_for(told: list[Options], tmp_path: Path) -> None:
    cli.main(["run", str(tmp_path), "--retry-delay", "queue"])
    assert told[0].retry_delay is None


@pytest.mark.parametrize(("option", "shown"), [("--raw-logs", '{"level": "INFO", "message": "m"}'), ("--", "INFO m")])
def test_logs_can_be_raw(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], option: str, shown: str
) -> None:
    line = '{"level": "INFO", "message": "m"}'
    monkeypatch.setattr("kit_local.run.main", lambda options, console: console.line(line))
    cli.main(["run", option])
    assert capsys.readouterr().out == f"    {shown}\n"


def test_it_tells_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"kit-local {version('kit-local')}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["walk"],
        ["run", "--port", "70000"],
        ["run", "--port", "http"],
        ["run", "--parameter", "A"],
        ["run", "--parameter", "=1"],
        ["run", "--retry-delay", "-1"],
        ["run", "--retry-delay", "soon"],
        ["run", "--websocket-speed", "0"],
        ["run", "--websocket-throttled", "nan"],
        ["run", "--websocket-lost-disconnects", "1.5"],
        ["run", "--websocket-lost-disconnects", "often"],
        ["run", "--unknown"],
    ],
)
def test_a_wrong_command_is_explained(
    told: list[Options], arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert "usage: kit-local" in capsys.readouterr().err
    assert told == []
