"""Builds every package, installs each wheel on its own into an empty environment, and imports it there.

    python scripts/check_wheels.py [PACKAGE …]     (all of them, unless named)

Siblings come from the wheels just built, as files: the names of this workspace belong to nobody on the public registry,
so that it is never asked for them. Then the requirements of every example are resolved with these wheels.
"""

import argparse
import email
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
UV = os.environ.get("UV", "uv")

# Packages that bring nothing but themselves.
ALONE = {"kit-core", "kit-testing"}
# What has no module.
EMPTY = {"kit"}
# Of the core metadata: the newest that the tools of the last years take (twine 6.1 refuses to upload 2.5).
METADATA_VERSION = "2.4"


@dataclass(frozen=True)
class Wheel:
    """Is a built wheel and what it says of itself."""

    path: Path
    name: str
    metadata_version: str
    requires: tuple[str, ...]
    files: tuple[str, ...]

    @property
    def module(self) -> str:
        """Return the name that the package is imported by."""
        return self.name.replace("-", "_")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*", metavar="PACKAGE")
    chosen = parser.parse_args(arguments).packages
    with tempfile.TemporaryDirectory() as folder:
        run(UV, "build", "--quiet", "--all-packages", "--out-dir", folder, cwd=ROOT)
        wheels = {wheel.name: wheel for wheel in map(read_wheel, sorted(Path(folder).glob("*.whl")))}
        if unknown := set(chosen) - set(wheels):
            parser.error(f"there is no package {', '.join(sorted(unknown))}")
        failed = not chosen and bool(complain(requirements_problems(Path(folder))))
        for sdist in sorted(Path(folder).glob("*.tar.gz")):
            failed = bool(complain(sdist_problems(sdist))) or failed
        for name in chosen or wheels:
            problems = list(problems_of(wheels[name], wheels, Path(folder) / "environments" / name))
            print(f"{name}: {'; '.join(problems) or 'ok'}")
            failed = failed or bool(problems)
    return 1 if failed else 0


def read_wheel(path: Path) -> Wheel:
    """Return a wheel with what its metadata says."""
    with zipfile.ZipFile(path) as archive:
        files = tuple(archive.namelist())
        (metadata,) = (name for name in files if name.endswith(".dist-info/METADATA"))
        said = email.message_from_bytes(archive.read(metadata))
    return Wheel(path, said["Name"], said["Metadata-Version"], tuple(said.get_all("Requires-Dist", ())), files)


def complain(problems: Iterable[str]) -> list[str]:
    """Print problems, and return them."""
    found = list(problems)
    print(*found, sep="\n", end="\n" if found else "")
    return found


def sdist_problems(path: Path) -> Iterable[str]:
    """Yield what is wrong with the metadata of a source distribution."""
    with tarfile.open(path) as archive:
        (metadata,) = (name for name in archive.getnames() if name.count("/") == 1 and name.endswith("/PKG-INFO"))
        file = archive.extractfile(metadata)
        said = email.message_from_bytes(file.read() if file else b"")
    if said["Metadata-Version"] != METADATA_VERSION:
        yield f"{path.name}: Metadata-Version is {said['Metadata-Version']}, not {METADATA_VERSION}"


def requirements_problems(wheels: Path) -> Iterable[str]:
    """Resolve the requirements of the examples with the built wheels; yield a sentence for a name that is looked up."""
    run_in = wheels / "bundle"
    run_in.mkdir()
    (run_in / "wheels").symlink_to(wheels, target_is_directory=True)
    for file in sorted(ROOT.glob("docs/examples/*/src/requirements.txt")):
        resolved = run(UV, "pip", "compile", "--quiet", "--no-annotate", "--no-header", file, cwd=run_in).splitlines()
        if others := [line for line in resolved if line.startswith("kit")]:
            yield f"{file.relative_to(ROOT)}: a registry is asked for {', '.join(others)}"


def problems_of(wheel: Wheel, wheels: Mapping[str, Wheel], environment: Path) -> Iterable[str]:
    """Install a wheel into a new environment, and yield what is wrong with it."""
    if wheel.metadata_version != METADATA_VERSION:
        yield f"Metadata-Version is {wheel.metadata_version}, not {METADATA_VERSION}"
    if wheel.name not in EMPTY and f"{wheel.module}/py.typed" not in wheel.files:
        yield "no py.typed"
    expected = ("" if wheel.name in EMPTY else f"{wheel.module}/", f"{wheel.path.name.rsplit('-', 3)[0]}.dist-info/")
    if strays := [file for file in wheel.files if not file.startswith(expected)]:
        yield f"files where they don't belong: {', '.join(strays)}"

    run(UV, "venv", "--quiet", "--python", sys.executable, environment)
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    siblings = [wheels[name].path for name in sorted(with_siblings(wheel, wheels))]
    run(UV, "pip", "install", "--quiet", "--python", python, *siblings)
    run(UV, "pip", "check", "--quiet", "--python", python)
    if wheel.name in ALONE:
        listed = run(UV, "pip", "list", "--format", "freeze", "--python", python).splitlines()
        if others := [line for line in listed if re.split(r"==| @ ", line)[0] != wheel.name]:
            yield f"it brings {', '.join(others)}"
    if wheel.name not in EMPTY:
        program = f"import {wheel.module} as module; [getattr(module, name) for name in getattr(module, '__all__', ())]"
        done = subprocess.run([python, "-I", "-c", program], capture_output=True, text=True, check=False)
        if done.returncode:
            yield f"importing it fails: {done.stderr.strip().splitlines()[-1]}"


def with_siblings(wheel: Wheel, wheels: Mapping[str, Wheel]) -> set[str]:
    """Return the names of a wheel and of every sibling that it needs, without its extras."""
    found: set[str] = set()
    waiting = [wheel.name]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for requirement in wheels[name].requires:
            required = re.match(r"[\w.-]+", requirement)
            if required and required[0] in wheels and "extra ==" not in requirement:
                waiting.append(required[0])
    return found


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a command to its end and return what it printed; SystemExit, with what it said, if it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
