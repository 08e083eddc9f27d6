"""Faults with the real thing: Redis killed, hung and restarted, disks full, clocks moved, passwords rotated."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from types import SimpleNamespace

import kit_cache
import pytest
from kit_cache import Cache
from kit_cache.tiers.redis.credentials import iam_token, read_login
from redis import Redis
from redis.exceptions import RedisError

REDIS = ("redis",)


def until(condition, seconds=20.0):
    """Wait for something that another process brings about."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def server(redis_server, tmp_path):
    """Start Redis servers of this test's own, with any options; skip where there is no program for it."""
    if redis_server.program is None:
        pytest.skip("no Redis server of its own: install redis-server to run this")
    program = shutil.which("redis-server", path=os.defpath) or redis_server.program
    running = []

    def start(*options, port=None, tls=False):
        port = port or free_port()
        folder = tmp_path / f"redis-{port}"
        folder.mkdir(exist_ok=True)
        command = [program, "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        command += ["--port", "0", "--tls-port", str(port)] if tls else ["--port", str(port)]
        process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        running.append(process)
        until(lambda: process.poll() is not None or listens(port))
        if process.poll() is not None:
            pytest.skip(f"this Redis knows none of {options}")
        return SimpleNamespace(port=port, pid=process.pid, process=process)

    yield start
    for process in running:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGCONT)
            process.kill()
        process.wait()


def listens(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


WORKER = """
import json, os, sys, time
import kit_cache

@kit_cache.method_cache(ttl=TTL, cache_name="faults", key_prefix="faults", stale=2.0, retry_after=0.2)
def load(key):
    with open(os.environ["TRUTH"]) as file:
        return [int(file.read()), time.time()]

worst, errors, calls, oldest, seen = 0.0, 0, 0, 0.0, {}
load(0)
print("ready", flush=True)
ends = time.time() + float(sys.argv[1])
while time.time() < ends:
    for key in range(20):
        began = time.perf_counter()
        try:
            number, when = load(key)
        except Exception as error:
            errors += 1
            print(repr(error), file=sys.stderr)
            continue
        worst = max(worst, time.perf_counter() - began)
        calls += 1
        oldest = max(oldest, time.time() - when)
        if number < seen.get(key, 0):
            errors += 1000
        seen[key] = number
    time.sleep(0.002)
print(json.dumps({"worst": worst, "errors": errors, "calls": calls, "oldest": oldest}))
"""


@pytest.mark.parametrize("fault", ["killed", "hung"])
def test_redis_fails_under_load_from_four_processes(server, monkeypatch, tmp_path, fault):
    redis = server()
    truth = tmp_path / "truth"
    truth.write_text("1")
    environment = os.environ | {
        "KIT_CACHE_REDIS_URL": f"redis://127.0.0.1:{redis.port}/0",
        "KIT_CACHE_REDIS_TIMEOUT_MS": "50",
        "TRUTH": str(truth),
    }
    code = WORKER.replace("TTL", "0.5")
    processes = []
    for number in range(4):
        environment["KIT_CACHE_DIR"] = str(tmp_path / f"disk-{number // 2}")  # two share a folder
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", code, "6"],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for number in range(2, 5):
        time.sleep(0.3)
        (tmp_path / "next").write_text(str(number))
        (tmp_path / "next").replace(truth)
    if fault == "killed":
        redis.process.kill()
        redis.process.wait()
        time.sleep(1)
        server(port=redis.port)
    else:
        os.kill(redis.pid, signal.SIGSTOP)
        time.sleep(1)
        os.kill(redis.pid, signal.SIGCONT)
    outputs = []
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert err.count("Error") == 0, err
        outputs.append(json.loads(out))
    print(fault, outputs)
    assert [output["errors"] for output in outputs] == [0, 0, 0, 0], "no exception, and nothing older than was seen"
    assert max(output["oldest"] for output in outputs) < 2.5 + 2.0, "ttl and stale window, and a busy machine"
    assert min(output["calls"] for output in outputs) > 100


def test_nothing_comes_back_that_was_seen_deleted(server, monkeypatch, tmp_path):
    """By Redis and disk alone: what Redis has said holds for the disk, which answers while Redis is away."""
    redis = server()
    truth = tmp_path / "truth"
    truth.write_text("old")
    code = """
        import os, sys
        import kit_cache

        @kit_cache.hybrid_cache(ttl=600, cache_name="back", key_prefix="back", tiers=("redis", "disk"))
        def load():
            with open(os.environ["TRUTH"]) as file:
                return file.read()

        for line in sys.stdin:
            print(load() if line.strip() == "get" else load.cache_delete(), flush=True)
    """

    def start(name):
        environment = os.environ | {
            "KIT_CACHE_REDIS_URL": f"redis://127.0.0.1:{redis.port}/0",
            "KIT_CACHE_REDIS_TIMEOUT_MS": "1000",
            "KIT_CACHE_DIR": str(tmp_path / name),
            "TRUTH": str(truth),
        }
        command = [sys.executable, "-c", textwrap.dedent(code)]
        return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(process, word):
        process.stdin.write(word + "\n")
        process.stdin.flush()
        return process.stdout.readline().strip()

    with start("a") as a, start("b") as b:
        assert ask(a, "get") == "old"
        with Redis(port=redis.port) as client:
            client.flushall()
        assert ask(b, "get") == "old"
        truth.write_text("new")
        assert ask(a, "delete") == "True"
        assert ask(a, "get") == "new"
        assert ask(b, "get") == "new"
        redis.process.kill()
        redis.process.wait()
        assert ask(a, "get") == "new"
        assert ask(b, "get") == "new", "its own disk had the old one"
        for process in (a, b):
            process.stdin.close()


def test_a_deletion_by_another_process_holds_when_redis_is_back(server, monkeypatch, counting):
    redis = server()
    monkeypatch.setenv("KIT_CACHE_REDIS_URL", f"redis://127.0.0.1:{redis.port}/0")
    monkeypatch.setenv("KIT_CACHE_REDIS_TIMEOUT_MS", "200")
    answers = iter(["old", "new", "newer", "newest"])
    made = counting(lambda _: next(answers), key_prefix="shared", tiers=REDIS)
    assert made.load(1) == "old"
    os.kill(redis.pid, signal.SIGSTOP)
    assert made.load(2) == "new"  # this process knows of it
    code = """
        import sys
        import kit_cache

        @kit_cache.method_cache(key_prefix="shared", tiers=("redis",))
        def load(x):
            pass

        print(load.cache_delete(1), flush=True)
        sys.stdin.readline()
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "False\n"
        os.kill(redis.pid, signal.SIGCONT)
        until(lambda: made.load.cache_stats()["redis_available"])
        assert made.load(1) != "old"
        other.stdin.close()


def test_memory_follows_other_processes_within_its_bound(redis, counting, other_process, clock):
    made = counting("value", key_prefix="shared", tiers=("memory", "redis"))
    code = """
        import kit_cache

        @kit_cache.method_cache(key_prefix="shared", tiers=("redis",))
        def load(x):
            pass

        print(load.{})
    """
    for operation in ("cache_delete(1)", "cache_clear()"):
        made.load(1)
        assert other_process(code.format(operation)) == "True"
        before = len(made.calls)
        clock.seconds += 1.1
        made.load(1)
        assert len(made.calls) == before + 1


def test_after_a_freeze_memory_is_compared_before_it_is_believed(redis, counting, other_process, clock):
    made = counting("value", ttl=86_400, key_prefix="shared", tiers=("memory", "redis"))
    made.load(1)
    other_process(
        """
        import kit_cache

        @kit_cache.method_cache(key_prefix="shared", tiers=("redis",))
        def load(x):
            pass

        load.cache_delete(1)
        """
    )
    clock.wall = 3000  # frozen for 50 minutes: the wall clock alone goes on
    made.load(1)
    assert made.calls == [1, 1]


@pytest.mark.parametrize("tiers", [("memory",), ("disk",), ("memory", "disk")])
@pytest.mark.parametrize("back", [3600, 30])
def test_a_clock_that_is_set_back_prolongs_nothing(counting, clock, tiers, back):
    made = counting("value", ttl=60, tiers=tiers)
    made.load(1)
    clock.seconds = 59
    made.load(1)
    assert made.calls == [1]
    clock.wall = -back
    clock.seconds = 61
    made.load(1)
    assert made.calls == [1, 1]


@pytest.mark.parametrize("tiers", [("memory",), ("disk",), ("memory", "disk")])
def test_a_freeze_longer_than_the_ttl_ends_entries(counting, clock, tiers):
    made = counting("value", ttl=60, tiers=tiers)
    made.load(1)
    clock.wall = 61  # the monotonic clock stood still
    made.load(1)
    assert made.calls == [1, 1]


def test_a_password_that_is_rotated_is_read_anew(server, monkeypatch, counting):
    redis = server("--requirepass", "old")
    monkeypatch.setenv("REDIS_HOST", "127.0.0.1")
    monkeypatch.setenv("REDIS_PORT", str(redis.port))
    monkeypatch.setenv("REDIS_PASSWORD", "old")
    monkeypatch.setenv("KIT_CACHE_REDIS_TIMEOUT_MS", "1000")
    made = counting("value", tiers=REDIS)
    made.load(1)
    made.load(1)
    assert made.calls == [1]
    with Redis(port=redis.port, password="old") as client:
        client.config_set("requirepass", "new")
    with Redis(port=redis.port, password="new") as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    monkeypatch.setenv("REDIS_PASSWORD", "new")
    made.load(1)
    assert made.calls == [1]


def test_a_secret_that_is_rotated_is_read_anew(server, monkeypatch, counting, aws):
    import boto3

    redis = server("--requirepass", "old")
    secrets = boto3.client("secretsmanager")
    secrets.create_secret(Name="redis", SecretString=json.dumps({"password": "old"}))
    monkeypatch.setenv("KIT_CACHE_REDIS_URL", f"redis://127.0.0.1:{redis.port}/0")
    monkeypatch.setenv("KIT_CACHE_REDIS_SECRET", "redis")
    monkeypatch.setenv("KIT_CACHE_REDIS_TIMEOUT_MS", "2000")
    made = counting("value", tiers=REDIS)
    made.load(1)
    made.load(1)
    assert made.calls == [1]
    with Redis(port=redis.port, password="old") as client:
        client.config_set("requirepass", "new")
    secrets.put_secret_value(SecretId="redis", SecretString="new")  # a bare password is one, too
    with Redis(port=redis.port, password="new") as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    made.load(1)
    assert made.calls == [1]


def test_iam_signs_a_token_for_each_connection(aws, monkeypatch):
    token = iam_token("Loans-Cache", "app user")
    assert token.startswith("loans-cache/?Action=connect&User=app%20user&")
    assert "X-Amz-Expires=900" in token
    assert "elasticache" in token
    monkeypatch.setenv("KIT_CACHE_REDIS_IAM_CACHE", "loans-cache")
    monkeypatch.setenv("KIT_CACHE_REDIS_USER", "app")
    assert read_login().user == "app"
    monkeypatch.setenv("KIT_CACHE_REDIS_IAM_SERVERLESS", "1")
    assert "ResourceType=ServerlessCache" in read_login().password
    monkeypatch.delenv("KIT_CACHE_REDIS_USER")
    with pytest.raises(kit_cache.CacheConfigError, match="KIT_CACHE_REDIS_USER"):
        read_login()


def test_an_acl_user_needs_no_more_than_the_guide_says(server, monkeypatch, counting):
    redis = server()
    with Redis(port=redis.port) as client:
        commands = [
            "mget",
            "get",
            "set",
            "eval",
            "getrange",
            "setrange",
            "del",
            "unlink",
            "scan",
            "lpush",
            "ltrim",
            "lrange",
            "expire",
            "pexpire",
            "ping",
        ]
        rights = ["on", ">pw", "resetkeys", "~kit-cache:*", "-@all", *(f"+{each}" for each in commands)]
        client.execute_command("ACL", "SETUSER", "app", *rights)
    monkeypatch.setenv("KIT_CACHE_REDIS_URL", f"redis://app:pw@127.0.0.1:{redis.port}/0")
    monkeypatch.setenv("KIT_CACHE_REDIS_TIMEOUT_MS", "1000")
    cache = Cache("acl", tiers=("memory", "redis"))
    assert cache.set("k", 1, tags=("t",)) is True
    assert cache.invalidate_tags("t") is True
    assert cache.get_or_set("user:1", lambda: 2) == 2
    assert cache.delete("x") is True
    assert cache.delete_pattern("user:*") is True
    assert cache.get("user:1") is None
    assert cache.clear() is True


def test_a_cluster_spreads_the_keys_of_one_name(server, monkeypatch):
    nodes = [server("--cluster-enabled", "yes") for _ in range(3)]
    clients = [Redis(port=node.port) for node in nodes]
    step = 16384 // 3 + 1
    for place, client in enumerate(clients):
        client.execute_command("CLUSTER", "ADDSLOTS", *range(place * step, min(16384, (place + 1) * step)))
        for node in nodes:
            client.execute_command("CLUSTER", "MEET", "127.0.0.1", node.port)
    until(lambda: all(b"cluster_state:ok" in client.execute_command("CLUSTER", "INFO") for client in clients), 60)
    monkeypatch.setenv("KIT_CACHE_REDIS_URL", f"redis://127.0.0.1:{nodes[0].port}/0")
    monkeypatch.setenv("KIT_CACHE_REDIS_TIMEOUT_MS", "2000")
    cache = Cache("cluster", tiers=REDIS)
    try:
        assert cache.set_many({f"user:{n}": n for n in range(30)}, tags=("all",)) is True
        assert cache.get_many([f"user:{n}" for n in range(30)]) == {f"user:{n}": n for n in range(30)}
        assert all(client.dbsize() > 3 for client in clients), "on every node"
        calls = []
        assert [cache.get_or_set("new", lambda: calls.append(1) or "v") for _ in range(3)] == ["v"] * 3
        assert calls == [1]
        assert cache.delete("user:1") is True
        assert cache.get("user:1") is None
        assert cache.delete_pattern("user:1*") is True
        assert len(cache.get_many([f"user:{n}" for n in range(30)])) == 19
        assert cache.invalidate_tags("all") is True
        assert cache.get_many([f"user:{n}" for n in range(30)]) == {}
        assert cache.get("new") == "v"
        assert cache.clear() is True
        assert cache.get("new") is None
    finally:
        for client in clients:
            client.close()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make certificates")
def test_tls_with_a_private_authority(server, monkeypatch, counting, tmp_path):
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, cwd=tmp_path, capture_output=True)

    openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2"),
        *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
    )
    options = {"cert": "cert.pem", "key": "key.pem", "ca-cert": "cert.pem"}
    files = [part for name, file in options.items() for part in (f"--tls-{name}-file", str(tmp_path / file))]
    redis = server(*files, "--tls-auth-clients", "no", tls=True)
    monkeypatch.setenv("KIT_CACHE_REDIS_TIMEOUT_MS", "2000")
    made = counting("value", tiers=REDIS)
    base = f"rediss://127.0.0.1:{redis.port}/0"
    for url, loads in ((f"{base}?ssl_ca_certs={tmp_path}/cert.pem", 1), (base, 2), (f"{base}?ssl_cert_reqs=none", 0)):
        monkeypatch.setenv("KIT_CACHE_REDIS_URL", url)
        kit_cache.reset()
        before = len(made.calls)
        made.load(1)
        made.load(1)
        assert len(made.calls) - before == loads, url
    monkeypatch.delenv("KIT_CACHE_REDIS_URL")
    monkeypatch.setenv("REDIS_HOST", "127.0.0.1")
    monkeypatch.setenv("REDIS_PORT", str(redis.port))
    monkeypatch.setenv("REDIS_TLS", "1")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    kit_cache.reset()
    before = len(made.calls)
    made.load(1)
    assert len(made.calls) == before


@pytest.fixture
def small_disk(tmp_path):
    """A folder of 16 MiB; skip where no file system can be mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("needs the right to mount a small file system")
    yield folder
    kit_cache.reset()
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(path):
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 65536)
        except OSError:
            return


def test_the_disk_is_never_filled_by_the_cache(small_disk, monkeypatch):
    monkeypatch.setenv("KIT_CACHE_DIR", str(small_disk / "cache"))
    for name in range(8):  # one bound for all names
        cache = Cache(f"name-{name}", tiers=("disk",))
        for key in range(300):
            cache.set(str(key), os.urandom(2000).hex())
    assert shutil.disk_usage(small_disk).free > 8 * 2**20
    assert cache.get("299") is not None
    assert cache.stats()["disk_bytes"] < 5 * 2**20


def test_a_disk_that_others_fill_is_read_and_recovers(small_disk, monkeypatch, counting):
    monkeypatch.setenv("KIT_CACHE_DIR", str(small_disk / "cache"))
    monkeypatch.setenv("KIT_CACHE_DISK_BYTES", str(64 * 2**20))
    made = counting(lambda x: [x, os.urandom(1000).hex()], tiers=("disk",))
    for x in range(100):
        made.load(x)
    fill(small_disk / "other")
    for x in range(100, 400):
        assert made.load(x)[0] == x
    before = len(made.calls)
    assert [made.load(x)[0] for x in range(50)] == list(range(50))
    assert len(made.calls) == before, "what is there can be read"
    assert made.load.cache_delete(1) is True, "a deletion holds, whatever it costs"
    made.load(1)
    assert len(made.calls) > before
    (small_disk / "other").unlink()

    def keeps():
        key = time.monotonic_ns()
        made.load(key)
        made.load(key)
        return made.calls.count(key) == 1

    until(keeps)


def test_a_disk_that_the_cache_itself_fills_recovers(small_disk, monkeypatch, counting):
    monkeypatch.setenv("KIT_CACHE_DIR", str(small_disk / "cache"))
    monkeypatch.setenv("KIT_CACHE_DISK_BYTES", str(64 * 2**20))
    made = counting(lambda x: [x, os.urandom(1000).hex()], tiers=("disk",))
    for x in range(12_000):
        assert made.load(x)[0] == x
    assert made.load.cache_clear() is True

    def keeps():
        key = time.monotonic_ns()
        made.load(key)
        made.load(key)
        return made.calls.count(key) == 1

    until(keeps)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_a_miss(counting, tmp_path):
    (tmp_path / "cache").mkdir(mode=0o500)
    made = counting("value", tiers=("disk",))
    assert (made.load(1), made.load(1)) == ("value", "value")


def test_a_process_sees_that_another_has_thrown_the_file_away(counting, tmp_path, clock):
    made = counting("value", tiers=("disk",))
    made.load(1)
    for path in pathlib.Path(os.environ["KIT_CACHE_DIR"]).glob("kit-cache-1.db*"):
        path.unlink()
    clock.seconds = 1
    made.load(1)
    made.load(1)
    assert made.calls == [1, 1]


def test_a_forked_child_has_connections_of_its_own(redis):
    code = """
        import os
        import kit_cache

        @kit_cache.hybrid_cache(cache_name="fork", key_prefix="fork", tiers=("redis", "disk"))
        def load(x):
            return {"x": x}

        expected = [{"x": n} for n in range(30)]
        assert [load(n) for n in range(30)] == expected
        children = []
        for _ in range(3):
            child = os.fork()
            if child == 0:
                right = all([load(n) for n in range(30)] == expected for _ in range(5))
                os._exit(0 if right else 1)
            children.append(child)
        assert all([load(n) for n in range(30)] == expected for _ in range(5))
        print([os.waitpid(child, 0)[1] for child in children])
    """
    shown = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert shown.stdout == "[0, 0, 0]\n"


def test_a_server_that_answers_nonsense_is_a_miss(counting, monkeypatch):
    import threading

    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("KIT_CACHE_REDIS_URL", f"redis://127.0.0.1:{listener.getsockname()[1]}/0")
        monkeypatch.setenv("KIT_CACHE_REDIS_TIMEOUT_MS", "1000")

        def answer():
            connection, _ = listener.accept()
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        made = counting("value", tiers=REDIS)
        assert made.load(1) == "value"
        thread.join()


def test_the_server_fixture_is_real(server):
    redis = server()
    with Redis(port=redis.port) as client:
        assert client.ping() is True
        redis.process.kill()
        redis.process.wait()
        with pytest.raises(RedisError):
            Redis(port=redis.port).ping()
