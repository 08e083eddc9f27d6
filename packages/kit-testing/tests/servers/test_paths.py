"""Where data is kept, and which folders are refused."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from kit_testing import ServerError
from kit_testing.servers.paths import cache_folder, shared_folder, shared_folders

posix = pytest.mark.skipif(os.name != "posix", reason="about owners and modes")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("KIT_TESTING_HOME", raising=False)
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


def test_a_variable_moves_everything(monkeypatch, tmp_path, home):
    monkeypatch.setenv("KIT_TESTING_HOME", str(tmp_path / "elsewhere"))
    assert cache_folder() == tmp_path / "elsewhere"
    assert cache_folder("other", variable="OTHER_HOME") != tmp_path / "elsewhere"


def test_a_variable_that_leads_nowhere(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("KIT_TESTING_HOME", str(tmp_path / "file" / "below"))
    with pytest.raises(ServerError, match="KIT_TESTING_HOME names another folder"):
        cache_folder()


@posix
def test_the_users_own_cache_folder(home):
    assert cache_folder() == home / "cache" / "kit-testing"
    assert cache_folder("other", variable="OTHER_HOME") == home / "cache" / "other"
    assert cache_folder().stat().st_mode & 0o777 == 0o700


@posix
@pytest.mark.parametrize("caches", ["relative", "~nobody-of-this-name/cache"])
def test_a_user_without_a_cache_folder_gets_a_private_one(home, monkeypatch, temporary, caches):
    monkeypatch.setattr("kit_testing.servers.paths._KEPT", str(temporary))
    monkeypatch.setenv("XDG_CACHE_HOME", caches)
    assert cache_folder() == temporary / f"kit-testing-{os.getuid()}" / "cache"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can play another user's sudo")
def test_root_makes_nothing_in_another_users_home(home, monkeypatch, temporary):
    monkeypatch.setattr("kit_testing.servers.paths._KEPT", str(temporary))
    os.chown(home, 65534, 65534)
    assert cache_folder().is_relative_to(temporary)
    assert list(home.iterdir()) == []


@posix
class TestShared:
    def test_others_pass_through_and_see_nothing(self, temporary):
        assert shared_folder() == temporary / f"kit-testing-{os.getuid()}"
        assert shared_folder().stat().st_mode & 0o777 == 0o711

    def test_a_link_is_refused(self, temporary, tmp_path):
        Path(temporary, f"kit-testing-{os.getuid()}").symlink_to(tmp_path)
        with pytest.raises(ServerError, match="does not belong to this user alone"):
            shared_folder()

    def test_a_link_to_nowhere_is_refused(self, temporary, tmp_path):
        Path(temporary, f"kit-testing-{os.getuid()}").symlink_to(tmp_path / "nowhere")
        with pytest.raises(ServerError, match="does not belong to this user alone"):
            shared_folder()

    def test_a_folder_that_others_write_is_refused(self, temporary):
        shared_folder().chmod(0o777)
        with pytest.raises(ServerError, match="does not belong to this user alone"):
            shared_folder()

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away")
    def test_a_folder_of_somebody_else_is_refused(self, temporary):
        os.chown(shared_folder(), 65534, 65534)
        with pytest.raises(ServerError, match="does not belong to this user alone"):
            shared_folder()

    @pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="there is no memory to put files into")
    def test_memory_is_taken_where_there_is_plenty_and_no_other_place_was_named(self, temporary, monkeypatch):
        for name in ("TMPDIR", "TEMP", "TMP"):
            monkeypatch.delenv(name, raising=False)
        free = shutil.disk_usage("/dev/shm").free
        monkeypatch.setattr("kit_testing.servers.paths._PLENTY", free // 2)
        assert shared_folder(memory=True) == Path(f"/dev/shm/kit-testing-{os.getuid()}")
        assert shared_folder() == temporary / f"kit-testing-{os.getuid()}"
        monkeypatch.setenv("TMPDIR", str(temporary))
        assert shared_folder(memory=True) == temporary / f"kit-testing-{os.getuid()}"
        monkeypatch.delenv("TMPDIR")
        monkeypatch.setattr("kit_testing.servers.paths._PLENTY", free * 2)
        assert shared_folder(memory=True) == temporary / f"kit-testing-{os.getuid()}"

    def test_nothing_is_swept_in_a_folder_that_is_not_ours_alone(self, temporary):
        ours = shared_folder()
        assert ours in shared_folders()
        ours.chmod(0o777)
        assert ours not in shared_folders()
