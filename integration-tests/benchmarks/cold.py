"""What the first answer costs: the example's authorizer, create_loan and get_loan, beside what a user would write else.

    uv run --group benchmarks python integration-tests/benchmarks/cold.py [--base COMMIT] [--rounds 11]

Each start is a process of its own, which has loaded what Lambda's runtime has loaded; all figures are over that. The
peers, in `cold_peers`, give the same answers from the same servers: Powertools with SQLAlchemy, FastAPI with Mangum and
SQLAlchemy, boto3 by hand, and by hand without boto3, which is the floor. All dependencies are bundled by
`uv pip install --target` and compiled. The stacks take turns; the least of the rounds counts, of the memory the median.

The second table has a whole processor for the import and 256/1769 of one for the invocation, which is what Lambda gives
a function with 256 MB ("Memory and computing power", AWS Lambda Developer Guide); by stopping the process and letting
it go on. `--base` names a commit of kit that is measured beside the present one.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psycopg2
import redis
from _table import print_table
from kit_testing.servers import Postgres, Redis, apply_migrations

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FUNCTIONS = ("authorizer", "create_loan", "get_loan")
PEERS = {
    "powertools": ("aws-lambda-powertools[parser]", "sqlalchemy", "psycopg2-binary", "boto3", "redis"),
    "fastapi_mangum": ("fastapi", "mangum", "sqlalchemy", "psycopg2-binary", "boto3", "redis"),
    "boto3_by_hand": ("psycopg2-binary", "boto3", "redis"),
    "by_hand": ("psycopg2-binary",),
}
PERIOD, SHARE = 0.020, 256 / 1769
LOAN, PROFILE = "5b1f3c1e-6f0b-4f0e-9d0a-00000000aaaa", "5b1f3c1e-6f0b-4f0e-9d0a-000000000001"
TOKENS = {"demo-officer": {"profile_id": PROFILE, "roles": ["LOAN_CREATE", "LOAN_VIEW"]}}
OUTBOX = (
    "create table outbox (id uuid primary key, type text not null, body text not null,"
    " created_at timestamptz not null default now())"
)

Row = dict[str, Any]


class Stack(NamedTuple):
    """Is one way to write the three functions: its code, and the folder of its dependencies."""

    name: str
    code: Path
    dependencies: Path

    def handler(self, function: str) -> str:
        """Return the handler as a template names it."""
        package = "loans" if self.name.startswith("kit") else "app"
        if function != "authorizer":
            return f"{package}.http.{function}"
        return "loans.authorizers.http" if package == "loans" else "app.authorizer.handler"


class Bench(NamedTuple):
    """Holds what every start needs."""

    runtime: Path
    environment: Mapping[str, str]
    redis: "redis.Redis"
    warm: int


def main() -> int:
    """Print both tables; return 1 when a limit is passed."""
    options = _arguments()
    with tempfile.TemporaryDirectory(prefix="kit-cold-") as folder:
        stacks, runtime = _install(Path(folder), options.base)
        with _servers() as (environment, cache):
            bench = Bench(runtime, environment, cache, options.warm)
            rows = _measure(bench, stacks, options.rounds, throttled=False)
            slow = _measure(bench, stacks, options.slow_rounds, throttled=True)
    for function in FUNCTIONS:
        _print_cpu(function, stacks, rows)
        _print_wall(function, stacks, slow)
    return _print_limits(stacks, rows, slow)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", help="a commit of kit to measure beside the present state")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--slow-rounds", type=int, default=7)
    parser.add_argument("--warm", type=int, default=500)
    return parser.parse_args()


def _run(*command: object, cwd: Path = ROOT) -> str:
    return subprocess.run(list(map(str, command)), cwd=cwd, check=True, capture_output=True, text=True).stdout


def _install(folder: Path, base: str | None) -> tuple[list[Stack], Path]:
    """Bundle kit, the peers and the runtime client as a deployment does, with the lock's versions."""
    constraints = folder / "constraints.txt"
    locked = _run("uv", "export", "--quiet", "--frozen", "--all-groups", "--no-hashes", "--no-emit-workspace")
    constraints.write_text("\n".join(line.partition(" ;")[0] for line in locked.splitlines() if "==" in line))

    def bundle(name: str, *requirements: object) -> Path:
        target = folder / name
        install = ("uv", "pip", "install", "--quiet", "--target", target, "--python", sys.executable)
        _run(*install, "--constraints", constraints, *requirements)
        _run(sys.executable, "-m", "compileall", "-q", "-j2", target)
        return target

    def kit(name: str, source: Path) -> Stack:
        wheels = folder / f"wheels of {name}"
        _run("uv", "build", "--quiet", "--all-packages", "--wheel", "--out-dir", wheels, cwd=source)
        deployed = [each for each in wheels.glob("kit*.whl") if not each.name.startswith(("kit_local", "kit_testing"))]
        code = folder / f"code of {name}"
        code.mkdir()
        _run("cp", "-r", source / "docs/examples/loans/src/loans", code)
        _run(sys.executable, "-m", "compileall", "-q", code)
        return Stack(name, code, bundle(f"dependencies of {name}", *deployed))

    stacks = [kit("kit", ROOT)]
    if base:
        worktree = folder / "base"
        _run("git", "worktree", "add", "--detach", worktree, base)
        try:
            stacks.append(kit(f"kit {base[:9]}", worktree))
        finally:
            _run("git", "worktree", "remove", "--force", worktree)
    for name, requirements in PEERS.items():
        stacks.append(Stack(name, HERE / "cold_peers" / name, bundle(name, *requirements)))
    return stacks, bundle("runtime", "awslambdaric")


@contextmanager
def _servers() -> "Iterator[tuple[dict[str, str], redis.Redis]]":
    with Postgres() as postgres, Redis() as cache:
        postgres.ensure_database("loans", "loans", "secretpassword")
        url = postgres.url_for("loans", "loans", "secretpassword")
        apply_migrations(url, ROOT / "docs/examples/loans/migrations")
        with psycopg2.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(OUTBOX)  # the peers' own
            loan = "insert into loans (id, profile_id, amount, term_months) values (%s, %s, 1500, 12)"
            cursor.execute(loan, (LOAN, PROFILE))
            cursor.execute("insert into documents (key, loan_id, size) values ('a/b.pdf', %s, 1234)", (LOAN,))
        connection.close()
        at, cache_at = urlsplit(url), urlsplit(cache.url)
        database = {
            "username": "loans",
            "password": "secretpassword",
            "host": at.hostname,
            "port": at.port,
            "dbname": "loans",
            "engine": "postgres",
        }
        secrets = json.dumps({"tokens": json.dumps(TOKENS), "database": json.dumps(database)})
        aws = subprocess.Popen(
            [sys.executable, HERE / "_cold_aws.py", secrets], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert aws.stdin
        assert aws.stdout
        try:
            endpoint = f"http://127.0.0.1:{int(aws.stdout.readline())}"
            found = {"AWS_ENDPOINT_URL": endpoint, "HOST": str(cache_at.hostname), "PORT": str(cache_at.port)}
            with redis.Redis(host=found["HOST"], port=int(found["PORT"])) as client:
                yield found, client
        finally:
            aws.stdin.close()
            aws.wait(10)


def _environment(servers: Mapping[str, str], handler: str, function: str) -> dict[str, str]:
    made = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        "HOME": "/tmp",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLEEXAMPLE00",
        "AWS_SECRET_ACCESS_KEY": "x" * 40,
        "AWS_SESSION_TOKEN": "t" * 400,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python{}.{}".format(*sys.version_info[:2]),
        "AWS_LAMBDA_FUNCTION_NAME": "loans",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "_HANDLER": handler,
        "AWS_ENDPOINT_URL": servers["AWS_ENDPOINT_URL"],
        "SERVICE_NAME": "loans",
        "POWERTOOLS_SERVICE_NAME": "loans",
        "TOKENS_SECRET": "tokens",
        "DB_SECRET_ARN": "database",
    }
    if function == "create_loan":
        made["EVENT_BUS"] = "arn:aws:sns:eu-central-1:123456789012:loans"
    if function == "get_loan":
        made |= {"REDIS_HOST": servers["HOST"], "REDIS_PORT": servers["PORT"]}
    return made


def _event(function: str) -> str:
    method, path = ("POST", "/loans") if function == "create_loan" else ("GET", f"/loans/{LOAN}")
    host = "abc123.execute-api.eu-central-1.amazonaws.com"
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "POST /loans" if method == "POST" else "GET /loans/{id}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "authorization": "Bearer demo-officer",
            "content-type": "application/json",
            "host": host,
            "user-agent": "curl/8.5.0",
            "x-amzn-trace-id": "Root=1-65f0c1d2-0a1b2c3d4e5f60718293a4b5",
            "x-forwarded-for": "203.0.113.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc123",
            "domainName": host,
            "domainPrefix": "abc123",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "curl/8.5.0",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "$default",
            "stage": "$default",
            "time": "12/Mar/2024:19:03:58 +0000",
            "timeEpoch": 1710270238000,
        },
        "isBase64Encoded": False,
    }
    if function == "authorizer":
        arn = "arn:aws:execute-api:eu-central-1:123456789012:abc123/$default/POST/loans"
        return json.dumps({**made, "type": "REQUEST", "routeArn": arn, "identitySource": ["Bearer demo-officer"]})
    made["requestContext"]["authorizer"] = {"lambda": {"profile_id": PROFILE, "roles": "LOAN_CREATE,LOAN_VIEW"}}
    if method == "POST":
        made["body"] = json.dumps({"profile_id": PROFILE, "amount": "1500.00", "term_months": 12})
        made["headers"]["content-length"] = str(len(made["body"]))
    else:
        made["pathParameters"] = {"id": LOAN}
    return json.dumps(made)


def _measure(
    bench: Bench, stacks: Sequence[Stack], rounds: int, *, throttled: bool
) -> dict[tuple[str, str], list[Row]]:
    rows: dict[tuple[str, str], list[Row]] = {}
    for at in range(-1, rounds):  # the first warms the disk's cache, and does not count
        for function in FUNCTIONS:
            for stack in stacks if at % 2 else reversed(stacks):
                bench.redis.flushall()  # the first get_loan reads the database, as the first one of a day does
                found = _start(bench, stack, function, throttled=throttled)
                answer = found["answer"]
                if not (answer.get("isAuthorized") or answer.get("statusCode") in (200, 201)):
                    raise SystemExit(f"{stack.name} {function} answered {answer}")
                if at >= 0:
                    rows.setdefault((function, stack.name), []).append(found)
    return rows


def _start(bench: Bench, stack: Stack, function: str, *, throttled: bool) -> Row:
    """Start a process, let it answer, and return its figures."""
    read, write = os.pipe()
    go_read, go_write = os.pipe()
    handler = stack.handler(function)
    spec = {
        "code": str(stack.code),
        "dependencies": str(stack.dependencies),
        "runtime": str(bench.runtime),
        "fd": write,
        "go": go_read,
        "handler": handler,
        "event": _event(function),
        "environment": _environment(bench.environment, handler, function),
        "warm": 0 if throttled else bench.warm,
    }
    python = getattr(sys, "_base_executable", sys.executable)  # without the virtual environment's packages
    command = [python, "-I", "-S", str(HERE / "_cold_worker.py"), json.dumps(spec)]
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            command, pass_fds=[write, go_read], stdout=subprocess.DEVNULL, stderr=errors, env={"PATH": "/usr/bin:/bin"}
        )
        os.close(write)
        os.close(go_read)
        text = b""
        if os.read(read, 1) == b"I":
            os.write(go_write, b"x")
            if throttled:
                _throttle(child)
            while chunk := os.read(read, 65536):
                text += chunk
        os.close(read)
        os.close(go_write)
        if child.wait() or not text:
            errors.seek(0)
            raise SystemExit(f"{stack.name} {function} ended with {child.returncode}\n{errors.read().decode()[-3000:]}")
    found: Row = json.loads(text)
    return found


def _throttle(child: "subprocess.Popen[bytes]") -> None:
    """Let a process run for its share of each period, until it ends."""
    while True:
        time.sleep(PERIOD * SHARE)
        if child.poll() is not None:
            return
        child.send_signal(signal.SIGSTOP)
        time.sleep(PERIOD * (1 - SHARE))
        child.send_signal(signal.SIGCONT)


def _least(rows: Sequence[Row], *names: str) -> float:
    return min(float(sum(row[name] for name in names)) for row in rows)


def _print_cpu(function: str, stacks: Sequence[Stack], rows: Mapping[tuple[str, str], list[Row]]) -> None:
    own = rows[function, stacks[0].name]
    table = []
    for stack in stacks:
        found = rows[function, stack.name]
        first, warm, memory = _least(found, "first"), _least(found, "warm"), median(row["rss"] for row in found)
        table.append(
            (
                stack.name,
                f"{_least(found, 'import'):.1f}",
                f"{_least(found, 'invoke'):.1f}",
                f"{first:.1f}",
                f"{median(row['first'] for row in found):.1f}",
                f"{_least(own, 'first') / first:.2f}",
                f"{warm:.0f}",
                f"{_least(own, 'warm') / warm:.2f}",
                f"{memory:.1f}",
                f"{median(row['rss'] for row in own) / memory:.2f}",
                len(found[0]["loaded"]),
            )
        )
    print_table(
        f"{function}: CPU ms to the first answer, µs of a warm one, resident MB; kit over each",
        ("stack", "import", "invocation", "first", "median", "kit/", "warm", "kit/", "MB", "kit/", "modules"),
        table,
    )


def _print_wall(function: str, stacks: Sequence[Stack], rows: Mapping[tuple[str, str], list[Row]]) -> None:
    own = _least(rows[function, stacks[0].name], "import_wall", "invoke_wall")
    table = []
    for stack in stacks:
        found = rows[function, stack.name]
        both = _least(found, "import_wall", "invoke_wall")
        middle = median(row["import_wall"] + row["invoke_wall"] for row in found)
        table.append(
            (
                stack.name,
                f"{_least(found, 'import_wall'):.0f}",
                f"{_least(found, 'invoke_wall'):.0f}",
                f"{both:.0f}",
                f"{middle:.0f}",
                f"{own / both:.2f}",
            )
        )
    print_table(
        f"{function}: wall ms, the import with a whole processor, the invocation with {SHARE:.3f} of one",
        ("stack", "import", "invocation", "together", "median", "kit/"),
        table,
    )


def _print_limits(
    stacks: Sequence[Stack],
    rows: Mapping[tuple[str, str], list[Row]],
    slow: Mapping[tuple[str, str], list[Row]],
) -> int:
    """Print what the project holds itself to, and return 1 if something is not so."""

    def ratio(function: str, other: str, *names: str) -> float:
        table = slow if names[0].endswith("_wall") else rows
        return _least(table[function, "kit"], *names) / _least(table[function, other], *names)

    wall = ("import_wall", "invoke_wall")
    limits = [
        *(
            (f"{each}, first answer, of boto3 by hand", ratio(each, "boto3_by_hand", "first"), most)
            for each, most in zip(FUNCTIONS, (0.4, 0.4, 1.0), strict=True)
        ),
        *((f"{each}, wall time, of boto3 by hand", ratio(each, "boto3_by_hand", *wall), 0.5) for each in FUNCTIONS),
        ("authorizer, warm, µs", _least(rows["authorizer", "kit"], "warm"), 12.0),
    ]
    base = next((stack.name for stack in stacks[1:] if stack.name.startswith("kit ")), None)
    if base:
        limits += [
            (f"{each}, first answer, of {base}", ratio(each, base, "first"), most)
            for each, most in zip(FUNCTIONS, (0.25, 0.35, 0.45), strict=True)
        ]
        limits.append((f"create_loan, warm, of {base}", ratio("create_loan", base, "warm"), 0.6))
        for each in FUNCTIONS:
            ours, theirs = (median(row["rss"] for row in rows[each, name]) for name in ("kit", base))
            limits.append((f"{each}, memory, of {base}", ours / theirs, 0.65))
    print_table(
        "Limits",
        ("figure", "is", "at most", "kept"),
        [(name, f"{found:.2f}", f"{most:g}", "yes" if found <= most else "NO") for name, found, most in limits],
    )
    return int(any(found > most for _, found, most in limits))


if __name__ == "__main__":
    sys.exit(main())
