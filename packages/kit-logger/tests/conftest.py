import json
import logging
import os
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import pytest


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """No setting of the machine's own, and kit's loggers as they were, for the tests of other packages."""
    for name in tuple(os.environ):
        if name.startswith(("POWERTOOLS_", "AWS_LAMBDA_", "_X_AMZN")) or name in ("SERVICE_NAME", "LOG_LEVEL"):
            monkeypatch.delenv(name)
    family = logging.getLogger("kit")
    handlers, level = family.handlers[:], family.level
    yield
    family.handlers[:] = handlers
    family.setLevel(level)


@pytest.fixture
def lines(capsys):
    """Read what was written to standard output, as one object per line."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def context():
    return SimpleNamespace(
        function_name="loans-get",
        memory_limit_in_mb=256,
        invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:loans-get",
        aws_request_id="6f0b4f0e-0000-4000-8000-000000000001",
    )


@pytest.fixture
def run():
    """Run code in a process of its own; return its lines and what it says on standard error."""

    def start(code, **env):
        environment = {**os.environ, **env}
        shown = subprocess.run(
            [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        return SimpleNamespace(lines=[json.loads(line) for line in shown.stdout.splitlines()], errors=shown.stderr)

    return start
