"""Functions in worker processes: what they see, how they end, how many there are."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import pytest
from kit_local.runtime.api import PAYLOAD_LIMIT
from kit_local.runtime.pool import EventTooLargeError, ThrottledError
from kit_local.runtime.scratch import Scratch
from kit_local.runtime.worker import Worker
from kit_testing.servers.process import alive

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[False, True], ids=["awslambdaric", "plain"])
def plain(request: pytest.FixtureRequest) -> bool:
    """Both loops: AWS's own, and the one for where that has no wheel."""
    if not request.param:
        pytest.importorskip("runtime_client", reason="awslambdaric has no wheel here")
    return bool(request.param)


async def gone(pid: int) -> None:
    async with asyncio.timeout(10):
        while alive(pid):
            await asyncio.sleep(0.01)


async def test_the_event_goes_in_and_the_answer_comes_out(lab: Any, plain: bool) -> None:
    lab.write("def double(event, context): return {'twice': event['n'] * 2, 'text': 'ü'}")
    answer = await lab.functions("double", plain=plain).invoke("double", {"n": 21}, source="test")
    assert (answer.value, answer.failed) == ({"twice": 42, "text": "ü"}, False)


async def test_the_context_is_lambdas(lab: Any, plain: bool) -> None:
    lab.write("""
        def look(event, context):
            names = ("function_name", "function_version", "invoked_function_arn", "log_group_name")
            return {name: getattr(context, name) for name in names} | {
                "memory": int(context.memory_limit_in_mb),
                "left": context.get_remaining_time_in_millis(),
                "request": context.aws_request_id,
                "client": context.client_context,
            }
    """)
    functions = lab.functions("look", plain=plain, timeout=7.0, memory=512)
    seen = (await functions.invoke("look", {}, source="test")).value
    assert seen["function_name"] == "shop-look"
    assert seen["function_version"] == "$LATEST"
    assert seen["invoked_function_arn"].endswith(":function:shop-look")
    assert seen["log_group_name"] == "/aws/lambda/shop-look"
    assert seen["memory"] == 512
    assert 0 < seen["left"] <= 7000
    assert seen["request"] != (await functions.invoke("look", {}, source="test")).value["request"]
    assert seen["client"] is None


async def test_the_environment_holds_nothing_of_the_developers(lab: Any, plain: bool) -> None:
    lab.cloud = {"AWS_ACCESS_KEY_ID": "test", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    lab.write("""
        import os, sys
        def look(event, context): return [dict(os.environ), sys.path[0], os.getcwd(), sys.stdin.read(), sys.executable]
    """)
    options = {"environment": {"TABLE": "loans", "AWS_LAMBDA_FUNCTION_NAME": "forged"}, "plain": plain}
    answer = await lab.functions("look", **options).invoke("look", {}, source="test")
    environment, path, folder, stdin, python = answer.value
    assert (path, folder, stdin, python) == (str(lab.folder), str(lab.folder), "", sys.executable)
    assert environment["AWS_ACCESS_KEY_ID"] == "test"
    assert "AWS_PROFILE" not in environment
    assert (environment["AWS_CONFIG_FILE"], environment["AWS_SHARED_CREDENTIALS_FILE"]) == (os.devnull, os.devnull)
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "shop-look"
    assert environment["TABLE"] == "loans"
    assert environment["TZ"] == ":UTC"
    assert environment["LAMBDA_TASK_ROOT"] == str(lab.folder)
    assert environment["_X_AMZN_TRACE_ID"].startswith("Root=1-")
    inherited = {name for name in environment if os.environ.get(name) == environment[name]}
    assert inherited <= {"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "SSL_CERT_FILE", "SSL_CERT_DIR"}


async def test_an_exception_is_the_functions_error(lab: Any, plain: bool) -> None:
    answer = await lab.functions("fail", plain=plain).invoke("fail", {}, source="test")
    assert answer.failed
    assert (answer.value["errorType"], answer.value["errorMessage"]) == ("ValueError", "the reason")
    assert "in fail" in answer.value["stackTrace"][-1]
    assert "ValueError: the reason" in lab.shown


@pytest.mark.parametrize(
    ("handler", "kind"),
    [("absent.handler", "Runtime.ImportModuleError"), ("app.absent", "Runtime.HandlerNotFound")],
)
async def test_code_that_cannot_be_loaded_is_named(lab: Any, plain: bool, handler: str, kind: str) -> None:
    functions = lab.functions(handler, plain=plain)
    for _ in range(2):
        answer = await functions.invoke(handler, {}, source="test")
        assert (answer.failed, answer.error_type) == (True, kind)
    assert "LAMBDA_WARNING" not in lab.shown
    assert f"[ERROR] {kind}: " in lab.shown
    assert "Traceback" not in lab.shown


async def test_a_module_that_raises_shows_why(lab: Any, plain: bool) -> None:
    lab.write("print('about to fail')\nraise RuntimeError('at import')")
    answer = await lab.functions("echo", plain=plain).invoke("echo", {}, source="test")
    assert (answer.value["errorType"], answer.value["errorMessage"]) == ("RuntimeError", "at import")
    assert "about to fail" in lab.shown


async def test_a_module_that_ends_the_process_is_an_exit(lab: Any, plain: bool) -> None:
    lab.write("import os; os._exit(0)")
    answer = await lab.functions("echo", plain=plain).invoke("echo", {}, source="test")
    assert answer.value["errorMessage"] == "Runtime exited without providing a reason"


async def test_a_slow_function_is_killed_with_its_children(lab: Any, plain: bool) -> None:
    lab.write("""
        import pathlib, subprocess, time
        def sleep(event, context):
            child = subprocess.Popen(["sleep", "600"])
            pathlib.Path("child").write_text(str(child.pid))
            time.sleep(600)
        def pid(event, context): return 1
    """)
    answer = await lab.functions("sleep", plain=plain, timeout=0.5).invoke("sleep", {}, source="test")
    assert answer.error_type == "Sandbox.Timedout"
    assert answer.value["errorMessage"].endswith(" Error: Task timed out after 0.50 seconds")
    assert "Sandbox.Timedout: after 0.5 s\n" in lab.shown
    await gone(int((lab.folder / "child").read_text()))


@pytest.mark.parametrize(
    ("code", "how", "shown"),
    [
        ("os._exit(3)", "Runtime exited with error: exit status 3", "exit status 3"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed", "signal: killed"),
        ("sys.exit(0)", "Runtime exited without providing a reason", "exit status 0"),
    ],
)
async def test_a_worker_that_ends_is_replaced(lab: Any, plain: bool, code: str, how: str, shown: str) -> None:
    lab.write(f"""
        import os, sys
        def work(event, context):
            if event:
                {code}
            return os.getpid()
    """)
    functions = lab.functions("work", plain=plain)
    first = (await functions.invoke("work", {}, source="test")).value
    answer = await functions.invoke("work", {"end": True}, source="test")
    assert answer.error_type == "Runtime.ExitError"
    assert answer.value["errorMessage"].endswith(how)
    assert f"Runtime.ExitError: {shown}\n" in lab.shown
    assert (await functions.invoke("work", {}, source="test")).value != first


async def test_a_worker_that_ends_once_it_is_loaded_is_not_started_for_ever(
    lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, start = [], Worker.start

    async def start_and_die(worker: Worker) -> Any:
        error = await start(worker)
        started.append(worker)
        os.kill(worker.pid, signal.SIGKILL)
        while worker.alive:
            await asyncio.sleep(0.01)
        return error

    monkeypatch.setattr(Worker, "start", start_and_die)
    async with asyncio.timeout(30):
        answer = await lab.functions("pid").invoke("pid", {}, source="test")
    assert answer.error_type == "Runtime.ExitError"
    assert "Runtime.ExitError: signal: killed\n" in lab.shown
    assert len(started) == 1


async def test_a_worker_that_ended_between_two_events_is_not_used(lab: Any) -> None:
    functions = lab.functions("pid")
    first = (await functions.invoke("pid", {}, source="test")).value
    os.kill(first, signal.SIGKILL)
    await gone(first)
    assert (await functions.invoke("pid", {}, source="test")).value != first


async def test_a_warm_worker_is_used_again(lab: Any, plain: bool) -> None:
    functions = lab.functions("pid", plain=plain)
    assert len({(await functions.invoke("pid", {}, source="test")).value for _ in range(5)}) == 1
    assert lab.shown.count("cold") == 1
    assert lab.shown.count("warm") == 4


MEETING = """
    import os, pathlib, time
    def meet(event, context):
        here = pathlib.Path("here")
        here.mkdir(exist_ok=True)
        (here / str(os.getpid())).touch()
        while len(list(here.iterdir())) < event["count"]:
            time.sleep(0.01)
        return os.getpid()
    def work(event, context):
        time.sleep(0.01)
        return os.getpid()
"""


async def test_invocations_at_once_have_workers_of_their_own(lab: Any) -> None:
    lab.write(MEETING)
    functions = lab.functions("meet", timeout=30.0)
    answers = await asyncio.gather(*(functions.invoke("meet", {"count": 3}, source="test") for _ in range(3)))
    assert len({answer.value for answer in answers}) == 3


async def test_no_more_workers_than_the_limit_and_the_rest_waits(lab: Any) -> None:
    lab.write(MEETING)
    functions = lab.functions("work", reserved_concurrency=2, timeout=30.0)
    calls = [functions.invoke("work", {}, source="test", wait=True) for _ in range(20)]
    assert len({answer.value for answer in await asyncio.gather(*calls)}) <= 2


async def test_over_its_reserved_concurrency_a_function_is_throttled(lab: Any) -> None:
    functions = lab.functions("sleep", reserved_concurrency=1, timeout=30.0)
    first = asyncio.ensure_future(functions.invoke("sleep", {}, source="test"))
    await asyncio.sleep(0)
    with pytest.raises(ThrottledError):
        await functions.invoke("sleep", {}, source="test")
    assert "TooManyRequestsException" in lab.shown
    await functions.stop()
    await asyncio.gather(first, return_exceptions=True)


async def test_a_function_with_no_concurrency_never_runs(lab: Any) -> None:
    functions = lab.functions("pid", reserved_concurrency=0)
    with pytest.raises(ThrottledError):
        await functions.invoke("pid", {}, source="test", wait=True)


async def test_big_events_and_answers_are_refused(lab: Any, plain: bool) -> None:
    lab.write("def grow(event, context): return 'x' * event['length']")
    functions = lab.functions("grow", plain=plain, timeout=30.0)
    with pytest.raises(EventTooLargeError):
        await functions.invoke("grow", {"text": "x" * PAYLOAD_LIMIT}, source="test")
    answer = await functions.invoke("grow", {"length": PAYLOAD_LIMIT}, source="test")
    assert answer.error_type == "Function.ResponseSizeTooLarge"
    assert not (await functions.invoke("grow", {"length": PAYLOAD_LIMIT - 100}, source="test")).failed


async def test_replaced_workers_finish_first(lab: Any) -> None:
    lab.write("""
        import pathlib, time
        def work(event, context):
            pathlib.Path("running").touch()
            while event.get("wait") and not pathlib.Path("go").exists():
                time.sleep(0.01)
            return "old"
    """)
    functions = lab.functions("work", timeout=30.0, reload=True)
    first = asyncio.ensure_future(functions.invoke("work", {"wait": True}, source="test"))
    async with asyncio.timeout(30):
        while not (lab.folder / "running").exists():
            await asyncio.sleep(0.01)
    lab.write("def work(event, context): return 'new'")
    functions.replace({lab.folder / "app.py"})
    assert (await functions.invoke("work", {}, source="test")).value == "new"
    (lab.folder / "go").touch()
    assert (await first).value == "old"
    assert (await functions.invoke("work", {}, source="test")).value == "new"
    shown = lab.shown.count("new code in src/: work")
    functions.replace({lab.folder.parent / "elsewhere.py"})
    assert lab.shown.count("new code") == shown


async def test_lines_stand_under_their_invocation(lab: Any, plain: bool) -> None:
    lab.write("""
        import logging, sys
        print("while loading")
        def work(event, context):
            print("to stdout")
            print("to stderr", file=sys.stderr)
            logging.getLogger().warning("by a logger")
            sys.stdout.write("without an end")
    """)
    functions = lab.functions("work", plain=plain)
    await functions.invoke("work", {}, source="POST /work")
    head, *lines = lab.shown.splitlines()
    assert "work POST /work" in head
    assert "cold" in head
    assert head.endswith("ok")
    assert lines[0].strip() == "while loading"
    assert sorted(line.strip() for line in lines if line.strip().startswith("to ")) == ["to stderr", "to stdout"]
    assert any("by a logger" in line for line in lines)


async def test_an_answer_that_is_no_json_is_the_functions_error(lab: Any, plain: bool) -> None:
    lab.write("def work(event, context): return object()")
    assert (await lab.functions("work", plain=plain).invoke("work", {}, source="test")).failed


OWNER = """
    import asyncio, io, json, sys
    from pathlib import Path
    from kit_local.logs import Console
    from kit_local.runtime.pool import Functions
    from kit_local.stack import Function

    async def main(folder, plain):
        function = Function("pids", "pids", "arn", "app.pids", Path(folder), timeout=60.0)
        functions = Functions({"pids": function}, {}, Console(io.StringIO()), plain=plain)
        print(json.dumps((await functions.invoke("pids", {"stay": False}, source="test")).value), flush=True)
        await functions.invoke("pids", {"stay": True}, source="test")

    asyncio.run(main(sys.argv[1], sys.argv[2] == "True"))
"""


async def test_a_killed_owner_leaves_no_worker(lab: Any, plain: bool, tmp_path: Path) -> None:
    lab.write("""
        import os, subprocess
        child = subprocess.Popen(["sleep", "600"])
        def pids(event, context):
            while event["stay"]:
                pass
            return [os.getpid(), child.pid]
    """)
    script = tmp_path / "owner.py"
    script.write_text(textwrap.dedent(OWNER))
    command = [sys.executable, str(script), str(lab.folder), str(plain)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        worker, child = json.loads(owner.stdout.readline())
        assert alive(worker)
        owner.kill()
        owner.wait()
    await gone(worker)
    if sys.platform == "linux":
        await gone(child)


async def test_stopping_kills_what_runs(lab: Any) -> None:
    lab.write("""
        import os, pathlib, time
        def work(event, context):
            pathlib.Path("pid").write_text(str(os.getpid()))
            time.sleep(600)
    """)
    functions = lab.functions("work", timeout=600.0)
    call = asyncio.ensure_future(functions.invoke("work", {}, source="test"))
    async with asyncio.timeout(30):
        while not (lab.folder / "pid").exists() or not (lab.folder / "pid").read_text():
            await asyncio.sleep(0.01)
    await functions.stop()
    assert not alive(int((lab.folder / "pid").read_text()))
    assert (await call).error_type == "Runtime.ExitError"


async def test_one_that_writes_without_end_holds_up_nobody(lab: Any) -> None:
    lab.write("""
        import os, pathlib, time
        def write(event, context):
            end = time.monotonic() + 60
            while not pathlib.Path("enough").exists() and time.monotonic() < end:
                os.write(1, b"x" * 65536)
        def idle(event, context): pass
    """)
    functions = lab.functions("write", "idle", timeout=90.0)
    writing = asyncio.ensure_future(functions.invoke("write", {}, source="test"))
    async with asyncio.timeout(30):
        while "xxx" not in lab.shown:
            await asyncio.sleep(0.01)
    await functions.invoke("idle", {}, source="test")
    assert not writing.done()
    (lab.folder / "enough").touch()
    assert not (await writing).failed


async def test_lines_nobody_asks_for_are_not_kept_without_end(lab: Any) -> None:
    lab.write("""
        import os
        os.write(1, b"\\n".join(b"%d" % n for n in range(5000)) + b"\\n")
        def work(event, context): pass
    """)
    await lab.functions("work").invoke("work", {}, source="test")
    shown = [line.strip() for line in lab.shown.splitlines()]
    assert shown[-1] == "4999"
    assert len(shown) == 1001


async def test_each_process_has_a_temporary_folder_of_its_own(lab: Any, plain: bool) -> None:
    lab.write("""
        import os, pathlib, tempfile, time
        def work(event, context):
            folder = pathlib.Path(tempfile.gettempdir())
            found = [path.name for path in folder.iterdir()]
            (folder / "kept").mkdir(exist_ok=True)
            time.sleep(event["seconds"])
            return [os.getpid(), str(folder), found, folder.stat().st_mode & 0o777]
    """)
    functions = lab.functions("work", plain=plain)
    calls = (functions.invoke("work", {"seconds": 1}, source="test") for _ in range(2))
    first, second = (answer.value for answer in await asyncio.gather(*calls))
    assert first[1] != second[1]
    assert (first[2:], second[2:]) == ([[], 0o700], [[], 0o700])
    again = (await functions.invoke("work", {"seconds": 0}, source="test")).value
    assert again[2] == ["kept"]
    await functions.stop()
    assert not any(Path(folder).parent.exists() for folder in (first[1], second[1]))


async def test_a_killed_workers_temporary_folder_goes_with_it(lab: Any) -> None:
    lab.write("""
        import os, tempfile
        def work(event, context):
            print("folder", tempfile.gettempdir(), flush=True)
            os._exit(1)
    """)
    await lab.functions("work").invoke("work", {}, source="test")
    folder = Path(lab.shown.partition("folder ")[2].split()[0])
    assert not folder.exists()
    assert folder.parent.exists()


def test_what_a_killed_owner_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    living, dead = Scratch(), Scratch()
    (dead.folder / "left").touch()
    dead._lock.release()  # what the end of a process does
    last = Scratch()
    assert (living.folder.exists(), dead.folder.exists()) == (True, False)
    living.close()
    last.close()
    assert list(last.folder.parent.iterdir()) == []


async def test_a_handlers_imports_are_its_own(lab: Any) -> None:
    pytest.importorskip("runtime_client", reason="awslambdaric has no wheel here")
    lab.write("""
        import subprocess, sys
        before = set(sys.modules)
        # awslambdaric imports logging, which loads some modules itself from Python 3.14 on
        program = "import logging, sys; print(*sys.modules)"
        logging = set(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout.split())
        def look(event, context): return sorted(before - logging)
    """)
    loaded = set((await lab.functions("look").invoke("look", {}, source="test")).value)
    assert not {"kit_local", "asyncio", "dataclasses", "http.client", "inspect"} & loaded
