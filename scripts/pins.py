"""Writes the versions that work together into the meta-package `kit`, and checks the bounds between siblings.

    python scripts/pins.py           write packages/kit/pyproject.toml
    python scripts/pins.py --check   change nothing; print what would change, and exit with 1 if anything would

Bounds follow from a member's version: 0.x is compatible within its minor version (`>=0.3,<0.4`), later ones within
their major version (`>=1.2,<2`). Siblings that members depend on have to be bounded in the same way; those bounds are
somebody's decision, so that they are only checked.
"""

import argparse
import difflib
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

CORE = (
    "kit-aws",
    "kit-cache",
    "kit-db",
    "kit-events",
    "kit-handler",
    "kit-logger",
    "kit-schemas",
    "kit-websocket",
)
OPTIONAL = ("kit-gateway", "kit-local", "kit-rest", "kit-tasks", "kit-testing")

_ARRAY = r"(?ms)^{name} = \[\n.*?^\]\n"
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(?:\[[^\]]*\])?(?P<bound>[^;]*)")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing, and fail if anything is stale")
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[1], help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)

    projects = read_projects(options.root)
    complaints = list(wrong_bounds(projects))
    for complaint in complaints:
        print(complaint, file=sys.stderr)

    path = options.root / "packages" / "kit" / "pyproject.toml"
    present = path.read_text()
    wanted = with_pins(present, projects)
    if options.check:
        name = path.relative_to(options.root).as_posix()
        diff = difflib.unified_diff(present.splitlines(True), wanted.splitlines(True), name, f"{name} (regenerated)")
        sys.stdout.writelines(diff)
        return 1 if complaints or present != wanted else 0
    if present != wanted:
        path.write_text(wanted)
    return 1 if complaints else 0


def read_projects(root: Path) -> dict[str, dict[str, Any]]:
    """Return the `[project]` table of every member by its name."""
    files = sorted(root.glob("packages/*/pyproject.toml"))
    tables = [tomllib.loads(file.read_text())["project"] for file in files]
    return {table["name"]: table for table in tables}


def bound(version: str) -> str:
    """Return the bound that a version is compatible within."""
    major, minor = (int(part) for part in version.split(".")[:2])
    return f">={major}.{minor},<{major + 1}" if major else f">=0.{minor},<0.{minor + 1}"


def with_pins(text: str, projects: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the text of kit's pyproject.toml with its dependencies and extras written anew, and nothing else."""
    present = [name for name in OPTIONAL if name in projects]
    text = _with_array(text, "dependencies", (_pin(projects, name) for name in CORE))
    extras = {name.removeprefix("kit-"): [name] for name in present} | {"all": present}
    body = "".join(_array(extra, (_pin(projects, name) for name in names)) for extra, names in extras.items())
    table = re.compile(r"(?ms)^\[project\.optional-dependencies\]\n.*?(?=^\[|\Z)")
    if not table.search(text):
        raise SystemExit("kit's pyproject.toml has no [project.optional-dependencies]")
    return table.sub(f"[project.optional-dependencies]\n{body}\n", text, count=1)


def wrong_bounds(projects: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    """Yield a sentence for every sibling that a member bounds otherwise than the sibling's version asks for."""
    for name, project in projects.items():
        if name == "kit":
            continue
        extras = project.get("optional-dependencies", {}).values()
        for requirement in (*project.get("dependencies", ()), *(one for extra in extras for one in extra)):
            found = _REQUIREMENT.match("".join(requirement.split()))
            sibling = found["name"] if found else name
            if not found or sibling == name or sibling not in projects:
                continue
            wanted = bound(projects[sibling]["version"])
            if found["bound"] != wanted:
                yield f"{name} requires {requirement!r}; the version of {sibling} asks for {wanted!r}"


def _pin(projects: Mapping[str, Mapping[str, Any]], name: str) -> str:
    if name not in projects:
        raise SystemExit(f"there is no package {name}")
    return name + bound(projects[name]["version"])


def _array(name: str, lines: Iterable[str]) -> str:
    items = "".join(f'  "{line}",\n' for line in lines)
    return f"{name} = [\n{items}]\n"


def _with_array(text: str, name: str, lines: Iterable[str]) -> str:
    pattern = re.compile(_ARRAY.format(name=name))
    if not pattern.search(text):
        raise SystemExit(f"kit's pyproject.toml has no list {name!r}")
    return pattern.sub(lambda _: _array(name, lines), text, count=1)


if __name__ == "__main__":
    sys.exit(main())
