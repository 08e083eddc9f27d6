"""What is said of functions before they run."""

import sys
from pathlib import Path

import pytest
from kit_local.runtime.advice import missing, other_python
from kit_local.stack import Function


def function(folder: Path, handler: str = "app.work", runtime: str = "") -> Function:
    return Function("Work", "shop-Work", "arn", handler, folder, runtime=runtime)


@pytest.mark.parametrize(
    "handler", ["app.work", "package.module.work", "package/module.work", "package.work", "json.dumps"]
)
def test_what_is_there_is_not_mentioned(tmp_path: Path, handler: str) -> None:
    (tmp_path / "package").mkdir()
    for name in ("app.py", "package/module.py", "package/__init__.py"):
        (tmp_path / name).touch()
    assert list(missing([function(tmp_path, handler)])) == []


@pytest.mark.parametrize(("handler", "file"), [("absent_app.work", "absent_app.py"), ("src.app.work", "src/app.py")])
def test_a_missing_module_is_named(tmp_path: Path, handler: str, file: str) -> None:
    [line] = missing([function(tmp_path, handler)])
    assert line == f"Work: there is no {tmp_path / file}, which the Handler {handler!r} asks for"


def test_a_handler_without_a_module_is_named(tmp_path: Path) -> None:
    assert list(missing([function(tmp_path, "work")])) == [
        "Work: there is no module, which the Handler 'work' asks for"
    ]


def test_another_python_is_mentioned_once(tmp_path: Path) -> None:
    own = "{}.{}".format(*sys.version_info[:2])
    functions = [function(tmp_path, runtime=f"python{version}") for version in (own, "3.99", "3.100", "3.99")]
    assert other_python(functions) == f"the template says Python 3.99, 3.100; its functions run on {own} here"
    assert other_python(functions[:1]) == ""
