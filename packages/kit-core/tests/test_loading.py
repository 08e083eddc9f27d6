"""What is loaded in the init phase, and only there; the renewal around a snapshot; the collector.

Each test is a process of its own, started as Lambda starts one.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import kit_core
import pytest
from kit_core.loading import in_init_phase, load_early, renew_with_snapshot

LAMBDA = {
    "AWS_LAMBDA_FUNCTION_NAME": "loans",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "_HANDLER": "app.handler",
}
SNAP_START = {**LAMBDA, "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}


def run(code: str, environment: dict[str, str], *, log: str = "DEBUG") -> "subprocess.CompletedProcess[str]":
    inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "PYTHONPATH", "VIRTUAL_ENV")}
    logged = f"import logging; logging.basicConfig(level='{log}', format='%(levelname)s %(name)s %(message)s')\n"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", logged + code],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def printed(code: str, environment: dict[str, str]) -> str:
    done = run(code, environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


EARLY = """
from kit_core.loading import load_early
from kit_core.invocation import enter
load_early(lambda: print("early"))
with enter({}):
    load_early(lambda: print("in an invocation"))
load_early(lambda: print("between invocations"))
"""


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (LAMBDA, "early"),
        (SNAP_START, "early"),
        ({**LAMBDA, "AWS_LAMBDA_INITIALIZATION_TYPE": "provisioned-concurrency"}, "early"),
        ({"KIT_PRELOAD": "1"}, "early"),
        ({**LAMBDA, "KIT_PRELOAD": "0"}, ""),
        ({**LAMBDA, "KIT_PRELOAD": "off"}, ""),
        ({**LAMBDA, "_X_AMZN_TRACE_ID": "Root=1-65f0c1d2-0a1b2c3d4e5f60718293a4b5"}, ""),  # imported by an invocation
        ({"AWS_LAMBDA_FUNCTION_NAME": "loans"}, ""),  # as tests set it
        ({}, ""),
    ],
)
def test_declared_code_is_loaded_in_the_init_phase_alone(environment: dict[str, str], expected: str) -> None:
    assert printed(EARLY, environment) == expected


def test_a_function_is_loaded_once_and_a_failing_one_is_left_to_its_first_use() -> None:
    code = """
from kit_core.loading import load_early
def load():
    print("loaded")
    raise ImportError("no such driver")
assert load_early(load) is load_early(load) is load
"""
    done = run(code, LAMBDA)
    assert (done.returncode, done.stdout.split()) == (0, ["loaded"])
    assert "DEBUG kit.preload __main__.load failed" in done.stderr
    assert "no such driver" in done.stderr


def test_nothing_is_loaded_or_called_in_this_process() -> None:
    calls: list[int] = []
    assert not in_init_phase()
    assert load_early(calls.clear) == calls.clear
    assert kit_core.preload(calls.append, 1) is False
    assert renew_with_snapshot(calls.clear) == calls.clear
    assert calls == []


@pytest.mark.parametrize(("arguments", "error"), [(("text",), TypeError), ((None,), TypeError)])
def test_preload_refuses_what_is_no_function_in_every_process(
    arguments: tuple[Any, ...], error: type[Exception]
) -> None:
    with pytest.raises(error, match="preload takes a function"):
        kit_core.preload(*arguments)


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_preload_refuses_seconds_that_are_none(seconds: float) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        kit_core.preload(print, seconds=seconds)


def test_preload_calls_functions_and_coroutine_functions_with_their_arguments() -> None:
    code = """
import kit_core
from kit_core.invocation import current, enter, correlation_id
async def ask(name):
    print("asked", name)
def read(name):
    print("read", name, current().context is not None, correlation_id())
print(kit_core.preload(read, "tokens"), kit_core.preload(ask, "keys"), kit_core.preload(lambda: ask("later")))
assert current() is None
with enter({}) as invocation:
    print(invocation.cold_start)  # the preload was no invocation
print(kit_core.preload(read, "too late"))
"""
    lines = ["read tokens True None", "asked keys", "asked later", "True True True", "True", "False"]
    assert printed(code, LAMBDA).splitlines() == lines


def test_a_preload_that_fails_is_a_warning_without_its_secret() -> None:
    code = """
import kit_core
def read():
    raise OSError("postgresql://app:s3cr3t@db/loans is gone")
def leave():
    raise SystemExit(3)
async def ask():
    raise LookupError("no key")
print(kit_core.preload(read), kit_core.preload(leave), kit_core.preload(ask))
"""
    done = run(code, LAMBDA)
    assert (done.returncode, done.stdout.strip()) == (0, "False False False")
    assert "WARNING kit.preload preloading __main__.read failed: OSError: postgresql://app:[redacted]@db" in done.stderr
    assert "WARNING kit.preload preloading __main__.leave failed: SystemExit: 3" in done.stderr
    assert "WARNING kit.preload preloading __main__.ask failed: LookupError: no key" in done.stderr
    assert "s3cr3t" not in done.stderr


def test_a_preload_that_never_ends_does_not_hold_the_import_up() -> None:
    code = """
import asyncio, threading
import kit_core
from kit_core.invocation import remaining_ms
forever = threading.Event()
def wait():
    assert 0 < remaining_ms() <= 200
    forever.wait()
async def sleep():
    await asyncio.sleep(600)
print(kit_core.preload(wait, seconds=0.2), kit_core.preload(sleep, seconds=0.2))
"""
    done = run(code, LAMBDA)
    assert (done.returncode, done.stdout.strip()) == (0, "False False"), done.stderr
    assert "WARNING kit.preload preloading __main__.wait takes longer than 0.2 seconds" in done.stderr
    assert "WARNING kit.preload preloading __main__.sleep failed: TimeUpError" in done.stderr


SNAPSHOT = """
import random
import snapshot_restore_py
import kit_core
from kit_core.invocation import enter
from kit_core.loading import renew_with_snapshot

@renew_with_snapshot
def fail():
    raise OSError("the socket is gone")

renew_with_snapshot(lambda: print("renewed"))
kit_core.preload(print, "preloaded")
first = random.Random(); first.setstate(random.getstate())
for function, args, kwargs in reversed(snapshot_restore_py.get_before_snapshot()):
    function(*args, **kwargs)
print("snapshot")
for function, args, kwargs in snapshot_restore_py.get_after_restore():
    function(*args, **kwargs)
print(random.random() == first.random())
"""


def test_around_a_snapshot_everything_is_renewed_and_preloaded_again() -> None:
    pytest.importorskip("snapshot_restore_py", reason="the runtime client is for Linux alone")
    expected = ["preloaded", "renewed", "snapshot", "renewed", "preloaded", "False"]
    assert printed(SNAPSHOT, SNAP_START).splitlines() == expected
    off = {**SNAP_START, "KIT_PRELOAD": "0"}  # which does not switch the renewal off
    assert printed(SNAPSHOT, off).splitlines() == ["renewed", "snapshot", "renewed", "False"]
    assert printed(SNAPSHOT, LAMBDA).splitlines() == ["preloaded", "snapshot", "True"]


def test_without_the_runtimes_hooks_a_snapshot_is_nothing_special() -> None:
    code = """
import sys
sys.modules["snapshot_restore_py"] = None
import kit_core
from kit_core.loading import renew_with_snapshot
renew_with_snapshot(lambda: print("renewed"))
kit_core.preload(print, "preloaded")
"""
    assert printed(code, SNAP_START) == "preloaded"


COLLECTOR = """
import gc
usual = gc.get_threshold()
import kit_core.loading
from kit_core.invocation import enter
spared = gc.get_threshold()
{between}
with enter({{}}):
    print(spared[0] > usual[0], gc.isenabled(), gc.get_threshold() == usual, gc.get_freeze_count() > 0)
class Node: ...
class Seen:
    def __del__(self): print("collected")
node = Node(); node.node = node; node.seen = Seen()
del node
gc.collect()
"""


@pytest.mark.parametrize(
    ("between", "environment", "expected"),
    [
        ("", LAMBDA, "True True True True"),
        ("", {**LAMBDA, "KIT_PRELOAD_GC": "0"}, "False True True False"),
        ("", {**LAMBDA, "KIT_PRELOAD": "0"}, "False True True False"),
        ("", {}, "False True True False"),
        ("gc.set_threshold(10_000)", LAMBDA, "True True False True"),  # one's own number stays
        ("gc.disable()", LAMBDA, "True False True True"),
    ],
)
def test_garbage_is_collected_seldom_until_the_first_invocation(
    between: str, environment: dict[str, str], expected: str
) -> None:
    assert printed(COLLECTOR.format(between=between), environment).splitlines() == [expected, "collected"]


def test_a_collector_that_was_switched_off_stays_off() -> None:
    code = "import gc; gc.disable()\n" + COLLECTOR.format(between="")
    assert printed(code, LAMBDA).splitlines()[0] == "False False True False"


HANDLER = """
import kit_core
from kit_core.invocation import handler
from kit_core.loading import load_early, renew_with_snapshot

seen = []
load_early(lambda: seen.append("loaded"))
renew_with_snapshot(lambda: seen.append("renewed"))
kit_core.preload(seen.append, "preloaded")

@handler
def handle(event, context):
    load_early(lambda: seen.append("too late"))
    return seen
"""

INVOCATION = {
    "Content-Type": "application/json",
    "Lambda-Runtime-Aws-Request-Id": "52fdfc07-2182-454f-963f-5f0f9a621d72",
    "Lambda-Runtime-Deadline-Ms": "1999999999999",
    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:loans",
    "Lambda-Runtime-Trace-Id": "Root=1-65f0c1d2-0a1b2c3d4e5f60718293a4b5;Parent=5f60718293a4b5c6;Sampled=0",
}


@pytest.mark.skipif(sys.platform != "linux", reason="AWS's runtime client is for Linux alone")
@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (LAMBDA, ["loaded", "preloaded"]),
        (SNAP_START, ["loaded", "preloaded", "renewed", "renewed", "preloaded"]),
    ],
)
def test_aws_own_runtime_client(environment: dict[str, str], expected: list[str], tmp_path: Path) -> None:
    from http.server import BaseHTTPRequestHandler, HTTPServer

    answers: list[Any] = []

    class RuntimeApi(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.endswith("/restore/next"):
                self.reply(200)
            else:
                self.reply(200, b"{}", INVOCATION)

        def do_POST(self) -> None:
            answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.reply(202)

        def reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None: ...

    (tmp_path / "app.py").write_text(HANDLER)
    with HTTPServer(("127.0.0.1", 0), RuntimeApi) as server:
        served = Thread(target=lambda: [server.handle_request() for _ in range(60) if not answers])
        served.start()
        process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", "app.handle"],
            cwd=tmp_path,
            env={**os.environ, **environment, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}"},
        )
        try:
            served.join(60)
        finally:
            process.kill()
            process.wait()
    assert answers[:1] == [expected]
