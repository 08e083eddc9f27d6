"""The fixtures, from inside, and from outside as other people's test runs use them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import boto3
import psycopg2
import pytest
import redis

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "testing.md"


def run(sql, url):
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone() if cursor.description else None
    finally:
        connection.close()


def numbered(server, index):
    return f"redis://{server.host}:{server.port}/{index}"


@pytest.fixture
def outside(tmp_path):
    """Run pytest on files of one's own, in a process of its own; begin() does not wait."""

    class Outside:
        def begin(self, files, arguments=None, **environment):
            for name, text in files.items():
                (tmp_path / name).write_text(text)
            options = ["-q", "-rs", "-W", "error", "-p", "no:cacheprovider"]
            return subprocess.Popen(
                [sys.executable, "-m", "pytest", *options, *(arguments or sorted(files))],
                cwd=tmp_path,
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )

        def run(self, files, arguments=None, **environment):
            process = self.begin(files, arguments, **environment)
            output = process.communicate(timeout=120)[0]
            return process.returncode, output

    return Outside()


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_has_a_database_of_its_own(postgres_url, turn):
    run("create table things (id int)", postgres_url)


def test_the_user_owns_the_database_and_is_no_superuser(postgres_url):
    assert run("select rolsuper, rolcreaterole from pg_roles where rolname = current_user", postgres_url) == (
        False,
        True,
    )
    run("create schema s; create extension if not exists plpgsql", postgres_url)


def test_a_connection_left_open_does_not_keep_the_database(postgres_url, request):
    request.addfinalizer(psycopg2.connect(postgres_url).close)


def test_a_server_left_dead(postgres_server, redis_server):
    postgres_server.kill()
    redis_server.kill()


def test_is_alive_for_the_next_test(postgres_url, redis_url):
    run("select 1", postgres_url)
    with redis.Redis.from_url(redis_url) as client:
        assert client.ping()


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_has_an_empty_redis(redis_url, turn):
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("key", "value")


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_has_an_empty_aws(aws, turn):
    client = boto3.client("sqs")
    assert "QueueUrls" not in client.list_queues()
    client.create_queue(QueueName="queue")
    client.close()


def test_the_environment_holds_nothing_but_the_local_aws(monkeypatch, request):
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "https://production")
    aws = request.getfixturevalue("aws")
    assert os.environ["AWS_ENDPOINT_URL"] == aws.url
    assert {"AWS_PROFILE", "AWS_ENDPOINT_URL_SQS", "AWS_SESSION_TOKEN"}.isdisjoint(os.environ)
    assert (aws.region, aws.account) == (os.environ["AWS_REGION"], os.environ["AWS_ACCOUNT_ID"])


def test_the_template_is_migrated(outside, tmp_path):
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "1.sql").write_text("create table things (id int); insert into things values (7);")
    files = dict(zip(("conftest.py", "test_it.py"), (
        "from pathlib import Path\nimport pytest\n"
        "@pytest.fixture(scope='session')\ndef postgres_template(): return Path(__file__).parent / 'migrations'\n",
        "import psycopg2\ndef test_it(postgres_url):\n"
        "    connection = psycopg2.connect(postgres_url)\n"
        "    with connection, connection.cursor() as cursor:\n"
        "        cursor.execute('delete from things returning id')\n"
        "        assert cursor.fetchall() == [(7,)]\n"
        "    connection.close()\n"
        "test_again = test_it\n",
    ), strict=True))  # fmt: skip
    status, output = outside.run(files)
    assert (status, "2 passed" in output) == (0, True), output


ROLLED_BACK = """
import psycopg2, pytest
@pytest.fixture(scope="session")
def postgres_template():
    def prepare(url):
        connection = psycopg2.connect(url)
        with connection, connection.cursor() as cursor:
            cursor.execute("create table things (id int)")
        connection.close()
    return prepare
def count(connection):
    with connection, connection.cursor() as cursor:
        cursor.execute("insert into things values (1)")
        cursor.execute("select count(*) from things")
        return cursor.fetchone()[0]
@pytest.mark.parametrize("again", range(3))
def test_it(postgres_connection, again):
    assert count(postgres_connection) == 1
    assert count(postgres_connection) == 2
def test_a_killed_server(postgres_server):
    postgres_server.kill()
def test_another(postgres_connection):
    assert count(postgres_connection) == 1
"""


def test_a_callable_fills_the_template_and_a_connection_is_rolled_back(outside):
    status, output = outside.run({"test_it.py": ROLLED_BACK})
    assert (status, "5 passed" in output) == (0, True), output


def test_each_folder_of_tests_has_the_template_of_its_own_conftest(outside, tmp_path):
    conftest = (
        "import psycopg2, pytest\n"
        "@pytest.fixture(scope='session')\ndef postgres_template():\n"
        "    def prepare(url):\n"
        "        connection = psycopg2.connect(url)\n"
        "        with connection, connection.cursor() as cursor:\n"
        "            cursor.execute('create table {} (id int)')\n"
        "        connection.close()\n"
        "    return prepare\n"
    )
    test = (
        "import psycopg2\n"
        "def tables(connection):\n"
        "    with connection.cursor() as cursor:\n"
        "        cursor.execute(\"select relname from pg_class where relname in ('one', 'two')\")\n"
        "        return [name for name, in cursor.fetchall()]\n"
        "def test_url(postgres_url):\n"
        "    connection = psycopg2.connect(postgres_url)\n"
        "    assert tables(connection) == {0}\n"
        "    connection.close()\n"
        "def test_connection(postgres_connection):\n    assert tables(postgres_connection) == {0}\n"
    )
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "conftest.py").write_text(conftest.format(name))
        (tmp_path / name / f"test_{name}.py").write_text(test.format([name]))
    status, output = outside.run({"test_none.py": test.format([])}, arguments=["."])
    assert (status, "6 passed" in output) == (0, True), output


BOTH = """
import psycopg2, redis, time
def test_both(postgres_url, redis_url, aws):
    psycopg2.connect(postgres_url).close()
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("key", "value")
    aws.client("sqs").create_queue(QueueName="queue")
"""


def test_runs_side_by_side_do_not_meet(outside):
    several = [outside.begin({"test_both.py": BOTH}) for _ in range(3)]
    for process in several:
        output = process.communicate(timeout=120)[0]
        assert (process.returncode, "1 passed" in output) == (0, True), output


def test_somebody_elses_servers_are_left_as_they_were(outside, postgres_server, redis_server):
    with redis.Redis.from_url(numbered(redis_server, 14)) as client:
        client.flushall()
        client.set("theirs", 1)
        before = (
            run("select count(*) from pg_database", postgres_server.url),
            run("select count(*) from pg_roles", postgres_server.url),
        )
        status, output = outside.run(
            {"test_both.py": BOTH}, KIT_PG_URL=postgres_server.url, KIT_REDIS_URL=numbered(redis_server, 14)
        )
        assert (status, "1 passed" in output) == (0, True), output
        assert client.get("theirs") == b"1"
        assert client.dbsize() == 1
    for index in set(range(16)) - {14}:
        with redis.Redis.from_url(numbered(redis_server, index)) as client:
            assert client.dbsize() == 0
    assert before == (
        run("select count(*) from pg_database", postgres_server.url),
        run("select count(*) from pg_roles", postgres_server.url),
    )


def test_somebody_elses_redis_without_an_empty_database(outside, redis_server):
    for index in range(16):
        with redis.Redis.from_url(numbered(redis_server, index)) as client:
            client.set("theirs", 1)
    status, output = outside.run({"test_both.py": BOTH}, KIT_REDIS_URL=redis_server.url)
    assert (status, "no database of KIT_REDIS_URL is empty" in output) == (0, True), output
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()


@pytest.mark.skipif(not GUIDE.exists(), reason="the guide lies beside the packages in the repository")
def test_the_guides_examples_run(outside, tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.S)
    (tmp_path / "migrations").mkdir()
    assert len(blocks) >= 5
    status, output = outside.run(
        {"conftest.py" if "def postgres_template" in text else f"test_{at}.py": text for at, text in enumerate(blocks)}
    )
    assert (status, output.count("skipped")) == (0, 0), output
