"""The pins of the meta-package follow the members' versions."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

CORE = ("kit-aws", "kit-cache", "kit-db", "kit-events", "kit-handler", "kit-logger", "kit-schemas", "kit-websocket")

KIT = """\
[project]
name = "kit"
version = "0.1.0"  # its own
# A comment that stays.
dependencies = [
{pins}
]

[project.optional-dependencies]
local = [
  "kit-local>=0.1,<0.2",
]
all = [
  "kit-local>=0.1,<0.2",
]

[tool.hatch.build.targets.wheel]
bypass-selection = true
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A small workspace whose pins are fresh."""
    requires = {"kit-events": ["kit-aws>=0.1,<0.2", "boto3"], "kit-websocket": ["kit-aws >= 0.1, < 0.2"]}
    extras = {"kit-db": ["kit-aws[fast]>=0.1,<0.2; python_version > '3'"]}
    for name in (*CORE, "kit-local"):
        write(
            tmp_path,
            name,
            f'[project]\nname = "{name}"\nversion = "0.1.0"\ndependencies = {requires.get(name, [])}\n'
            f"[project.optional-dependencies]\nextra = {extras.get(name, [])}\n",
        )
    write(tmp_path, "kit", KIT.format(pins="\n".join(f'  "{name}>=0.1,<0.2",' for name in CORE)))
    return tmp_path


def write(workspace: Path, package: str, text: str) -> None:
    path = workspace / "packages" / package / "pyproject.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)


def pins(workspace: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "scripts" / "pins.py", "--root", workspace, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def edit(workspace: Path, package: str, old: str, new: str) -> None:
    path = workspace / "packages" / package / "pyproject.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def kit(workspace: Path) -> Path:
    return workspace / "packages" / "kit" / "pyproject.toml"


@pytest.mark.parametrize("here", [True, False], ids=["this workspace", "a fresh one"])
def test_fresh_pins_are_left_alone(workspace: Path, here: bool) -> None:
    checked = pins(ROOT if here else workspace, "--check")
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("version", "pin"),
    [
        ("0.3.0", ">=0.3,<0.4"),
        ("0.10.7", ">=0.10,<0.11"),
        ("1.0.0", ">=1.0,<2"),
        ("2.5.1", ">=2.5,<3"),
        ("0.2.0rc1", ">=0.2,<0.3"),
    ],
)
def test_a_new_version_of_a_member_is_pinned(workspace: Path, version: str, pin: str) -> None:
    edit(workspace, "kit-handler", 'version = "0.1.0"', f'version = "{version}"')
    stale = kit(workspace).read_text()

    checked = pins(workspace, "--check")
    assert checked.returncode == 1
    assert '-  "kit-handler>=0.1,<0.2",' in checked.stdout
    assert f'+  "kit-handler{pin}",' in checked.stdout
    assert kit(workspace).read_text() == stale

    assert pins(workspace).returncode == 0
    assert kit(workspace).read_text() == stale.replace("kit-handler>=0.1,<0.2", f"kit-handler{pin}")
    assert pins(workspace, "--check").returncode == 0


def test_a_pin_that_somebody_removed_comes_back(workspace: Path) -> None:
    fresh = kit(workspace).read_text()
    edit(workspace, "kit", '  "kit-db>=0.1,<0.2",\n', "")
    assert pins(workspace, "--check").returncode == 1
    pins(workspace)
    assert kit(workspace).read_text() == fresh


def test_a_new_optional_package_becomes_an_extra(workspace: Path) -> None:
    write(workspace, "kit-rest", '[project]\nname = "kit-rest"\nversion = "0.4.2"\n')
    assert pins(workspace, "--check").returncode == 1
    assert pins(workspace).returncode == 0
    extras = tomllib.loads(kit(workspace).read_text())["project"]["optional-dependencies"]
    assert extras["rest"] == ["kit-rest>=0.4,<0.5"]
    assert extras["local"] == ["kit-local>=0.1,<0.2"]
    assert extras["all"] == ["kit-local>=0.1,<0.2", "kit-rest>=0.4,<0.5"]


@pytest.mark.parametrize("bound", ["", ">=0.1", ">=0.1,<0.3", "==0.1.0"])
def test_a_sibling_that_is_bounded_otherwise_is_named(workspace: Path, bound: str) -> None:
    edit(workspace, "kit-events", "kit-aws>=0.1,<0.2", f"kit-aws{bound}")
    for arguments in ((), ("--check",)):
        ran = pins(workspace, *arguments)
        assert ran.returncode == 1
        assert f"kit-events requires 'kit-aws{bound}'; the version of kit-aws asks for '>=0.1,<0.2'" in ran.stderr


def test_every_bound_is_checked_those_of_extras_too(workspace: Path) -> None:
    edit(workspace, "kit-aws", 'version = "0.1.0"', 'version = "1.0.0"')
    complaints = pins(workspace, "--check").stderr.splitlines()
    assert [line.split()[0] for line in complaints] == ["kit-db", "kit-events", "kit-websocket"]


def test_a_missing_core_package_is_an_error(workspace: Path) -> None:
    shutil.rmtree(workspace / "packages" / "kit-cache")
    ran = pins(workspace, "--check")
    assert ran.returncode == 1
    assert "there is no package kit-cache" in ran.stderr
