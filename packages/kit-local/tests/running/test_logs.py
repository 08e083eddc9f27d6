"""What the terminal shows."""

import asyncio
import io
import logging

import pytest
from kit_local.logs import Console, LogHandler

pytestmark = pytest.mark.anyio


async def test_an_invocation_is_one_line_with_its_own_lines_under_it() -> None:
    screen = io.StringIO()
    entry = Console(screen).invocation("CreateLoan", "POST /loans")
    entry.line("first")
    entry.line("second")
    entry.end(seconds=0.0123, cold=0.25, memory=61, limit=256)
    head, *lines = screen.getvalue().splitlines()
    assert head.split(None, 1)[1] == "CreateLoan POST /loans  12.3 ms  61/256 MB  cold +250 ms  ok"
    assert lines == ["    first", "    second"]


async def test_the_outcome_is_the_last_word() -> None:
    screen = io.StringIO()
    Console(screen).invocation("Job", "sqs q").end(
        seconds=1, cold=None, memory=None, limit=128, outcome=("404", "yellow")
    )
    assert screen.getvalue().split(None, 1)[1] == "Job sqs q  1000.0 ms  warm  404\n"


async def test_a_long_invocation_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit_local.logs._PATIENCE", 0)
    screen = io.StringIO()
    entry = Console(screen).invocation("Job", "sqs q")
    entry.line("first")
    async with asyncio.timeout(10):
        while "first" not in screen.getvalue():
            await asyncio.sleep(0)
    entry.line("second")
    assert screen.getvalue().endswith("running\n    first\n    second\n")
    entry.end(seconds=2, cold=None, memory=None, limit=128)
    assert screen.getvalue().count("Job sqs q") == 2


async def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in Console(Terminal()).colour("x", "red")
    assert Console(io.StringIO()).colour("x", "red") == "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert Console(Terminal()).colour("x", "red") == "x"


async def test_too_much_memory_stands_out() -> None:
    screen = io.StringIO()
    entry = Console(screen, coloured=True).invocation("Job", "sqs q")
    entry.end(seconds=1, cold=None, memory=300, limit=256)
    assert "\x1b[31m300/256 MB\x1b[0m" in screen.getvalue()


async def test_what_precedes_another_is_dim_unless_it_went_wrong() -> None:
    screen = io.StringIO()
    console = Console(screen, coloured=True)
    for outcome in (("ok", "green"), ("ValueError", "red")):
        entry = console.invocation("Who", "authorizer Bearer", dim=True)
        entry.end(seconds=1, cold=None, memory=1, limit=2, outcome=outcome)  # type: ignore[arg-type]
    good, bad = screen.getvalue().splitlines()
    assert good.startswith("\x1b[2m")
    assert good.endswith("ok\x1b[0m")
    assert bad.endswith("\x1b[31mValueError\x1b[0m")


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (["[ERROR] E: no", "Traceback (most recent call last):"], ["[ERROR] E: no"]),
        (["Traceback (most recent call last):", "next"], ["next"]),
        (["Traceback (most recent call last):", "  File"], ["Traceback (most recent call last):", "  File"]),
    ],
)
async def test_a_traceback_of_nothing_is_left_out(lines: list[str], shown: list[str]) -> None:
    screen = io.StringIO()
    entry = Console(screen).invocation("Job", "sqs q")
    for line in lines:
        entry.line(line)
    entry.end(seconds=1, cold=None, memory=None, limit=128)
    assert screen.getvalue().splitlines()[1:] == [f"    {line}" for line in shown]


async def test_what_kit_local_logs_is_told_apart() -> None:
    screen = io.StringIO()
    logger = logging.Logger("kit.local")
    logger.addHandler(LogHandler(Console(screen)))
    logger.warning("the queue %s is gone", "q")
    logger.info("redis is %s", "up")
    assert screen.getvalue() == "kit-local: warning: the queue q is gone\nkit-local: redis is up\n"


async def test_what_the_terminal_has_no_letters_for_is_spelt_out() -> None:
    screen = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="")
    Console(screen).write("×2 \udcff")
    assert screen.buffer.getvalue() == b"\\xd72 \\udcff\n"  # type: ignore[attr-defined]


async def test_a_terminal_that_has_gone_stops_nothing() -> None:
    screen = io.StringIO()
    console = Console(screen)
    screen.close()
    console.note("nobody reads this")
