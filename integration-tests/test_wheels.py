"""What a wheel of a package brings with it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from backend_process import ROOT

UV = os.environ.get("UV", "uv")  # `uv run` says which one it is


@pytest.fixture(scope="module")
def handler_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheels")
    command = [UV, "build", "--quiet", "--wheel", "--package", "kit-handler", "--out-dir", out]
    subprocess.run(command, cwd=ROOT, check=True)
    [wheel] = out.glob("*.whl")
    return wheel


def test_a_wheel_of_kit_handler_pulls_nothing_else(handler_wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "env"
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, target], check=True)
    python = target / "bin/python"
    subprocess.run([UV, "pip", "install", "--quiet", "--python", python, handler_wheel], check=True)

    listed = [UV, "pip", "list", "--format", "freeze", "--python", python]
    installed = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.splitlines()
    assert [line.split("==")[0].split(" @")[0] for line in installed] == ["kit-handler"]

    program = "import kit_handler; kit_handler.route(lambda request: kit_handler.Response.ok())"
    subprocess.run([python, "-I", "-W", "error", "-c", program], check=True)
