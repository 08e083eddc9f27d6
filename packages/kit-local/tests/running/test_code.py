"""What is seen of a code folder."""

import os
from pathlib import Path

import pytest
from kit_local.runtime import code
from kit_local.runtime.code import CodeFolder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CodeFolder:
    monkeypatch.setattr(code, "_PAUSE", 0)
    write(tmp_path / "app.py", "old", at=1)
    (tmp_path / "package").mkdir()
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    return CodeFolder(tmp_path)


def write(path: Path, text: str, *, at: int) -> Path:
    path.write_text(text)
    os.utime(path, (at, at))
    return path


def test_what_changes_is_seen_once(folder: CodeFolder) -> None:
    assert not folder.changed()
    path = write(folder.folder / "package" / "new.py", "new", at=2)
    assert folder.changed()
    assert not folder.changed()
    assert not folder.told({path})  # the watcher comes later with the same news
    path.unlink()
    assert folder.told({path})
    assert not folder.changed()


def test_what_changes_twice_at_once_is_seen_twice(folder: CodeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "_GRAIN", 1e10)  # as if no file's time told anything
    path = write(folder.folder / "app.py", "one", at=2)
    assert folder.changed()
    assert not folder.changed()
    assert not folder.told({path})
    write(path, "two", at=2)  # the same length, time and inode
    assert folder.told({path})
    assert not folder.changed()


@pytest.mark.parametrize("name", ["__pycache__/app.cpython-311.pyc", ".git/index", ".app.py.swp"])
def test_what_is_no_code_is_nothing_new(folder: CodeFolder, name: str) -> None:
    path = folder.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    assert not folder.changed()


def test_another_folders_changes_are_nothing_new(folder: CodeFolder) -> None:
    assert not folder.told({folder.folder.parent / "elsewhere.py"})


def test_a_large_folder_is_left_to_the_watcher(folder: CodeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "MOST", 2)
    large = CodeFolder(folder.folder)
    path = write(folder.folder / "app.py", "new", at=2)
    assert not large.changed()
    assert large.told({path})
