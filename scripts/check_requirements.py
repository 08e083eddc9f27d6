"""Checks every requirements file of the workspace: kit's packages are named as wheels by path, never by name.

    python scripts/check_requirements.py

On the public registry, `kit` belongs to somebody else, and any other name of this workspace may tomorrow: a line
`kit>=0.1` installs their code. So a requirements file names the wheels of the present versions, as
`uv build --all-packages --wheel` writes them, and every sibling that they need. Options that let several registries
compete for a name are refused, too.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_PATTERNS = ("requirements*.txt", "requirements*.in", "requirements/*.txt", "constraints*.txt")
_SKIPPED = {"node_modules", "build", "dist", "site-packages"}
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_WHEEL = re.compile(r"(?P<name>[^/\\]+?)-(?P<version>[^-/\\]+)-[^/\\]*\.whl")
_COMPETING = ("--extra-index-url", "--find-links", "-f")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[1], help=argparse.SUPPRESS)
    root = parser.parse_args(arguments).root
    projects = read_projects(root)
    complaints = [
        f"{file.relative_to(root).as_posix()}: {complaint}"
        for file in requirement_files(root)
        for complaint in complaints_of(file.read_text(), projects)
    ]
    print(*complaints, sep="\n", end="\n" if complaints else "", file=sys.stderr)
    return 1 if complaints else 0


def read_projects(root: Path) -> dict[str, dict[str, Any]]:
    """Return the `[project]` table of every member by its name."""
    tables = [tomllib.loads(file.read_text())["project"] for file in sorted(root.glob("packages/*/pyproject.toml"))]
    return {table["name"]: table for table in tables}


def requirement_files(root: Path) -> list[Path]:
    """Return the requirements files of the workspace, without those in folders of tools."""
    found = {file for pattern in _PATTERNS for file in root.rglob(pattern) if file.is_file()}
    return sorted(
        file
        for file in found
        if not any(part in _SKIPPED or part.startswith(".") for part in file.relative_to(root).parts[:-1])
    )


def complaints_of(text: str, projects: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    """Yield a sentence for everything in a requirements file that may install somebody else's code."""
    wheels: set[str] = set()
    for line in _lines(text):
        if line.startswith(_COMPETING):
            yield f"{line!r} lets several sources compete for a name"
        elif wheel := _WHEEL.search(line):
            name = wheel["name"].replace("_", "-").lower()
            version = projects[name]["version"] if name in projects else None
            if _is_ours(name, projects) and wheel["version"] != version:
                yield f"{line!r} is no wheel of the present version of {name}, {version}"
            wheels.add(name)
        elif (name := _name(line)) and _is_ours(name, projects):
            yield f"{line!r} may be somebody else's on the public registry: name the wheel by its path"
    for name in sorted(wheels & projects.keys()):
        for sibling in sorted(_siblings(projects[name], projects) - wheels):
            yield f"{name} needs {sibling}, whose wheel is not named"


def _lines(text: str) -> Iterable[str]:
    """Yield the lines without comments, continued ones joined."""
    for line in text.replace("\\\n", " ").splitlines():
        bare = re.sub(r"(^|\s)#.*", "", line).strip()
        if bare:
            yield bare


def _name(line: str) -> str | None:
    """Return the name of the distribution that a line installs, as registries spell it."""
    line = re.sub(r"^(-e|--editable)[= ]+", "", line)
    if egg := re.search(r"[#&]egg=([\w.-]+)", line):
        line = egg[1]
    found = _NAME.match(line)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else None


def _is_ours(name: str, projects: Mapping[str, Any]) -> bool:
    return name in projects or name == "kit" or name.startswith("kit-")


def _siblings(project: Mapping[str, Any], projects: Mapping[str, Any]) -> set[str]:
    """Return the members that a project needs without its extras."""
    return {name for each in project.get("dependencies", ()) if (name := _name(each)) and name in projects}


if __name__ == "__main__":
    sys.exit(main())
