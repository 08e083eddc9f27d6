"""The README and the guide, run as they are written."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1]
GUIDE = PACKAGE.parents[1] / "docs" / "guides" / "logger.md"


def blocks(document, language):
    text = document.read_text(encoding="utf-8")
    for block in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        # Blank lines in front, so that a traceback shows the document's own line numbers.
        yield "\n" * text.count("\n", 0, block.start(1)) + block.group(1)


def test_readme(lines):
    namespace = {"__name__": "document"}
    for source in blocks(PACKAGE / "README.md", "python"):
        exec(compile(source, "README.md", "exec"), namespace)
    changing = {"location", "timestamp", "service", "cold_start"}
    (shown,) = blocks(PACKAGE / "README.md", "json")
    promised = [json.loads(line) for line in shown.strip().splitlines()]
    written = lines()
    assert [list(line) for line in written] == [list(line) for line in promised]
    for line, promise in zip(written, promised, strict=True):
        assert {key: line[key] for key in line if key not in changing} == {
            key: promise[key] for key in promise if key not in changing
        }


@pytest.mark.skipif(not GUIDE.exists(), reason="the guides are not part of the source distribution")
def test_guide(run):
    # In a process of its own: it makes another logger, which would write to this one's output for good.
    captured = """
import contextlib, io, types

class Capsys:
    readouterr = staticmethod(lambda: types.SimpleNamespace(out=output.getvalue()))

with contextlib.redirect_stdout(io.StringIO()) as output:
    test_the_decision_is_logged(Capsys())
"""
    shown = run("\n".join([*blocks(GUIDE, "python"), captured]))
    first, both, one, *pooled = shown.lines[:5]
    lines = shown.lines[5:]
    assert [(line.get("batch"), line.get("loan")) for line in (both, one)] == [("b-1", "l-1"), ("b-1", None)]
    assert sorted(line["loan"] for line in pooled) == ["l-1", "l-2"]
    assert (first["items"], first["order"], first["correlation_id"]) == (3, "o-1", "abc")
    messages = [line.get("message") for line in lines]
    assert messages == [
        *("connect to postgres://app:[redacted]@db/loans", "token [redacted]"),
        *("adopted", "token=[redacted]", "asked the bank", "refused", None, None, None),
    ]
    assert (lines[0]["Set-Cookie"], lines[0]["secret_arn"], lines[2]["cookie"]) == ("[redacted]", "arn:x", "[redacted]")
    metrics = [line["_aws"]["CloudWatchMetrics"][0] for line in lines[-3:]]
    assert [each["Namespace"] for each in metrics] == ["Loans", "Loans", "service_undefined"]
    assert metrics[2]["Dimensions"] == [["stage", "bank"], ["stage"]]


@pytest.mark.skipif(not GUIDE.exists(), reason="the guides are not part of the source distribution")
def test_the_test_in_the_guide_passes(tmp_path):
    [test] = [block for block in blocks(GUIDE, "python") if "capsys" in block]
    (tmp_path / "test_guide.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_guide.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout
