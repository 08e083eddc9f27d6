"""Lambda's runtime loop in plain Python, for machines that awslambdaric has no wheel for."""

import importlib
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from http.client import HTTPConnection
from types import SimpleNamespace
from typing import Any

VERSION = "/2018-06-01/runtime"


def run(handler: str) -> None:
    """Import the handler, then answer one invocation after another."""
    api = HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
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
