"""SQL files, applied in order, once."""

import threading

import psycopg2
import pytest
from kit_testing import MigrationError
from kit_testing.servers import apply_migrations


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "001_things.sql").write_text("create table things (id int primary key);")
    (tmp_path / "002_more.sql").write_text("insert into things values (1);\ninsert into things values (2);\n")
    (tmp_path / "notes.txt").write_text("not SQL")
    return tmp_path


def value(url, statement):
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0]
    finally:
        connection.close()


def test_files_are_applied_in_the_order_of_their_names(postgres_url, folder):
    assert apply_migrations(postgres_url, folder) == ["001_things.sql", "002_more.sql"]
    assert value(postgres_url, "select sum(id) from things") == 3


def test_a_file_in_another_encoding_is_named(postgres_url, folder):
    (folder / "003_names.sql").write_bytes("select 1;\nselect 'Zoë'".encode("latin-1"))
    with pytest.raises(MigrationError, match=r"003_names\.sql, line 2: not UTF-8"):
        apply_migrations(postgres_url, folder)


def test_each_is_applied_once(postgres_url, folder):
    apply_migrations(postgres_url, folder)
    assert apply_migrations(postgres_url, folder) == []
    (folder / "003_last.sql").write_text("insert into things values (3)")
    assert apply_migrations(postgres_url, folder) == ["003_last.sql"]


def test_a_folder_without_files_changes_nothing(postgres_url, tmp_path):
    assert apply_migrations(postgres_url, tmp_path) == []
    assert apply_migrations(postgres_url, tmp_path / "missing") == []


def test_an_applied_file_must_not_change(postgres_url, folder):
    apply_migrations(postgres_url, folder)
    (folder / "001_things.sql").write_text("create table other (id int);")
    with pytest.raises(MigrationError, match=r"001_things\.sql: was changed after it was applied") as caught:
        apply_migrations(postgres_url, folder)
    assert caught.value.file == folder / "001_things.sql"


def test_an_applied_file_must_not_vanish(postgres_url, folder):
    apply_migrations(postgres_url, folder)
    (folder / "002_more.sql").unlink()
    with pytest.raises(MigrationError, match=r"002_more\.sql: was applied to this database, and is gone"):
        apply_migrations(postgres_url, folder)


def test_a_failing_file_is_named_with_its_line_and_leaves_nothing(postgres_url, folder):
    (folder / "003_bad.sql").write_text("create table half (id int); -- ä\n\nselect\n  nonsense;\n")
    with pytest.raises(MigrationError, match=r'003_bad\.sql, line 4: column "nonsense" does not exist') as caught:
        apply_migrations(postgres_url, folder)
    assert (caught.value.file, caught.value.line) == (folder / "003_bad.sql", 4)
    assert value(postgres_url, "select to_regclass('half')") is None
    assert value(postgres_url, "select count(*) from kit_migrations") == 2


def test_a_failure_that_has_no_place(postgres_url, folder):
    (folder / "003_bad.sql").write_text("insert into things values (1);")
    with pytest.raises(MigrationError, match=r"003_bad\.sql: duplicate key") as caught:
        apply_migrations(postgres_url, folder)
    assert caught.value.line is None


def test_percent_signs_are_sql(postgres_url, folder):
    (folder / "003_percent.sql").write_text("create view tens as select * from things where id % 10 = 0 and '%s' = ''")
    assert apply_migrations(postgres_url, folder)[-1] == "003_percent.sql"


def test_two_at_once_wait_for_each_other(postgres_url, folder):
    (folder / "003_slow.sql").write_text("select pg_sleep(0.2);")
    applied, threads = [], []
    for _ in range(3):
        threads.append(threading.Thread(target=lambda: applied.extend(apply_migrations(postgres_url, folder))))
        threads[-1].start()
    for thread in threads:
        thread.join()
    assert sorted(applied) == ["001_things.sql", "002_more.sql", "003_slow.sql"]
