"""Server programs in the wheels that carry them."""

import hashlib
from importlib.util import find_spec
from pathlib import Path


def package_folder(name: str) -> Path | None:
    """Return the folder of an installed package without importing it, None if it is not installed."""
    spec = find_spec(name)
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def fingerprint(program: Path) -> str:
    """Return a short name for one build of a program, the same in every environment that holds it."""
    with program.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]
