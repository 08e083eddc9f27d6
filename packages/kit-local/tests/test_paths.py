"""Where kit-local keeps things, and whom it does not trust."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from kit_local.errors import LocalError, StoreError
from kit_local.paths import cache_folder, shared_folder, shared_folders, state_folder

posix = pytest.mark.skipif(os.name != "posix", reason="about owners and modes")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("KIT_LOCAL_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home" / "cache"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_variable_moves_everything(monkeypatch, tmp_path):
    monkeypatch.setenv("KIT_LOCAL_HOME", str(tmp_path / "elsewhere"))
    assert cache_folder() == tmp_path / "elsewhere"
    assert state_folder(tmp_path / "project").is_relative_to(tmp_path / "elsewhere")


def test_a_variable_that_leads_nowhere(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("KIT_LOCAL_HOME", str(tmp_path / "file" / "below"))
    with pytest.raises(LocalError, match="KIT_LOCAL_HOME names another folder"):
        cache_folder()


@posix
def test_the_users_own_cache_folder(home):
    assert cache_folder().is_relative_to(home)
    assert cache_folder().stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can play another user's sudo")
def test_root_makes_nothing_in_another_users_home(home, monkeypatch, temporary):
    monkeypatch.setattr("kit_local.paths._KEPT", str(temporary))
    os.chown(home, 65534, 65534)
    assert cache_folder().is_relative_to(temporary)
    assert list(home.iterdir()) == []


def test_every_project_has_a_state_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv("KIT_LOCAL_HOME", str(tmp_path / "home"))
    (tmp_path / "a" / "shop").mkdir(parents=True)
    (tmp_path / "b" / "shop").mkdir(parents=True)
    assert state_folder(tmp_path / "a" / "shop") == state_folder(tmp_path / "a" / ".." / "a" / "shop")
    assert state_folder(tmp_path / "a" / "shop") != state_folder(tmp_path / "b" / "shop")


@posix
class TestShared:
    def test_others_pass_through_and_see_nothing(self, temporary):
        assert shared_folder() == temporary / f"kit-local-{os.getuid()}"
        assert shared_folder().stat().st_mode & 0o777 == 0o711

    def test_a_link_is_refused(self, temporary, tmp_path):
        Path(temporary, f"kit-local-{os.getuid()}").symlink_to(tmp_path)
        with pytest.raises(StoreError, match="does not belong to this user alone"):
            shared_folder()

    def test_a_link_to_nowhere_is_refused(self, temporary, tmp_path):
        Path(temporary, f"kit-local-{os.getuid()}").symlink_to(tmp_path / "nowhere")
        with pytest.raises(StoreError, match="does not belong to this user alone"):
            shared_folder()

    def test_a_folder_that_others_write_is_refused(self, temporary):
        shared_folder().chmod(0o777)
        with pytest.raises(StoreError, match="does not belong to this user alone"):
            shared_folder()

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away")
    def test_a_folder_of_somebody_else_is_refused(self, temporary):
        os.chown(shared_folder(), 65534, 65534)
        with pytest.raises(StoreError, match="does not belong to this user alone"):
            shared_folder()

    @pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="there is no memory to put files into")
    def test_memory_is_taken_where_there_is_plenty_and_no_other_place_was_named(self, temporary, monkeypatch):
        for name in ("TMPDIR", "TEMP", "TMP"):
            monkeypatch.delenv(name, raising=False)
        free = shutil.disk_usage("/dev/shm").free
        monkeypatch.setattr("kit_local.paths._PLENTY", free // 2)
        assert shared_folder(memory=True) == Path(f"/dev/shm/kit-local-{os.getuid()}")
        assert shared_folder() == temporary / f"kit-local-{os.getuid()}"
        monkeypatch.setenv("TMPDIR", str(temporary))
        assert shared_folder(memory=True) == temporary / f"kit-local-{os.getuid()}"
        monkeypatch.delenv("TMPDIR")
        monkeypatch.setattr("kit_local.paths._PLENTY", free * 2)
        assert shared_folder(memory=True) == temporary / f"kit-local-{os.getuid()}"

    def test_nothing_is_swept_in_a_folder_that_is_not_ours_alone(self, temporary):
        ours = shared_folder()
        assert ours in shared_folders()
        ours.chmod(0o777)
        assert ours not in shared_folders()
