"""Advice before any function runs: handlers that do not exist, and other versions of Python."""

import sys
from pathlib import Path
from typing import Any

import pytest
from kit_local.runtime.advice import missing, other_python
from kit_local.runtime.worker import Worker
from kit_local.stack import Function


def function(folder: Path, handler: str = "app.work", runtime: str = "", **options: Any) -> Function:
    return Function("Work", "shop-Work", "arn", handler, folder, runtime=runtime, **options)


def said(folder: Path, handler: str = "app.work", **options: Any) -> str:
    """Return what is said of a function, without the beginning that is always the same."""
    lines = list(missing([function(folder, handler, **options)]))
    beginning = f"Work: the Handler {handler!r} cannot be loaded: "
    assert all(line.startswith(beginning) for line in lines)
    return "\n".join(line.removeprefix(beginning) for line in lines)


@pytest.mark.parametrize(
    "handler",
    [
        "app.work",
        "package.module.work",
        "package/module.work",
        "package.work",
        "json.dumps",
        "json.decoder.JSONDecoder",
    ],
)
def test_what_is_there_is_not_mentioned(tmp_path: Path, handler: str) -> None:
    (tmp_path / "package").mkdir()
    for name in ("app.py", "package/module.py", "package/__init__.py"):
        (tmp_path / name).write_text("def work(event, context): ...")
    assert said(tmp_path, handler) == ""


DEFINITIONS = [
    "async def work(event, context): ...",
    "class work: ...",
    "work = lambda event, context: None",
    "work: object = print",
    "first, (work, *rest) = range(3), [print, 1]",
    "[*work] = [1]",
    "for work in [print]: pass",
    "import json as work",
    "import work.inner",
    "from json import dumps as work",
    "from json import (\n    dumps,\n    loads as work,\n)",
    "try:\n    from fast import work\nexcept ImportError:\n    from json import dumps as work",
    "if True:\n    def work(event, context): ...",
    "with open('x') as work: pass",
    "(work := print)",
    "print([work := each for each in [1]])",
    "while (work := next(iter([1]))): break",
    "match [1]:\n    case [work]: pass",
    "match {}:\n    case {'a': 1, **work}: pass",
    "match [1]:\n    case [*work]: pass",
    "def set_up():\n    global work\n    work = print\nset_up()",
    "@(work := print)\ndef other(): ...",
    "if TYPE_CHECKING:\n    pass\nelse:\n    from json import dumps as work",
]
UNKNOWN = [
    "from json import *",
    "def __getattr__(name): return print",
    "globals()['work'] = print",
    "import sys\nsys.modules[__name__].work = print",
    "import sys\nsetattr(sys.modules[__name__], 'work', print)",
    "exec('work = print')",
    "vars()['work'] = print",
]
OTHERS = [
    "",
    "def other():\n    work = 1\n    def work(): ...",
    "class Other:\n    def work(self): ...\n    work = 1",
    "other = lambda work: work",
    "print([work for work in []])",
    "print(work)",
    "other.work = 1",
    "other['work'] = 1",
    "if TYPE_CHECKING:\n    from json import dumps as work",
    "if typing.TYPE_CHECKING:\n    from json import dumps as work",
    "class Other:\n    def __init__(self, **fields):\n        for name in fields: setattr(self, name, vars(self))",
    "x = '\\d'  # a warning of the compiler's",
]


@pytest.mark.parametrize("text", [*DEFINITIONS, *UNKNOWN])
def test_a_function_that_exists_or_may_exist_is_not_mentioned(tmp_path: Path, text: str) -> None:
    (tmp_path / "app.py").write_text(text)
    assert said(tmp_path) == ""


@pytest.mark.parametrize("text", OTHERS)
def test_a_function_that_does_not_exist_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "app.py").write_text(text)
    assert said(tmp_path) == f"there is no 'work' in {tmp_path / 'app.py'}"


def test_the_function_that_was_meant_is_named(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import json\ndef handler(event, context): ...")
    assert said(tmp_path, "app.hanlder") == f"there is no 'hanlder' in {tmp_path / 'app.py'}; did you mean 'handler'?"


@pytest.mark.parametrize(
    ("handler", "file", "meant"),
    [
        ("absent_app.work", "absent_app.py", ""),
        ("src.app.work", "src/app.py", ""),
        ("ap.work", "ap.py", ""),
        ("handlrs.work", "handlrs.py", "; did you mean 'handlers'?"),
        ("package.modul.work", "package/modul.py", "; did you mean 'package.module'?"),
        ("handlers.inner.work", "handlers/inner.py", ""),
        ("json.absent.work", "json/absent.py", ""),
        ("text.work", "text.py", ""),
    ],
)
def test_a_missing_module_is_named(tmp_path: Path, handler: str, file: str, meant: str) -> None:
    (tmp_path / "package").mkdir()
    for name in ("handlers.py", "package/module.py", "package/__init__.py", "text.txt"):
        (tmp_path / name).touch()
    assert said(tmp_path, handler) == f"there is no {tmp_path / file}{meant}"


def test_a_folder_without_init_has_no_function(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    assert said(tmp_path, "plain.work") == f"there is no __init__.py in {tmp_path / 'plain'}"
    (tmp_path / "plain" / "module.py").write_text("def work(event, context): ...")
    assert said(tmp_path, "plain.module.work") == ""


@pytest.mark.parametrize("handler", ["work", "", ".work", "app."])
def test_a_handler_of_another_form_is_named(tmp_path: Path, handler: str) -> None:
    assert said(tmp_path, handler) == "it is not of the form module.function"


def test_a_module_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import json\ndef work(:\n")
    assert said(tmp_path) == f"{tmp_path / 'app.py'}:2: invalid syntax"


def test_the_path_of_the_template_counts(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "app.py").write_text("def work(event, context): ...")
    assert said(tmp_path, environment={"PYTHONPATH": "shared"}) == ""


@pytest.mark.anyio
@pytest.mark.parametrize("text", [*DEFINITIONS[:5], *UNKNOWN[2:5], *OTHERS[1:4]])
async def test_it_says_what_the_runtime_says(tmp_path: Path, text: str) -> None:
    (tmp_path / "app.py").write_text(text)
    worker = Worker(function(tmp_path, timeout=30.0), {}, scratch=tmp_path)
    try:
        answer = await worker.start()
        expected = "Runtime.HandlerNotFound" if said(tmp_path) else ""
        assert (answer.error_type if answer else "") == expected
    finally:
        await worker.stop()


def test_another_python_is_mentioned_once(tmp_path: Path) -> None:
    own = "{}.{}".format(*sys.version_info[:2])
    functions = [function(tmp_path, runtime=f"python{version}") for version in (own, "3.99", "3.100", "3.99")]
    assert other_python(functions) == f"the template says Python 3.99, 3.100; its functions run on {own} here"
    assert other_python(functions[:1]) == ""
