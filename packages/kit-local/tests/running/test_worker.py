"""A worker whose process has ended."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from kit_local.runtime.worker import Worker
from kit_local.stack import Function

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc"),
]


@pytest.fixture
def watcher() -> Any:
    """Let the event loop itself see the end of processes, as it does from Python 3.12 on."""
    if sys.version_info >= (3, 12):
        return
    before = asyncio.get_child_watcher()
    asyncio.set_child_watcher(asyncio.PidfdChildWatcher())
    yield
    asyncio.set_child_watcher(before)


def is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


async def test_an_ended_process_holds_no_memory(watcher: Any, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def work(event, context): pass")
    worker = Worker(Function("Work", "work", "arn", "app.work", tmp_path, timeout=30.0), {}, scratch=tmp_path)
    assert await worker.start() is None
    try:
        held = worker.peak_memory()
        assert held
        os.kill(worker.pid, signal.SIGKILL)
        while not is_zombie(worker.pid):  # and the event loop has not seen its end, since it does not run meanwhile
            pass
        assert worker.alive
        assert worker.peak_memory() is None
    finally:
        await worker.stop()
