"""Checks the documented calls of all packages with pyright, as an editor does.

    uv run --group types python scripts/check_pyright.py

The Python blocks of the READMEs and guides are checked in basic mode, and the files in integration-tests/typed, which
have annotations throughout, in basic and in strict mode. In the guides a value that may be None may be used without a
question: they are about something else. An error is printed with its file and line; the exit status is 1 then.

It is basedpyright that runs, which is pyright with a Node.js of its own: nothing is downloaded.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
TYPED = ROOT / "integration-tests/typed"
DOCUMENTS = ("README.md", "packages/*/README.md", "docs/*.md", "docs/guides/*.md")
OPTIONAL = ("MemberAccess", "Subscript", "Operand", "Iterable", "Call")


def main() -> int:
    """Run the command and return its exit status."""
    found: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        documents = dict(write_documents(Path(folder)))
        loose = {f"reportOptional{each}": False for each in OPTIONAL}
        # An import of another file of an example's, which the document shows before.
        basic = {"typeCheckingMode": "basic", "reportMissingImports": False, **loose}
        found += check(Path(folder), basic, documents)
    calls = {path.name: path.relative_to(ROOT) for path in TYPED.glob("*.py")}
    for mode in ("basic", "strict"):
        # Wrong calls are among them, each with a comment: what is not refused any more is an error, too.
        found += check(TYPED, {"typeCheckingMode": mode, "reportUnnecessaryTypeIgnoreComment": True}, calls)
    print(*found, f"{len(documents)} documents, {len(calls)} files of calls: {len(found)} errors", sep="\n")
    return 1 if found or not documents or not calls else 0


def write_documents(folder: Path) -> Iterator[tuple[str, Path]]:
    """Write the Python blocks of each document as a module, on their own lines; yield its name and its source."""
    for number, path in enumerate(sorted(path for pattern in DOCUMENTS for path in ROOT.glob(pattern))):
        text = path.read_text(encoding="utf-8")
        lines = [""] * text.count("\n")
        for block in re.finditer(r"^```python\n(.*?)^```", text, re.M | re.S):
            first = text.count("\n", 0, block.start(1))
            code = block[1].splitlines()
            lines[first : first + len(code)] = code
        if any(lines):
            name = f"document_{number}.py"
            (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
            yield name, path.relative_to(ROOT)


def check(folder: Path, rules: Mapping[str, object], sources: Mapping[str, Path]) -> Iterator[str]:
    """Yield the errors in a folder, by the sources of its files."""
    with tempfile.TemporaryDirectory() as place:
        config = Path(place) / "pyrightconfig.json"
        config.write_text(json.dumps({"include": ["calls"], "pythonVersion": "3.11", **rules}), encoding="utf-8")
        (Path(place) / "calls").symlink_to(folder, target_is_directory=True)
        command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable, "-p", place]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        report = json.loads(answer.stdout)
    except ValueError:
        yield f"pyright did not run: {answer.stdout}{answer.stderr}"
        return
    if report["summary"]["filesAnalyzed"] != len(sources):
        yield f"{report['summary']['filesAnalyzed']} of {len(sources)} files were looked at in {folder}"
    for each in report["generalDiagnostics"]:
        if each["severity"] == "error":
            start, rule = each["range"]["start"], each.get("rule", "syntax")
            place_of = f"{sources[Path(each['file']).name]}:{start['line'] + 1}:{start['character'] + 1}"
            yield f"{place_of}: {each['message']} ({rule}, {rules['typeCheckingMode']})"


if __name__ == "__main__":
    sys.exit(main())
