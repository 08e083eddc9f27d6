"""The tier on this machine's disk: what it keeps, and what it refuses."""

import errno
import os
import pathlib
import pickle
import sqlite3
import stat
import subprocess
import sys
import textwrap

import kit_cache
import pytest

DISK = ("disk",)


class Bomb:
    """Whoever unpickles it makes a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def database(folder):
    """Change the cache's database behind its back."""

    def execute(*statement):
        kit_cache.reset()
        connection = sqlite3.connect(folder / "kit-cache-1.db")
        with connection:
            changed = connection.execute(*statement).rowcount
        connection.close()
        return changed

    return execute


def test_values_outlive_the_process(counting, other_process):
    made = counting({"from": "here"}, key_prefix="shared", tiers=DISK)
    printed = """
        import kit_cache

        @kit_cache.method_cache(key_prefix="shared", tiers=("disk",))
        def load(x):
            return {"from": "there"}

        print(load(1))
    """
    assert other_process(printed) == "{'from': 'there'}"
    assert made.load(1) == {"from": "there"}
    assert made.calls == []


def test_a_disk_hit_is_kept_in_memory_for_the_time_that_is_left(counting, clock):
    made = counting("value", ttl=100)
    made.load(1)
    kit_cache.reset()
    clock.seconds = 60
    made.load(1)
    assert made.load.cache_stats()["memory_entries"] == 1
    clock.seconds = 101
    made.load(1)
    assert made.calls == [1, 1]


@pytest.mark.parametrize("column", ["row", "k"])
def test_a_planted_pickle_is_never_read(counting, database, tmp_path, column):
    made = counting("value", tiers=DISK)
    made.load(1)
    payload = pickle.dumps(Bomb(tmp_path / "boom"))
    assert database(f"UPDATE entry SET {column} = ?", (payload,)) == 1
    assert (made.load(1), made.load(1)) == ("value", "value")
    assert made.calls == [1, 1]
    assert made.load.cache_clear() is True
    assert made.load.cache_stats()["disk_available"] is True
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize("value", [b"", b"V", b"V" * 200, "text", 5])
def test_a_damaged_row_is_a_miss(counting, database, value):
    made = counting("value", tiers=DISK)
    made.load(1)
    assert database("UPDATE entry SET row = ?", (value,)) == 1
    assert (made.load(1), made.load(1)) == ("value", "value")
    assert made.calls == [1, 1]


def test_a_damaged_value_is_a_miss(counting, database):
    made = counting("value", tiers=DISK)
    made.load(1)
    assert database("UPDATE entry SET row = substr(row, 1, length(row) - 1)") == 1
    assert (made.load(1), made.load(1)) == ("value", "value")
    assert made.calls == [1, 1]


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX permissions")
def test_the_folder_is_its_owners_alone(counting, folder):
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    counting("value", tiers=DISK).load(1)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX permissions")
def test_the_default_folder_is_its_owners_alone(counting, monkeypatch, tmp_path):
    import tempfile

    monkeypatch.delenv("KIT_CACHE_DIR")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made = counting("value", tiers=DISK)
    made.load(1)
    base = tmp_path / f"kit-cache-{os.geteuid()}"
    assert made.load.cache_stats()["disk_path"] == str(base)
    assert stat.S_IMODE(base.stat().st_mode) == 0o700


def test_a_link_in_the_folders_place_is_refused(counting, folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder.symlink_to(elsewhere)
    made = counting("value", tiers=DISK)
    assert made.load(1) == "value"
    assert made.load.cache_stats()["disk_available"] is False
    assert list(elsewhere.iterdir()) == []


def test_a_folder_that_cant_be_made_is_a_miss(counting, tmp_path, caplog):
    (tmp_path / "cache").write_text("in the way")
    made = counting("value", tiers=DISK)
    assert (made.load(1), made.load(1)) == ("value", "value")
    assert made.load.cache_delete(1) is False
    assert [record.name for record in caplog.records] == ["kit.cache"]


def test_a_damaged_database_is_thrown_away(counting, folder):
    made = counting("value", tiers=DISK)
    made.load(1)
    kit_cache.reset()
    for file in folder.glob("kit-cache-1.db*"):
        file.write_bytes(b"not a database" * 1000)
    assert made.load(1) == "value"
    kit_cache.reset()
    assert made.load(1) == "value"
    assert made.load(1) == "value"
    assert made.calls == [1, 1, 1]


def test_a_damaged_database_on_a_read_only_disk_is_a_miss(counting, folder, monkeypatch):
    made = counting("value", tiers=DISK)
    made.load(1)
    kit_cache.reset()
    (folder / "kit-cache-1.db").write_bytes(b"not a database" * 1000)

    def refuse(path, missing_ok=False):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(pathlib.Path, "unlink", refuse)
    assert (made.load(1), made.load(1)) == ("value", "value")


def test_a_removed_folder_comes_back(counting, folder):
    import shutil

    made = counting("value", tiers=DISK)
    made.load(1)
    kit_cache.reset()
    shutil.rmtree(folder)
    assert (made.load(1), made.load(1)) == ("value", "value")
    assert made.calls == [1, 1]


@pytest.mark.skipif(sys.platform == "win32", reason="needs file size limits")
def test_a_full_disk_is_a_miss(tmp_path):
    code = """
        import resource, signal
        import kit_cache

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        @kit_cache.method_cache(key_prefix="full", tiers=("disk",))
        def load(x):
            return "x" * 50_000

        load(0)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        print({len(load(x)) for x in range(50)}, load.cache_delete(1))
    """
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "{50000} False"


def test_the_disk_is_bounded(counting, monkeypatch, folder):
    monkeypatch.setenv("KIT_CACHE_DISK_BYTES", str(2**20))
    made = counting(lambda x: "x" * 20_000, tiers=DISK)
    for x in range(200):
        made.load(x)
    assert (folder / "kit-cache-1.db").stat().st_size < 2 * 2**20
    made.load(199)
    assert len(made.calls) == 200, "the newest is still there"


def test_what_would_fill_the_disk_is_not_kept(counting, monkeypatch):
    monkeypatch.setenv("KIT_CACHE_DISK_BYTES", str(2**20))
    made = counting(os.urandom(2**17).hex(), tiers=DISK)
    made.load(1)
    made.load(1)
    assert made.calls == [1, 1]


def test_a_load_that_began_before_a_deletion_in_another_process_stores_nothing(counting, other_process):
    def answer(x):
        code = """
            import kit_cache

            @kit_cache.method_cache(key_prefix="overtaken", tiers=("disk",))
            def load(x):
                pass

            print(load.cache_delete(1))
        """
        return other_process(code) if len(made.calls) == 1 else "new"

    made = counting(answer, key_prefix="overtaken", tiers=DISK)
    assert made.load(1) == "True"
    assert (made.load(1), made.load(1)) == ("new", "new")
    assert made.calls == [1, 1]


def test_namespaces_are_apart(counting, monkeypatch):
    made = counting("value", tiers=DISK)
    for namespace in ("one", "two", "one"):
        monkeypatch.setenv("KIT_CACHE_NAMESPACE", namespace)
        kit_cache.reset()
        made.load(1)
    assert made.calls == [1, 1]


def test_a_set_costs_the_same_however_many_rows_there_are(monkeypatch):
    """In steps of SQLite's machine: no set reads the other rows."""
    steps, connect = [0], sqlite3.connect

    def count():
        steps[0] += 1

    def counted(*args, **kwargs):
        connection = connect(*args, **kwargs)
        connection.set_progress_handler(count, 1)
        return connection

    monkeypatch.setattr(sqlite3, "connect", counted)
    cache, costs = kit_cache.Cache("costs", tiers=DISK), []
    for rows in (100, 4000):
        cache.set_many({f"k{rows}-{number}": number for number in range(rows)})
        steps[0] = 0
        cache.set("one more", rows)
        costs.append(steps[0])
    assert costs[0] > 0
    assert costs[1] < 2 * costs[0]


WRITER = """
import kit_cache
cache = kit_cache.Cache("torn", tiers=("disk",))
print("ready", flush=True)
for number in range(10**9):
    cache.set(f"k{number % 20}", [number] * 2000)
"""


def test_a_process_killed_while_it_writes_leaves_whole_values(folder):
    cache, seen = kit_cache.Cache("torn", tiers=DISK), 0
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", WRITER], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout.readline() == "ready\n"
            before = cache.get("k19")
            while cache.get("k19") == before:
                assert writer.poll() is None
            writer.kill()
        kit_cache.reset()
        for value in cache.get_many([f"k{number}" for number in range(20)]).values():
            assert len(value) == 2000
            assert len(set(value)) == 1
            seen += 1
    assert seen >= 20
    connection = sqlite3.connect(folder / "kit-cache-1.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_repeated_hit_follows_deletions_and_other_folders(counting, monkeypatch, tmp_path):
    made = counting(lambda x: {"x": x, "load": len(made.calls)}, tiers=DISK)
    for _ in range(3):
        value = made.load(1)
        assert value == {"x": 1, "load": 1}
        value["x"] = "the reader's own"
    assert made.load(True) == {"x": True, "load": 2}
    made.load.cache_delete(1)
    assert [made.load(1)["load"], made.load(1)["load"]] == [3, 3]
    made.load.cache_clear()
    assert [made.load(1)["load"], made.load(1)["load"]] == [4, 4]
    monkeypatch.setenv("KIT_CACHE_DIR", str(tmp_path / "another"))
    kit_cache.reset()
    assert [made.load(1)["load"], made.load(1)["load"]] == [5, 5]
    assert made.load.cache_get(1).tier == "disk"
