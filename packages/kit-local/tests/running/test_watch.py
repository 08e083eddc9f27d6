"""Code that changes while it runs."""

import asyncio
from typing import Any

import pytest
from kit_local.watch import watch

pytestmark = pytest.mark.anyio


@pytest.fixture
async def watched(lab: Any) -> Any:
    lab.write("def work(event, context): return 'old'")
    template = lab.folder.parent / "template.yaml"
    template.write_text("old")
    functions = lab.functions("work", reload=True)
    task = asyncio.create_task(watch([lab.folder], template, functions, lab.console))

    async def stop() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    lab.later(stop)
    assert (await functions.invoke("work", {}, source="test")).value == "old"
    # The watcher has begun once it notices anything.
    async with asyncio.timeout(30):
        while "restart kit-local" not in lab.shown:
            template.write_text("touched")
            await asyncio.sleep(0.1)
    return functions


async def shown(lab: Any, text: str) -> None:
    async with asyncio.timeout(30):
        while text not in lab.shown:
            await asyncio.sleep(0.01)


async def test_the_next_invocation_runs_the_new_code(lab: Any, watched: Any) -> None:
    for number in range(3):  # the same length in the same second, which Python's own cache would not notice
        lab.screen.truncate(0)
        lab.write(f"def work(event, context): return 'ne{number}'")
        await shown(lab, "new code in src/: work")
        assert (await watched.invoke("work", {}, source="test")).value == f"ne{number}"


async def test_a_request_right_after_a_change_runs_the_new_code(lab: Any) -> None:
    """Nobody watches here, and each text is as long as the last."""
    lab.write("def work(event, context): return 'old'")
    functions = lab.functions("work", reload=True)
    for number in range(10):
        lab.write(f"def work(event, context): return 'ne{number}'")
        assert (await functions.invoke("work", {}, source="test")).value == f"ne{number}"
    assert lab.shown.count("new code in src/: work") == 10


async def test_several_functions_are_counted(lab: Any) -> None:
    functions = lab.functions("pid", "echo", reload=True)
    lab.write("", "more.py")
    await functions.invoke("pid", {}, source="test")
    assert "new code in src/: 2 functions\n" in lab.shown


async def test_new_modules_are_noticed(lab: Any, watched: Any) -> None:
    lab.write("ANSWER = 42", "answers.py")
    lab.write("from answers import ANSWER\ndef work(event, context): return ANSWER")
    await shown(lab, "new code in src/: work")
    async with asyncio.timeout(30):
        while (await watched.invoke("work", {}, source="test")).value != 42:
            await asyncio.sleep(0.01)


async def test_broken_code_fails_until_it_is_mended(lab: Any, watched: Any) -> None:
    lab.write("def work(event, context: return 1")
    await shown(lab, "new code in src/: work")
    assert (await watched.invoke("work", {}, source="test")).error_type == "Runtime.UserCodeSyntaxError"
    lab.screen.truncate(0)
    lab.write("def work(event, context): return 'mended'")
    await shown(lab, "new code in src/: work")
    assert (await watched.invoke("work", {}, source="test")).value == "mended"


async def test_a_template_that_is_put_in_anothers_place_is_noticed(lab: Any, watched: Any) -> None:
    template = lab.folder.parent / "template.yaml"
    for number in range(2):
        lab.screen.truncate(0)
        new = lab.folder.parent / "template.yaml.new"
        new.write_text(str(number))
        new.replace(template)
        await shown(lab, "template.yaml has changed")
