"""Where kit-local keeps the state of projects."""

from kit_local.paths import cache_folder, state_folder


def test_a_variable_moves_everything(monkeypatch, tmp_path):
    monkeypatch.setenv("KIT_LOCAL_HOME", str(tmp_path / "elsewhere"))
    assert cache_folder() == tmp_path / "elsewhere"
    assert state_folder(tmp_path / "project").is_relative_to(tmp_path / "elsewhere")


def test_every_project_has_a_state_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv("KIT_LOCAL_HOME", str(tmp_path / "home"))
    (tmp_path / "a" / "shop").mkdir(parents=True)
    (tmp_path / "b" / "shop").mkdir(parents=True)
    assert state_folder(tmp_path / "a" / "shop") == state_folder(tmp_path / "a" / ".." / "a" / "shop")
    assert state_folder(tmp_path / "a" / "shop") != state_folder(tmp_path / "b" / "shop")
