"""The client of npm, `@supabase/postgrest-js`, in Node: `js/client.test.mjs` has its tests."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from backend_process import Backend

JS = Path(__file__).parent / "js"


def test_every_method_of_the_javascript_client(library: Backend) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node")
    if not (JS / "node_modules").exists():
        pytest.skip(f"the client is not installed: npm ci --prefix {JS}")
    command = [node, "--test", "--test-reporter=tap", str(JS / "client.test.mjs")]
    environment = {**os.environ, "LIBRARY_URL": library.http}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
