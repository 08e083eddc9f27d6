"""`python -m kit_handler cold`: a table of real processes."""

import json
from pathlib import Path

import pytest
from kit_handler.__main__ import main

APP = """
import decimal, json
import slow
from kit_handler import Response, route

@route
def handle(request):
    import wave
    print("noise on stdout")
    return Response.ok({"time": decimal.Decimal(1)})

def fail(event, context):
    raise LookupError("no such loan")
"""


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "slow.py").write_text(
        "import time; begun = time.perf_counter()\nwhile time.perf_counter() < begun + 0.05: pass"
    )
    event = {
        "version": "2.0",
        "rawPath": "/",
        "headers": {},
        "requestContext": {"http": {"method": "GET", "path": "/"}},
    }
    (tmp_path / "event.json").write_text(json.dumps(event))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows_of(text: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.split()[1:] for line in text.split("\n\n")[0].splitlines()}


def test_packages_are_listed_by_what_they_cost(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cold", "app:handle", "--event", "event.json", "--rounds", "1"]) == 0
    table = capsys.readouterr().out
    rows = rows_of(table)
    assert rows["package"] == ["import", "ms", "first", "call", "ms", "modules"]
    assert float(rows["slow"][0]) >= 50
    assert (rows["slow"][1:], rows["app"][2]) == (["0.0", "1"], "1")
    assert float(rows["(standard"][2]) > 0  # the import in the first call
    assert {"kit_handler", "kit_core", "no", "CPU"} <= rows.keys()
    slowest = table.split("\n\n")[1].splitlines()
    assert slowest[1].endswith(" ms  slow")


def test_what_is_loaded_ahead_can_be_left_to_the_first_call(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def in_first_call(*options: str) -> float:
        assert main(["cold", "app.handle", "--event", "event.json", "--rounds", "1", *options]) == 0
        return float(rows_of(capsys.readouterr().out)["kit_handler"][1])

    assert in_first_call() == 0
    assert in_first_call("--lazy") > 0


def test_without_an_event_the_import_alone_is_measured(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cold", "app:handle", "--rounds", "1"]) == 0
    assert rows_of(capsys.readouterr().out)["package"] == ["import", "ms", "modules"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["app:fail", "--event", "event.json"], "LookupError: no such loan"),
        (["app:other"], "has no attribute 'other'"),
        (["nowhere:handle"], "No module named 'nowhere'"),
        (["app"], "'app' is no module:function"),
    ],
)
def test_a_function_that_fails_says_why(
    app: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["cold", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_rounds_are_a_number() -> None:
    with pytest.raises(SystemExit):
        main(["cold", "app:handle", "--rounds", "0"])
