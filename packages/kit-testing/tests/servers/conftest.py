"""Fixtures for the tests of the servers."""

import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import pytest
from kit_testing.servers import Aws


@pytest.fixture
def eventually():
    """Wait until something holds that cannot be waited for otherwise, as it happens in another process."""

    def wait(condition, patience=20.0):
        deadline = time.monotonic() + patience
        while not condition():
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.01)

    return wait


@pytest.fixture
def reachable():
    """A folder below which another user gets everywhere; pytest's own are closed."""
    folder = Path(tempfile.mkdtemp(prefix="kit-testing-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def owner(tmp_path):
    """Run a script in a process of its own that prints one line, and give that process and the line's words."""
    started = []

    def run(script, **options):
        path = tmp_path / "owner.py"
        path.write_text(textwrap.dedent(script))
        process = subprocess.Popen(
            [sys.executable, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options
        )
        started.append(process)
        return process, process.stdout.readline().split()

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def cloud():
    """The local AWS endpoint, empty."""
    with Aws() as started:
        started.reset()
        yield started
