"""The examples in the README and the guide, run as they stand."""

import os
import re
import sys
from pathlib import Path
from typing import Any

import kit_local
import pytest

PACKAGE = Path(__file__).parents[1]
GUIDE = PACKAGE.parents[1] / "docs" / "guides" / "local.md"
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: app.hello
      CodeUri: src/
      Events:
        Get: {Type: HttpApi, Properties: {Method: GET, Path: /hello}}
"""
APP = "def hello(event, context): return {'hello': event['queryStringParameters']['name']}"


def run(document: Path) -> dict[str, Any]:
    """Run every Python block in one namespace, with the line numbers of the document in tracebacks."""
    text = document.read_text()
    namespace: dict[str, Any] = {"__name__": document.stem}
    for block in re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        source = "\n" * text.count("\n", 0, block.start(1)) + block[1]
        exec(compile(source, str(document), "exec"), namespace)
    return namespace


def test_the_readme_names_everything() -> None:
    text = (PACKAGE / "README.md").read_text()
    assert [name for name in kit_local.__all__ if f"`{name}" not in text] == []


def test_the_documents_name_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    from kit_local.cli import main

    for command in ("run", "invoke", "check", "subscription"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert options
    documents = [PACKAGE / "README.md", *([GUIDE] if GUIDE.exists() else [])]
    for text in (document.read_text() for document in documents):
        assert [option for option in options if not re.search(rf"[`\[]{option}\b", text)] == []


@pytest.mark.skipif(not GUIDE.exists(), reason="the guide is part of the repository, not of the package")
def test_the_guide_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text(APP)
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert run(GUIDE)["backend"].returncode == 0
