import pytest
from kit_db import Database, DatabaseCredentialError
from kit_db.connecting.settings import ConnectionSettings
from kit_db.connecting.tls import is_local


@pytest.fixture(autouse=True)
def certificates(monkeypatch, tmp_path):
    (tmp_path / "global-bundle.pem").touch()
    monkeypatch.setenv("LAMBDA_TASK_ROOT", str(tmp_path))


FULL = {"user": "ann", "endpoint": "db.example.com", "name": "loans", "password": "p@ss/w#1"}


def test_an_argument_goes_before_the_environment_before_the_secret(monkeypatch):
    monkeypatch.setenv("DB_USER", "env")
    monkeypatch.setenv("DB_NAME", "env")
    secret = {"username": "s", "dbname": "s", "host": "h", "port": 5433, "password": "p", "engine": "postgres"}
    found = ConnectionSettings({"user": "argument"}).parameters(secret)
    assert (found["user"], found["dbname"], found["host"], found["port"]) == ("argument", "env", "h", 5433)


def test_the_environment_is_read_when_a_connection_is_wanted(monkeypatch):
    settings = ConnectionSettings({})
    for name, value in {"USER": "u", "ENDPOINT": "e", "NAME": "n", "PASSWORD": "p", "PORT": "6000"}.items():
        monkeypatch.setenv(f"DB_{name}", value)
    assert settings.parameters({})["port"] == 6000


def test_every_missing_setting_is_named():
    with pytest.raises(DatabaseCredentialError, match=r"endpoint \(DB_ENDPOINT\), name \(DB_NAME\)") as caught:
        Database(user="ann", password="x").execute("select 1")
    assert caught.value.names == ("endpoint", "name")


def test_a_password_is_needed_off_this_machine_only():
    settings = {**FULL, "password": None}
    with pytest.raises(DatabaseCredentialError) as caught:
        ConnectionSettings(settings).parameters({})
    assert caught.value.names == ("password",)
    assert "password" not in ConnectionSettings({**settings, "endpoint": "/run/postgresql"}).parameters({})


def test_values_are_passed_as_they_are():
    assert ConnectionSettings(FULL).parameters({})["password"] == "p@ss/w#1"


@pytest.mark.parametrize("port", ["x", -1, 70000, "0"])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(DatabaseCredentialError, match="port"):
        ConnectionSettings({**FULL, "port": port}).parameters({})


@pytest.mark.parametrize("seconds", ["x", "-1", "nan", "inf"])
def test_seconds_that_are_none_are_refused(monkeypatch, seconds):
    monkeypatch.setenv("KIT_DB_CONNECT_WAIT", seconds)
    with pytest.raises(DatabaseCredentialError, match="connect_wait"):
        ConnectionSettings({}).seconds("connect_wait", 5)


@pytest.mark.parametrize(("name", "value"), [("auth", "iam2"), ("auth", "IAM"), ("proxy", "perhaps")])
def test_a_choice_that_is_none_is_refused(name, value):
    settings = ConnectionSettings({**FULL, name: value})
    with pytest.raises(DatabaseCredentialError, match=name):
        settings.limits("db.example.com") if name == "proxy" else settings.parameters({})


def test_timeouts_come_from_arguments_and_environment(monkeypatch):
    limits = ConnectionSettings({}).limits("db.example.com")
    assert (limits.statement, limits.lock, limits.send) == (None, None, True)
    monkeypatch.setenv("KIT_DB_STATEMENT_TIMEOUT", "2.5")
    monkeypatch.setenv("KIT_DB_LOCK_TIMEOUT", "1")
    limits = ConnectionSettings({"statement_timeout": 7}).limits("db.example.com")
    assert (limits.statement, limits.lock, limits.send) == (7, 1, True)


PROXY = "loans.proxy-c0ffee.eu-west-1.rds.amazonaws.com"


@pytest.mark.parametrize(
    ("given", "variable", "endpoint", "send"),
    [
        (None, None, PROXY, False),
        (None, None, "loans.c0ffee.eu-west-1.rds.amazonaws.com", True),
        (None, None, "loans.proxy-c0ffee.example.com", True),
        (True, None, "db.example.com", False),
        (False, "1", PROXY, True),
        (None, "0", PROXY, True),
        (None, "true", "db.example.com", False),
    ],
)
def test_a_proxy_is_told_no_settings(monkeypatch, given, variable, endpoint, send):
    if variable is not None:
        monkeypatch.setenv("KIT_DB_PROXY", variable)
    assert ConnectionSettings({"proxy": given}).limits(endpoint).send is send


def test_a_lock_timeout_that_would_pin_is_refused():
    with pytest.raises(DatabaseCredentialError, match="ALTER ROLE"):
        ConnectionSettings({"lock_timeout": 1}).limits(PROXY)


@pytest.mark.parametrize("endpoint", ["/tmp,database.example.com", "localhost,10.0.0.1", "a.example.com,b.example.com"])
def test_several_hosts_are_refused_since_some_may_be_far(endpoint):
    with pytest.raises(DatabaseCredentialError, match="one host") as caught:
        ConnectionSettings({**FULL, "endpoint": endpoint}).parameters({})
    assert caught.value.names == ("endpoint",)


def test_seconds_may_be_zero(monkeypatch):
    monkeypatch.setenv("KIT_DB_CONNECT_WAIT", "9")
    assert ConnectionSettings({"connect_wait": 0}).seconds("connect_wait", 5) == 0
    assert ConnectionSettings({}).seconds("connect_wait", 5) == 9


def test_the_server_is_verified_off_this_machine():
    assert ConnectionSettings(FULL).parameters({})["sslmode"] == "verify-full"
    assert ConnectionSettings({**FULL, "endpoint": "127.0.0.1"}).parameters({})["sslmode"] == "prefer"


def test_tls_can_be_chosen(monkeypatch):
    monkeypatch.setenv("KIT_DB_SSLMODE", "require")
    found = ConnectionSettings(FULL).parameters({})
    assert found["sslmode"] == "require"
    assert "sslrootcert" not in found


def test_roots_that_were_given_are_not_dropped():
    settings = ConnectionSettings({**FULL, "sslmode": "require", "sslrootcert": "/x.pem"})
    assert settings.parameters({})["sslrootcert"] == "/x.pem"


@pytest.mark.parametrize(
    ("endpoint", "local"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("/tmp", True),
        ("10.0.0.1", False),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("", False),
    ],
)
def test_what_counts_as_this_machine(endpoint, local):
    assert is_local(endpoint) is local


def test_the_application_name_is_the_functions(monkeypatch):
    assert ConnectionSettings(FULL).parameters({})["application_name"] == "kit-db"
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "loans")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_VERSION", "7")
    assert ConnectionSettings(FULL).parameters({})["application_name"] == "loans@7"


def test_the_secret_is_left_alone_when_nothing_is_missing():
    assert ConnectionSettings({**FULL, "secret_arn": "arn"}).secret_arn is None
    assert ConnectionSettings({"secret_arn": "arn", "user": "x"}).secret_arn == "arn"


def test_repr_shows_no_credentials():
    shown = repr(Database(**FULL))
    assert "p@ss" not in shown
    assert "loans" in shown


def test_an_unknown_setting_is_refused():
    with pytest.raises(TypeError):
        Database(pasword="x")


def test_a_url_says_all_about_which_database_it_is(monkeypatch):
    for name, value in {"USER": "prod", "ENDPOINT": "prod.example.com", "NAME": "prod", "PASSWORD": "s3cret"}.items():
        monkeypatch.setenv(f"DB_{name}", value)
    monkeypatch.setenv("DB_SECRET_ARN", "arn:prod")
    monkeypatch.setenv("DB_PORT", "6000")
    monkeypatch.setenv("KIT_DB_SSLMODE", "require")
    with pytest.raises(DatabaseCredentialError) as caught:
        Database.from_url("postgresql:///test").execute("select 1")
    assert caught.value.names == ("user", "endpoint", "password")
    assert "prod" not in repr(Database.from_url("postgresql:///test"))
    found = Database.from_url("postgresql://u@127.0.0.1/test")._settings.parameters({})
    assert (found["port"], found["sslmode"]) == (5432, "require")
    assert "password" not in found


def test_urls_in_the_wrong_place_or_form_say_what_is_right():
    with pytest.raises(DatabaseCredentialError, match="from_url") as caught:
        Database("postgresql://u:s3cret@h/n")
    assert "s3cret" not in str(caught.value)
    with pytest.raises(DatabaseCredentialError, match="no driver in its scheme"):
        Database.from_url("postgresql+psycopg2://u@h/n")
