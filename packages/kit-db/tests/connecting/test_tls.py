import contextlib
import ipaddress
import os
import shutil
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from kit_db import Database, DatabaseConnectionError, DatabaseCredentialError
from kit_db.connecting.tls import SYSTEM, find_roots, is_dsql, is_rds, is_rds_proxy

INSTANCE = "loans.c0ffee.eu-west-1.rds.amazonaws.com"
DSQL = "abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws"
PROXY = "loans.proxy-c0ffee.eu-west-1.rds.amazonaws.com"


@pytest.fixture
def code(monkeypatch, tmp_path):
    """The folder of a function's code."""
    monkeypatch.setenv("LAMBDA_TASK_ROOT", str(tmp_path))
    return tmp_path


@pytest.fixture
def system(monkeypatch, tmp_path):
    """A file that stands for the roots of the machine."""
    found = tmp_path / "system.pem"
    found.touch()
    monkeypatch.setattr("kit_db.connecting.tls.SYSTEM", ("/nowhere.crt", str(found)))
    return str(found)


def test_names_of_rds():
    assert is_rds(INSTANCE)
    assert is_rds("LOANS.c0ffee.cn-north-1.RDS.amazonaws.com.cn")
    assert not is_rds("rds.amazonaws.com.example.com")
    assert is_rds_proxy(PROXY)
    assert not is_rds_proxy(INSTANCE)


def test_an_instance_is_verified_with_the_bundle_beside_the_code(code, system):
    (code / "global-bundle.pem").touch()
    assert find_roots(INSTANCE) == str(code / "global-bundle.pem")
    assert find_roots("db.example.com") == str(code / "global-bundle.pem")


def test_an_instance_is_not_verified_with_the_systems_roots(code, system):
    with pytest.raises(DatabaseCredentialError, match="KIT_DB_SSLROOTCERT") as caught:
        find_roots(INSTANCE)
    assert str(code / "global-bundle.pem") in str(caught.value)
    assert "/opt/global-bundle.pem" in str(caught.value)
    assert caught.value.names == ("sslrootcert",)


def test_names_of_aurora_dsql():
    assert is_dsql(DSQL)
    assert is_dsql("abc.dsql-fnh4.eu-west-1.on.aws")
    for other in ("abc.lambda-url.eu-west-1.on.aws", "abc.dsql.on.aws", "dsql.eu-west-1.on.aws", f"{DSQL}.example.com"):
        assert not is_dsql(other)
    assert not is_rds(DSQL)


def test_aurora_dsql_has_certificates_that_every_system_knows(code, system):
    (code / "global-bundle.pem").touch()
    assert find_roots(DSQL) == system


def test_a_proxy_has_certificates_that_every_system_knows(code, system):
    (code / "global-bundle.pem").touch()
    assert find_roots(PROXY) == system


def test_others_are_verified_with_the_systems_roots_if_there_is_no_bundle(code, system):
    assert find_roots("db.example.com") == system


@pytest.mark.skipif(not Path("/etc/debian_version").exists(), reason="the places of Debian and Lambda are looked at")
def test_the_systems_roots_are_where_we_look():
    found = [place for place in SYSTEM if Path(place).is_file()]
    if not found:
        pytest.skip("this machine has no roots at all")
    assert len(ssl.create_default_context(cafile=found[0]).get_ca_certs()) > 50


def certificate(folder, name, *, subject, names=(), issuer=None):
    """Write a key and a certificate: a root without an issuer, else a server's."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(called if issuer is None else issuer[1], called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    signed = builder.sign(key if issuer is None else issuer[0], hashes.SHA256())
    (folder / f"{name}.crt").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / f"{name}.key").touch(0o600)
    (folder / f"{name}.key").write_bytes(private)
    return key, called


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A root, one that nobody knows, and the certificate of a server at 127.0.0.1, or database.internal."""
    x509 = pytest.importorskip("cryptography.x509", reason="certificates are made with cryptography")
    folder = tmp_path_factory.mktemp("certificates")
    root = certificate(folder, "root", subject="our root")
    certificate(folder, "stranger", subject="another root")
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    names = [address, x509.DNSName("database.internal")]
    certificate(folder, "server", subject="database", names=names, issuer=root)
    return folder


@pytest.fixture(scope="module")
def tls_server(postgres_server, certificates):
    """The tests' server with TLS switched on, or a skip if it was built without."""
    if getattr(postgres_server, "external", False):
        pytest.skip("the server belongs to somebody else")
    postgres_server.start()
    with contextlib.closing(postgres_server.connect()) as admin, admin.cursor() as cursor:
        cursor.execute("show data_directory")
        data = Path(cursor.fetchone()[0])
        for name in ("server.crt", "server.key"):
            shutil.copy(certificates / name, data / name)
            os.chown(data / name, data.stat().st_uid, data.stat().st_gid)
        try:
            cursor.execute("alter system set ssl = on")
        except admin.Error as error:
            pytest.skip(f"this server has no TLS: {error.diag.message_primary}")
        cursor.execute("select pg_reload_conf()")
        wait_for_ssl(postgres_server, "on")
        yield postgres_server
        cursor.execute("alter system reset ssl")
        cursor.execute("select pg_reload_conf()")
        wait_for_ssl(postgres_server, "off")


def wait_for_ssl(server, wanted):
    for _ in range(200):
        with contextlib.closing(server.connect()) as fresh, fresh.cursor() as cursor:
            cursor.execute("show ssl")
            if cursor.fetchone() == (wanted,):
                return
            cursor.execute("select pg_sleep(0.02)")
    raise AssertionError(f"ssl did not become {wanted}")


@pytest.fixture
def reach(tls_server, postgres_url, certificates):
    """Tells how the connection is encrypted, from the settings of a Database."""
    url = urlsplit(postgres_url)

    def run(**settings):
        given = {"endpoint": url.hostname, "sslmode": "verify-full", "sslrootcert": str(certificates / "root.crt")}
        database = Database(
            user=unquote(url.username),
            password=unquote(url.password),
            port=url.port,
            name=unquote(url.path[1:]),
            **{**given, **settings},
        )
        query = "select version from pg_stat_ssl where pid = pg_backend_pid()"
        with contextlib.closing(database):
            return database.execute(query)[0]["version"]

    return run


def test_a_server_with_the_right_certificate_is_spoken_to_encrypted(reach):
    assert reach().startswith("TLSv1.")


def test_the_environment_names_the_roots(reach, monkeypatch, certificates):
    monkeypatch.setenv("KIT_DB_SSLROOTCERT", str(certificates / "root.crt"))
    assert reach(sslrootcert=None).startswith("TLSv1.")


def test_a_certificate_of_somebody_else_is_refused(reach, certificates):
    with pytest.raises(DatabaseConnectionError, match="certificate") as caught:
        reach(sslrootcert=str(certificates / "stranger.crt"))
    assert not caught.value.transient


def test_a_certificate_for_another_name_is_refused(reach):
    with pytest.raises(DatabaseConnectionError, match=r"does not match host name .localhost.") as caught:
        reach(endpoint="localhost")
    assert not caught.value.transient
    assert reach(endpoint="localhost", sslmode="verify-ca").startswith("TLSv1.")


def test_a_file_of_roots_that_is_not_there_is_refused(reach):
    with pytest.raises(DatabaseConnectionError, match=r"nowhere\.pem") as caught:
        reach(sslrootcert="/nowhere.pem")
    assert not caught.value.transient


NAMED = """
import sys
from kit_db import Database, DatabaseConnectionError
user, password, port, name, roots = sys.argv[1:]
for host in ("database.internal", "other.internal", "nowhere.internal"):
    database = Database(user, host, int(port), name, password=password, sslrootcert=roots, connect_wait=0)
    try:
        print(database.execute("select version from pg_stat_ssl where pid = pg_backend_pid()")[0]["version"])
    except DatabaseConnectionError as error:
        print(error)
"""


def test_a_name_with_several_addresses_is_verified_by_its_name(tls_server, postgres_url, certificates, tmp_path, apart):
    """The first address, where nobody listens, is passed over; what counts is the certificate's name."""
    url = urlsplit(postgres_url)
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.2 database.internal\n127.0.0.1 database.internal\n127.0.0.1 other.internal\n")
    given = [unquote(url.username), unquote(url.password), str(url.port), unquote(url.path[1:])]
    first, second, third = apart({hosts: "/etc/hosts"}, NAMED, *given, str(certificates / "root.crt")).splitlines()
    assert first.startswith("TLSv1.")
    assert "does not match host name" in second
    assert third.startswith("can't connect to 'nowhere.internal'")
