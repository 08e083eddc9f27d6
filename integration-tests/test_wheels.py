"""The dependencies that a wheel brings."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from backend_process import ROOT

UV = os.environ.get("UV", "uv")  # `uv run` says which one it is


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    out = tmp_path_factory.mktemp("wheels")
    for package in ("kit-core", "kit-handler"):
        command = [UV, "build", "--quiet", "--wheel", "--package", package, "--out-dir", out]
        subprocess.run(command, cwd=ROOT, check=True)
    return sorted(out.glob("*.whl"))


def test_kit_handler_brings_kit_core_and_nothing_else(wheels: list[Path], tmp_path: Path) -> None:
    target = tmp_path / "env"
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, target], check=True)
    python = target / "bin/python"
    subprocess.run([UV, "pip", "install", "--quiet", "--python", python, *wheels], check=True)

    listed = [UV, "pip", "list", "--format", "freeze", "--python", python]
    installed = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.splitlines()
    assert [line.split("==")[0].split(" @")[0] for line in installed] == ["kit-core", "kit-handler"]

    program = "import kit_handler; kit_handler.route(lambda request: kit_handler.Response.ok())"
    subprocess.run([python, "-I", "-W", "error", "-c", program], check=True)
