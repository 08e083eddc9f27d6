"""What runs inside a worker: AWS's runtime interface client, or its protocol in plain Python where it has no wheel.

`python -m kit_local.runtime.bootstrap [--plain] module.function`, in the function's code folder. Standard input
is the worker's leash: when its other end closes, because kit-local has ended in whatever way, the worker ends.
"""

import importlib
import json
import logging
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from http.client import HTTPConnection
from types import SimpleNamespace
from typing import Any

VERSION = "/2018-06-01/runtime"


def main(arguments: list[str]) -> None:
    """Serve the handler named last in `arguments` until the leash breaks."""
    hold_leash()
    handler = arguments[-1]
    if "--plain" in arguments or not has_interface_client():
        run(handler, HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"]))
        return
    import runpy

    sys.argv = ["awslambdaric", handler]
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)


def has_interface_client() -> bool:
    """Tell whether awslambdaric is installed with its compiled half."""
    try:
        import awslambdaric  # noqa: F401
        import runtime_client  # type: ignore[import-not-found]  # noqa: F401
    except ImportError:
        return False
    return True


def hold_leash() -> None:
    """Let the end of standard input kill this process with all its children; the function sees an empty one."""
    leash = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if sys.platform == "linux":
        import fcntl

        # The kernel sends the signal to the whole group, whatever Python code is doing; no thread is needed for it.
        fcntl.fcntl(leash, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(leash, 10, signal.SIGKILL)  # F_SETSIG, which the module does not name
        fcntl.fcntl(leash, fcntl.F_SETFL, os.O_ASYNC)
        if not _is_broken(leash):
            return
        os.killpg(0, signal.SIGKILL)
    from threading import Thread

    def watch() -> None:
        os.read(leash, 1)
        os.killpg(0, signal.SIGKILL)

    Thread(target=watch, name="kit-local-leash", daemon=True).start()


def _is_broken(leash: int) -> bool:
    """Tell whether the other end had closed before this one was watched."""
    import select

    return bool(select.select([leash], [], [], 0)[0])


def run(handler: str, api: HTTPConnection) -> None:
    """Import the handler, then answer one invocation after another."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    logging.basicConfig(stream=sys.stdout, format="[%(levelname)s]\t%(asctime)s\t%(message)s")
    try:
        function = load(handler)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the caller has to hear of it
        call(api, f"{VERSION}/init/error", describe(error))
        sys.exit(1)
    while True:
        body, headers = call(api, f"{VERSION}/invocation/next")
        request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        os.environ["_X_AMZN_TRACE_ID"] = headers.get("Lambda-Runtime-Trace-Id", "")
        try:
            answer, outcome = json.dumps(function(json.loads(body), context(headers))).encode(), "response"
        except Exception as error:  # noqa: BLE001 - as above
            answer, outcome = describe(error, request_id), "error"
        call(api, f"{VERSION}/invocation/{request_id}/{outcome}", answer)


def load(handler: str) -> Callable[[Any, Any], Any]:
    """Import `module.function`, naming a missing module or function as Lambda does."""
    module, _, name = handler.rpartition(".")
    try:
        found = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        raise ImportModuleError(f"Unable to import module '{module}': {error}") from error
    try:
        function: Callable[[Any, Any], Any] = getattr(found, name)
    except AttributeError:
        raise HandlerNotFound(f"Handler '{name}' missing on module '{module}'") from None
    return function


class ImportModuleError(Exception):
    """Lambda's Runtime.ImportModuleError."""


class HandlerNotFound(Exception):  # noqa: N818 - Lambda's own name
    """Lambda's Runtime.HandlerNotFound."""


def describe(error: BaseException, request_id: str = "") -> bytes:
    """Print the error as Lambda logs it, and return it as Lambda answers it."""
    kind = type(error).__name__
    trace = traceback.format_list(traceback.extract_tb(error.__traceback__)[1:])
    if isinstance(error, ImportModuleError | HandlerNotFound):
        kind, trace = f"Runtime.{kind}", []
    print(f"[ERROR] {kind}: {error}\nTraceback (most recent call last):\n{''.join(trace)}", flush=True)  # noqa: T201
    answer = {"errorMessage": str(error), "errorType": kind, "requestId": request_id, "stackTrace": trace}
    return json.dumps(answer).encode()


def context(headers: Any) -> Any:
    """Make the context object from the headers of an invocation."""
    deadline, environ = int(headers["Lambda-Runtime-Deadline-Ms"]), os.environ
    return SimpleNamespace(
        aws_request_id=headers["Lambda-Runtime-Aws-Request-Id"],
        invoked_function_arn=headers["Lambda-Runtime-Invoked-Function-Arn"],
        function_name=environ["AWS_LAMBDA_FUNCTION_NAME"],
        function_version=environ["AWS_LAMBDA_FUNCTION_VERSION"],
        memory_limit_in_mb=environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
        log_group_name=environ["AWS_LAMBDA_LOG_GROUP_NAME"],
        log_stream_name=environ["AWS_LAMBDA_LOG_STREAM_NAME"],
        client_context=None,
        identity=SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None),
        get_remaining_time_in_millis=lambda: max(0, deadline - int(time.time() * 1000)),
    )


def call(api: HTTPConnection, path: str, body: bytes | None = None) -> tuple[bytes, Any]:
    """Make one call of the Runtime API: GET without a body, POST with one."""
    sys.stdout.flush()
    sys.stderr.flush()
    api.request("GET" if body is None else "POST", path, body)
    response = api.getresponse()
    return response.read(), response.headers


if __name__ == "__main__":
    main(sys.argv[1:])
