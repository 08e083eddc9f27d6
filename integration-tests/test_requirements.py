"""No requirements file installs a distribution that somebody else owns."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "scripts" / "check_requirements.py"
PROJECT = '[project]\nname = "{name}"\nversion = "{version}"\ndependencies = {dependencies}\n'
CORE = "./wheels/kit_core-0.1.0-py3-none-any.whl"
AWS = "./wheels/kit_aws-0.3.1-py3-none-any.whl"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A small workspace: kit-core, and kit-aws, which needs it."""
    for name, version, dependencies in (
        ("kit-core", "0.1.0", "[]"),
        ("kit-aws", "0.3.1", '["kit-core>=0.1,<0.2", "boto3"]'),
    ):
        folder = tmp_path / "packages" / name
        folder.mkdir(parents=True)
        (folder / "pyproject.toml").write_text(PROJECT.format(name=name, version=version, dependencies=dependencies))
    (tmp_path / "src").mkdir()
    return tmp_path


def check(root: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, SCRIPT, "--root", root]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_requirements_of_this_workspace_hold() -> None:
    shown = check(ROOT)
    assert (shown.returncode, shown.stderr) == (0, "")
    files = (ROOT / "docs" / "examples").glob("*/src/requirements.txt")
    assert all("./wheels/kit_core-" in file.read_text() for file in files)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{CORE}\n{AWS}\nboto3>=1.40\n",
        f"# kit>=0.1\n{CORE}  # kit-aws\n-r other.txt\n--no-index\nkitten\nmy-kit==1\n",
        f"kit-core @ file:///wheels/kit_core-0.1.0-py3-none-any.whl\n{AWS}[extra]\n",
    ],
)
def test_wheels_by_path_and_the_names_of_others_are_taken(workspace: Path, text: str) -> None:
    (workspace / "src" / "requirements.txt").write_text(text)
    assert check(workspace).returncode == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("kit>=0.1,<0.2", "somebody else's"),
        ("kit", "somebody else's"),
        ("KIT_Core == 0.1.0", "somebody else's"),
        ("kit-rest", "somebody else's"),  # a name that the workspace does not have yet
        ("kit-core[extra]>=0.1; python_version > '3.10'", "somebody else's"),
        ("boto3 \\\n  \nkit.core \\\n  --hash=sha256:00", "somebody else's"),
        ("-e kit-core", "somebody else's"),
        ("kit-core @ git+https://example.com/kit#subdirectory=packages/kit-core", "somebody else's"),
        (f"{CORE}\n--extra-index-url https://example.com/simple", "compete"),
        (f"--find-links wheels\n{CORE}", "compete"),
        ("./wheels/kit_core-0.0.9-py3-none-any.whl", "present version of kit-core, 0.1.0"),
        ("./wheels/kit_rest-0.1.0-py3-none-any.whl", "present version of kit-rest"),
        (AWS, "kit-aws needs kit-core"),
    ],
)
@pytest.mark.parametrize("name", ["src/requirements.txt", "requirements-dev.txt", "src/requirements/prod.txt"])
def test_anything_that_may_be_somebody_elses_is_refused(workspace: Path, name: str, text: str, complaint: str) -> None:
    file = workspace / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    shown = check(workspace)
    assert shown.returncode == 1
    assert shown.stderr.startswith(f"{name}: ")
    assert complaint in shown.stderr


def test_folders_of_tools_are_left_alone(workspace: Path) -> None:
    for folder in (".venv/lib", "node_modules/x", "build"):
        (workspace / folder).mkdir(parents=True)
        (workspace / folder / "requirements.txt").write_text("kit")
    assert check(workspace).returncode == 0
