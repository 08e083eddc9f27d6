"""Runs packages' tests against the oldest versions that they say they work with.

    python scripts/test_lowest.py [PACKAGE …]     (all of them, unless named)

Every requirement that a package, its siblings and its test group name is installed in the lowest version allowed, into
an environment of its own. `uv.lock` has no part in it and is left alone.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
UV = os.environ.get("UV", "uv")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*", metavar="PACKAGE")
    known = sorted(path.parent.name for path in ROOT.glob("packages/kit-*/pyproject.toml"))
    chosen = parser.parse_args(arguments).packages or known
    if unknown := set(chosen) - set(known):
        parser.error(f"there is no package {', '.join(sorted(unknown))}")
    failed = [name for name in chosen if not passes(name)]
    for name in failed:
        print(f"{name} does not pass with its lowest versions", file=sys.stderr)
    return 1 if failed else 0


def passes(package: str) -> bool:
    """Tell whether a package's tests pass with the lowest versions of everything that is named."""
    project = f"packages/{package}/pyproject.toml"
    with tempfile.TemporaryDirectory() as folder:
        environment = Path(folder) / "environment"
        python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        requirements = Path(folder) / "requirements.txt"
        lowest = [
            "--resolution",
            "lowest-direct",
            "--python-version",
            f"{sys.version_info.major}.{sys.version_info.minor}",
        ]
        run(UV, "pip", "compile", "--quiet", *lowest, project, "--group", f"{project}:test", "-o", requirements)
        run(UV, "venv", "--quiet", "--python", sys.executable, environment)
        run(UV, "pip", "install", "--quiet", "--python", python, "-r", requirements, "-e", f"packages/{package}")
        return (
            subprocess.run([python, "-m", "pytest", "-q", f"packages/{package}"], cwd=ROOT, check=False).returncode == 0
        )


def run(*command: str | Path) -> None:
    """Run a command at the root; SystemExit if it fails."""
    if (done := subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)).returncode:
        raise SystemExit(done.returncode)


if __name__ == "__main__":
    sys.exit(main())
