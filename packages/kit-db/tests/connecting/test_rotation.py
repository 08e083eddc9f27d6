"""The password changes while the function is warm."""

import contextlib
import json
import socket
import threading
from urllib.parse import unquote, urlsplit

import pytest
from kit_db import (
    Database,
    DatabaseAuthenticationError,
    DatabaseConnectionError,
    TooManyConnectionsError,
)
from kit_db.connecting.aws import read_secret


@pytest.fixture
def role(postgres_url, postgres_server):
    """A role of this test, and a way to change its password."""
    url = urlsplit(postgres_url)
    database = unquote(url.path[1:])
    name = f"rotated_{database}"

    def run(statement):
        with postgres_server.connect() as admin, admin.cursor() as cursor:
            cursor.execute(statement)

    run(f"create role \"{name}\" login password 'one'")
    yield {
        "secret": {"username": name, "host": url.hostname, "port": url.port, "dbname": database, "engine": "postgres"},
        "change": lambda password: run(f"alter role \"{name}\" password '{password}'"),
    }
    run(f'drop role "{name}"')


@pytest.fixture
def rotating(aws, role):
    """A database whose settings are in a secret, and a way to store a version of that."""
    secrets = aws.client("secretsmanager")
    arn = secrets.create_secret(Name="rotating", SecretString=json.dumps({**role["secret"], "password": "one"}))["ARN"]

    def store(password, stage="AWSCURRENT"):
        text = json.dumps({**role["secret"], "password": password})
        secrets.put_secret_value(SecretId=arn, SecretString=text, VersionStages=[stage])

    database = Database(secret_arn=arn)
    yield database, store
    database.close()


def test_everything_can_come_from_the_secret(rotating, role):
    database, _ = rotating
    assert database.execute("select current_user as me") == [{"me": role["secret"]["username"]}]


def test_a_password_changed_while_warm_is_read_anew(rotating, role, terminate):
    database, store = rotating
    pid = database.execute("select pg_backend_pid() as pid")[0]["pid"]
    role["change"]("two")
    store("two")
    assert database.execute("select pg_backend_pid() as pid")[0]["pid"] == pid, "an open connection stays good"
    database.close()
    assert database.execute("select 1 as one") == [{"one": 1}]


def test_between_two_steps_of_a_rotation_the_pending_password_works(rotating, role):
    database, store = rotating
    database.execute("select 1")
    role["change"]("three")
    store("three", stage="AWSPENDING")
    database.close()
    assert database.execute("select 1 as one") == [{"one": 1}]


def test_when_no_version_works_the_error_says_so_without_them(rotating, role):
    database, store = rotating
    role["change"]("four")
    store("wrong-current")
    store("wrong-pending", stage="AWSPENDING")
    with pytest.raises(DatabaseAuthenticationError) as caught:
        database.execute("select 1")
    assert "wrong" not in str(caught.value)


def test_a_password_that_was_given_is_not_looked_for_elsewhere(role):
    given = {"user": role["secret"]["username"], "endpoint": role["secret"]["host"], "port": role["secret"]["port"]}
    database = Database(**given, name=role["secret"]["dbname"], password="wrong", secret_arn="never-read")
    with pytest.raises(DatabaseAuthenticationError):
        database.execute("select 1")


def test_a_host_that_changed_is_read_anew_when_the_old_one_is_gone(aws, role):
    """The database was restored to another place: the secret says so, but its old form is known here."""
    secrets = aws.client("secretsmanager")
    right = {**role["secret"], "password": "one"}
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        gone = {**right, "port": reserved.getsockname()[1]}
    arn = secrets.create_secret(Name="moved", SecretString=json.dumps(gone))["ARN"]
    database = Database(secret_arn=arn)
    assert read_secret(arn) == gone
    secrets.put_secret_value(SecretId=arn, SecretString=json.dumps(right))
    assert database.execute("select 1 as one") == [{"one": 1}]
    database.close()


class Refusing:
    """A server, or an RDS Proxy, that refuses whoever comes, with one of its texts."""

    def __init__(self, text):
        self._text = text
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.refused = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        self._listener.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with client, client.makefile("rwb") as file:
                    while int.from_bytes(file.read(4)) == 8:  # asks for encryption, before the startup
                        file.read(4)
                        file.write(b"N")
                        file.flush()
                    said = f"SFATAL\0C28000\0M{self._text}\0\0".encode()
                    file.write(b"E" + (len(said) + 4).to_bytes(4) + said)
                    self.refused += 1
                    file.flush()


@pytest.mark.parametrize(
    ("text", "kind", "refusals"),
    [
        ("The password that was provided for the role app is wrong.", DatabaseAuthenticationError, 3),
        ("The IAM authentication failed for the role app. Check the IAM token.", DatabaseAuthenticationError, 3),
        ("This RDS proxy has no credentials for the role app. Check them.", DatabaseAuthenticationError, 3),
        ("The IAM authentication failed because of too many competing requests.", TooManyConnectionsError, 1),
        ("The maximum number of client connections to the proxy exceeded 100.", TooManyConnectionsError, 1),
        ("Rate of connection to proxy exceeded 10.", TooManyConnectionsError, 1),
        ("Timed-out waiting to acquire database connection.", DatabaseConnectionError, 1),
    ],
)
def test_the_refusals_of_a_proxy_are_known(aws, text, kind, refusals):
    """The texts of "Troubleshooting for RDS Proxy" (Amazon RDS User Guide)."""
    secrets = aws.client("secretsmanager")
    with contextlib.closing(Refusing(text)) as proxy:
        secret = {"username": "app", "host": "127.0.0.1", "port": proxy.port, "dbname": "d"}
        arn = secrets.create_secret(Name="refused", SecretString=json.dumps({**secret, "password": "old"}))["ARN"]
        read_secret(arn)
        for stage, password in (("AWSCURRENT", "new"), ("AWSPENDING", "next")):
            secrets.put_secret_value(
                SecretId=arn, SecretString=json.dumps({**secret, "password": password}), VersionStages=[stage]
            )
        with pytest.raises(kind) as caught:
            Database(secret_arn=arn, connect_wait=0).execute("select 1")
        assert type(caught.value) is kind
        assert getattr(caught.value, "transient", None) is (None if refusals > 1 else True)
        assert proxy.refused == refusals
