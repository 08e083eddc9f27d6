"""One process that runs one function: started, fed, timed, killed."""

import asyncio
import os
import platform
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from kit_local.runtime.api import Answer, Invocation, RuntimeApi
from kit_local.stack import Function

INIT_SECONDS = 10.0  # what Lambda grants the code outside the handler, before the function's own timeout counts
_READS = 4  # at once: more than a pipe holds, but who writes without end is not to be read without end
_LONGEST_LINE = 256 * 1024  # bytes, as of an event in CloudWatch Logs
_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "SSL_CERT_FILE", "SSL_CERT_DIR")


def environment(function: Function, cloud: Mapping[str, str]) -> dict[str, str]:
    """Return a worker's whole environment: nothing of the developer's own but where programs and files are.

    `cloud` names the local endpoints and credentials; it wins over the template, as Lambda's own names do.
    """
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    python = "{}.{}".format(*sys.version_info[:2])
    stream = f"{time.strftime('%Y/%m/%d')}/[$LATEST]{uuid4().hex}"
    return {
        **inherited,
        "TZ": ":UTC",
        **function.environment,
        **cloud,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{python}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "LAMBDA_TASK_ROOT": str(function.code),
        "_HANDLER": function.handler,
    }


class Worker:
    """A function's process. It takes one invocation at a time; after `stop` it takes no more.

    Its temporary folder is its own, below `scratch`, and goes with it.
    """

    def __init__(self, function: Function, cloud: Mapping[str, str], *, scratch: Path, plain: bool = False) -> None:
        self.function = function
        self.invocations = 0
        self.idle_since = 0.0
        self._environment = environment(function, cloud)
        self._command = [sys.executable, str(_BOOTSTRAP), *(["--plain"] if plain else [])]
        self._api = RuntimeApi()
        self._process: asyncio.subprocess.Process | None = None
        self._exited: asyncio.Task[int] | None = None
        self._output = Output()
        self._leash = -1
        self._scratch = scratch
        self._temporary: str | None = None

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._exited is not None and not self._exited.done()

    @property
    def pid(self) -> int:
        """The process id, 0 before the start."""
        return self._process.pid if self._process else 0

    async def start(self) -> Answer | None:
        """Start the process and load the function's code; return the error when that fails."""
        self._temporary = tempfile.mkdtemp(dir=self._scratch)
        await self._api.start()
        leash, self._leash = os.pipe()
        output = self._output.open()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                self.function.handler,
                stdin=leash,
                stdout=output,
                stderr=output,
                cwd=self.function.code,
                env={**self._environment, "TMPDIR": self._temporary, "AWS_LAMBDA_RUNTIME_API": self._api.address},
                start_new_session=True,
            )
        finally:
            os.close(leash)
            os.close(output)
        self._exited = asyncio.create_task(self._process.wait())
        seconds = INIT_SECONDS + self.function.timeout
        waited: set[asyncio.Future[Any]] = {self._api.ready, self._exited}
        await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        self._output.drain()
        if self._api.ready.done():
            return self._api.ready.result()
        return await self.failure("", seconds)

    async def invoke(self, event: bytes, *, trace: str, line: Callable[[str], None]) -> Answer:
        """Run the function once; `line` gets every line that it writes meanwhile, and wrote while it was loaded."""
        request_id, timeout = str(uuid4()), self.function.timeout
        headers = {
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + timeout) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self.function.arn,
            "Lambda-Runtime-Trace-Id": trace,
        }
        self.invocations += 1
        self._output.connect(line)
        answer = self._api.hand(Invocation(request_id, event, headers))
        try:
            waited: set[asyncio.Future[Any]] = {answer} if self._exited is None else {answer, self._exited}
            await asyncio.wait(waited, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            self._output.drain()
            return answer.result() if answer.done() else await self.failure(request_id, timeout)
        finally:
            self._output.connect(None)

    async def failure(self, request_id: str, seconds: float) -> Answer:
        """End the process, and say in Lambda's words why there is no answer."""
        code = self._exited.result() if self._exited and self._exited.done() else None
        await self.stop()
        prefix = f"RequestId: {request_id} Error: " if request_id else ""
        if code is None:
            message = f"{prefix}Task timed out after {seconds:.2f} seconds"
            return Answer.failure("Sandbox.Timedout", message, reason=f"after {seconds:g} s")
        if code == 0:
            message = f"{prefix}Runtime exited without providing a reason"
            return Answer.failure("Runtime.ExitError", message, reason="exit status 0")
        how = f"exit status {code}" if code > 0 else f"signal: {(signal.strsignal(-code) or '').lower()}"
        return Answer.failure("Runtime.ExitError", f"{prefix}Runtime exited with error: {how}", reason=how)

    def connect(self, line: Callable[[str], None] | None) -> None:
        """Send what the process writes to `line`, or keep it."""
        self._output.connect(line)

    def peak_memory(self) -> int | None:
        """Return the most memory that the process has held, in MB; None where the system doesn't tell.

        A process that has ended holds none, also before anybody has waited for it.
        """
        if platform.system() != "Linux" or not self.alive:
            return None
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return None
        found = re.search(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)
        return int(found[1]) // 1024 if found else None

    async def stop(self) -> None:
        """Kill the process and everything that it started."""
        if self._exited and not self._exited.done():
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            await self._exited
        self._output.drain()
        self._output.close()
        if self._leash >= 0:
            os.close(self._leash)
            self._leash = -1
        await self._api.stop()
        if self._temporary:
            shutil.rmtree(self._temporary, ignore_errors=True)


class Output:
    """What a worker writes, in whole lines. Without a listener they are kept for the next one."""

    def __init__(self) -> None:
        self._read = -1
        self._rest = b""
        self._kept: deque[str] = deque(maxlen=1000)  # a thread may go on writing while nobody calls
        self._line: Callable[[str], None] = self._kept.append

    def open(self) -> int:
        """Make the pipe; return the end to write to, which the caller closes."""
        self._read, write = os.pipe()
        os.set_blocking(self._read, False)
        asyncio.get_running_loop().add_reader(self._read, self.drain)
        return write

    def connect(self, line: Callable[[str], None] | None) -> None:
        """Send the lines to `line` from now on, those kept so far first."""
        self._line = line or self._kept.append
        if line:
            for kept in self._kept:
                line(kept)
            self._kept.clear()

    def drain(self) -> None:
        """Pass on what has been written so far."""
        for _ in range(_READS):
            if self._read < 0:
                return
            try:
                chunk = os.read(self._read, 65536)
            except BlockingIOError:
                return
            if not chunk:
                self.close()
                return
            # awslambdaric ends the lines of one message with a carriage return, to keep them together in CloudWatch.
            *lines, self._rest = (self._rest + chunk.replace(b"\r", b"\n")).split(b"\n")
            if len(self._rest) > _LONGEST_LINE:
                lines.append(self._rest)
                self._rest = b""
            for line in filter(None, lines):
                self._line(line.decode(errors="replace"))

    def close(self) -> None:
        """Stop reading; a last line without an end is a line, too."""
        if self._read >= 0:
            asyncio.get_running_loop().remove_reader(self._read)
            os.close(self._read)
            self._read = -1
        if self._rest:
            self._line(self._rest.decode(errors="replace"))
            self._rest = b""
