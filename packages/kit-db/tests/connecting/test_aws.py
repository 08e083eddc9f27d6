import contextlib
import json
import re
import socket
import sys
import threading
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from kit_db import Database, DatabaseAuthenticationError, DatabaseCredentialError
from kit_db.connecting.aws import iam_token, read_secret
from kit_db.connecting.settings import ConnectionSettings


def test_a_secret_is_read_from_aws(aws):
    aws.client("secretsmanager").create_secret(Name="db", SecretString=json.dumps({"username": "ann"}))
    assert read_secret("db") == {"username": "ann"}


def test_a_secret_that_is_not_there_is_a_credential_error(aws):
    with pytest.raises(DatabaseCredentialError, match="nothing-here") as caught:
        read_secret("nothing-here")
    assert caught.value.names == ("secret_arn",)


@pytest.mark.parametrize("text", ["hunter2", '["hunter2"]', '{"password": "hunter2'])
def test_a_secret_of_another_form_is_not_repeated(aws, text):
    aws.client("secretsmanager").create_secret(Name="odd-form", SecretString=text)
    with pytest.raises(DatabaseCredentialError, match="no JSON object") as caught:
        read_secret("odd-form", force=True)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_without_kit_aws_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "kit_aws", None)
    with pytest.raises(DatabaseCredentialError, match=r"kit-db\[aws\]"):
        read_secret("db")


INSTANCE = "loans.c0ffee.eu-west-1.rds.amazonaws.com"


@pytest.fixture
def credentials(monkeypatch):
    for name, value in {
        "ACCESS_KEY_ID": "AKIDEXAMPLE",
        "SECRET_ACCESS_KEY": "s/cr+t",
        "SESSION_TOKEN": "t/k+n=",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def botocores_token(token, host, port, user, region):
    """What botocore signs for the same second."""
    from botocore.auth import SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    at = re.search(r"X-Amz-Date=(\w+)", token)[1]
    frozen = datetime.strptime(at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    request = AWSRequest("GET", f"https://{host}:{port}/", params={"Action": "connect", "DBUser": user})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.auth.get_current_datetime", lambda **_: frozen)
        SigV4QueryAuth(Credentials("AKIDEXAMPLE", "s/cr+t", "t/k+n="), "rds-db", region, 900).add_auth(request)
    return request.url.removeprefix("https://")


@pytest.mark.parametrize(
    ("host", "port", "user", "region"),
    [
        (INSTANCE, 5432, "ann", "eu-west-1"),
        ("c.cluster-c0ffee.us-gov-west-1.rds.amazonaws.com", 5433, "ann", "us-gov-west-1"),
        ("p.proxy-c0ffee.cn-north-1.rds.amazonaws.com.cn", 5432, "ann", "cn-north-1"),
        ("p.endpoint.proxy-c0ffee.eu-west-1.rds.amazonaws.com", 5432, "ann", "eu-west-1"),
        ("db.example.com", 6000, "ann@example.com/é ~", "us-east-1"),
    ],
)
def test_a_token_is_botocores(credentials, host, port, user, region):
    token = iam_token(host, port, user)
    assert token == botocores_token(token, host, port, user, region)
    assert f"%2F{region}%2Frds-db%2F" in token


@pytest.mark.parametrize(
    ("user", "action"), [("admin", "DbConnectAdmin"), ("ann", "DbConnect"), ("Admin", "DbConnect")]
)
@pytest.mark.parametrize("host", ["abc.dsql.eu-west-1.on.aws", "abc.dsql-fnh4.us-gov-west-1.on.aws"])
def test_a_token_for_aurora_dsql_is_botocores(credentials, host, user, action):
    import botocore.session

    token = iam_token(host, 5432, user)
    region = host.split(".")[2]
    at = datetime.strptime(re.search(r"X-Amz-Date=(\w+)", token)[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    client = botocore.session.get_session().create_client(
        "dsql", region, aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="s/cr+t", aws_session_token="t/k+n="
    )
    generate = {
        "DbConnect": client.generate_db_connect_auth_token,
        "DbConnectAdmin": client.generate_db_connect_admin_auth_token,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.auth.get_current_datetime", lambda **_: at)
        expected = generate[action](host, region, 900)
    place, _, query = token.partition("?")
    assert (place, dict(parse_qsl(query))) == (f"{host}/", dict(parse_qsl(expected.partition("?")[2])))
    assert f"Action={action}&" in token


def test_to_aurora_dsql_nothing_is_sent_but_statements():
    settings = ConnectionSettings({"user": "admin", "endpoint": "abc.dsql.eu-west-1.on.aws", "name": "postgres"})
    assert not settings.limits("abc.dsql.eu-west-1.on.aws").send
    assert settings.options("abc.dsql.eu-west-1.on.aws") == ""
    assert settings.options("db.example.com") == "-c intervalstyle=postgres"


def test_a_token_without_credentials_or_region_is_a_credential_error(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(DatabaseCredentialError) as caught:
        iam_token(INSTANCE, 5432, "ann")
    assert caught.value.names == ("auth",)


def test_a_token_needs_kit_aws(monkeypatch):
    monkeypatch.setitem(sys.modules, "kit_aws", None)
    with pytest.raises(DatabaseCredentialError, match=r"kit-db\[aws\]"):
        iam_token(INSTANCE, 5432, "ann")


class Server:
    """Asks for a password in the clear, as RDS does for IAM, and takes any, or none."""

    def __init__(self, *, refuses):
        self.tokens = []
        self._refuses = refuses
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        self._listener.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with client, client.makefile("rwb") as file:
                    self._talk(file)

    def _talk(self, file):
        def say(kind, body):
            file.write(kind + (len(body) + 4).to_bytes(4) + body)
            file.flush()

        def hear():
            return file.read(int.from_bytes(file.read(4)) - 4)

        while len(hear()) < 8:  # asks for encryption, before the startup
            file.write(b"N")
            file.flush()
        say(b"R", (3).to_bytes(4))
        file.read(1)
        self.tokens.append(hear().rstrip(b"\0").decode())
        if self._refuses:
            say(b"E", b"SFATAL\0C28000\0MPAM authentication failed for user\0\0")
            return
        say(b"R", bytes(4))
        for name, value in (b"client_encoding\0", b"UTF8\0"), (b"DateStyle\0", b"ISO, MDY\0"):
            say(b"S", name + value)
        say(b"Z", b"I")
        file.read(1)
        hear()
        say(b"C", b"SELECT 0\0")
        say(b"Z", b"I")
        file.read(1)


@pytest.fixture
def server():
    made = []

    def start(**options):
        made.append(Server(**options))
        return made[-1]

    yield start
    for each in made:
        each.close()


def test_every_connection_has_a_token_of_its_own(server, credentials, monkeypatch):
    running = server(refuses=False)
    database = Database(user="ann", endpoint="127.0.0.1", port=running.port, name="loans", auth="iam")
    for _ in range(2):
        database.execute("select")
        database.close()
        monkeypatch.setenv("AWS_SESSION_TOKEN", "another")
    first, second = running.tokens
    assert first == botocores_token(first, "127.0.0.1", running.port, "ann", "us-east-1")
    assert "X-Amz-Security-Token=another" in second


def test_a_token_that_is_refused_is_in_no_message(server, credentials, caplog):
    running = server(refuses=True)
    database = Database(user="ann", endpoint="127.0.0.1", port=running.port, name="loans", auth="iam")
    with caplog.at_level("DEBUG"), pytest.raises(DatabaseAuthenticationError) as caught:
        database.execute("select 1")
    (token,) = running.tokens
    said = f"{caught.value} {caught.value.__context__!r} {caplog.text} {database!r}"
    assert "Signature" in token
    assert "Signature" not in said
    assert "AKIDEXAMPLE" not in said


def test_with_iam_no_password_is_asked_for_nor_sent(aws):
    aws.client("secretsmanager").create_secret(Name="place", SecretString=json.dumps({"host": INSTANCE}))
    given = {"user": "ann", "name": "loans", "auth": "iam", "sslmode": "require"}
    parameters = ConnectionSettings({**given, "endpoint": INSTANCE, "password": "old"}).parameters({})
    assert "password" not in parameters
    assert ConnectionSettings({**given, "secret_arn": "place"}).parameters(read_secret("place"))["host"] == INSTANCE
    assert ConnectionSettings({**given, "endpoint": INSTANCE, "secret_arn": "place"}).secret_arn is None


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer"])
def test_a_token_is_never_sent_in_the_clear(mode):
    given = {"user": "ann", "name": "loans", "auth": "iam", "endpoint": INSTANCE, "sslmode": mode}
    settings = ConnectionSettings(given)
    with pytest.raises(DatabaseCredentialError, match="clear"):
        settings.parameters({})
