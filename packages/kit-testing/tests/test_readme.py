"""The examples in the README, run as they stand."""

import re
import subprocess
import sys
from pathlib import Path

import kit_testing

README = Path(__file__).parents[1] / "README.md"


def test_the_readme_is_true(tmp_path: Path) -> None:
    program, tests = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    exec(compile(program, str(README), "exec"), {"__name__": "readme"})
    (tmp_path / "test_readme.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "test_readme.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout


def test_the_readme_names_everything() -> None:
    text = README.read_text()
    assert [name for name in kit_testing.__all__ if f"`{name}" not in text] == []
