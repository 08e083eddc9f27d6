"""The Python of the top README and of the guides to kit-core and to cold starts does what it says."""

import re
import subprocess
import sys
from pathlib import Path

from backend_process import ROOT


def test_the_single_package_example_passes_its_own_tests(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    for name, block in zip(("greet.py", "test_greet.py"), blocks, strict=True):
        (tmp_path / name).write_text(block)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_greet.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_the_guide_to_the_shared_contracts_is_true() -> None:
    _run_blocks("core.md", 9)


def test_the_guide_to_cold_starts_is_true() -> None:
    _run_blocks("cold-starts.md", 2)


def _run_blocks(guide: str, number: int) -> None:
    text = (ROOT / "docs" / "guides" / guide).read_text()
    blocks = list(re.finditer(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    assert len(blocks) == number
    namespace: dict[str, object] = {"__name__": "document"}
    for block in blocks:
        # Blank lines in front, so that a traceback shows the document's own line numbers.
        exec(compile("\n" * text.count("\n", 0, block.start(1)) + block[1], guide, "exec"), namespace)
