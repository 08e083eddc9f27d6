"""What a log line costs, next to powertools' own and to the standard library's logging with JSON; and the import.

    uv run --isolated --group benchmarks python integration-tests/benchmarks/log.py

Every line has its location, the ids of the invocation and three extras, and goes to an output that drops it.
"""

import io
import json
import logging
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from _table import cpu_microseconds, print_table
from aws_lambda_powertools import Logger
from kit_logger import get_logger, inject
from kit_testing import LambdaContext

MOST_OF_POWERTOOLS = 0.5
MOST_OF_STDLIB = 1.25  # in its class: noise between two runs is about as much
MOST_OF_DISABLED = 2.0
EVENT = {"headers": {"x-correlation-id": "6f0b4f0e-0000-4000-8000-000000000001"}}
CONTEXT = LambdaContext()
EXTRA = {"loan_id": "0d9c3c1e-7a64-4f0e-9d53-5a1f3f3f9a10", "amount": 1200, "status": "requested"}
NESTED = {"loan": {"id": 1, "status": "open", "lines": [1, 2, 3]}}


class Nowhere(io.TextIOBase):
    """An output that costs nothing."""

    def write(self, text: str) -> int:
        """Drop the text."""
        return len(text)


class JsonFormatter(logging.Formatter):
    """The least that writes the same: ids from a dict, extras from the record."""

    ids = {  # noqa: RUF012
        "service": "loans",
        "function_name": CONTEXT.function_name,
        "function_request_id": CONTEXT.aws_request_id,
        "correlation_id": EVENT["headers"]["x-correlation-id"],
    }
    known = frozenset(logging.makeLogRecord({}).__dict__)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "level": record.levelname,
            "location": f"{record.funcName}:{record.lineno}",
            "message": record.getMessage(),
            "timestamp": self.formatTime(record),
            **self.ids,
            **{key: value for key, value in record.__dict__.items() if key not in self.known},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def lines_of(info: Callable[..., None], debug: Callable[..., None], exception: Callable[..., None]) -> dict[str, Any]:
    """Return what is measured of each logger."""

    def failed() -> None:
        try:
            raise ValueError("no such loan")
        except ValueError:
            exception("failed", extra=EXTRA)

    return {
        "ids and 3 extras": lambda: info("requested", extra=EXTRA),
        "ids alone": lambda: info("requested"),
        "arguments": lambda: info("loan %s of %s", "a", "b"),
        "a nested extra": lambda: info("requested", extra=NESTED),
        "a word to look at": lambda: info("token count", extra=EXTRA),
        "a secret": lambda: info("password=hunter2", extra=EXTRA),
        "exception": failed,
        "disabled debug": lambda: debug("requested", extra=EXTRA),
        "disabled debug, bare": lambda: debug("requested"),
    }


def measured() -> dict[str, dict[str, float]]:
    """Return the CPU time of each kind of line in microseconds, by logger."""
    powertools = Logger(service="powertools", stream=Nowhere())
    stdlib = logging.getLogger("stdlib")
    stdlib.addHandler(logging.StreamHandler(Nowhere()))
    stdlib.handlers[0].setFormatter(JsonFormatter())
    stdlib.setLevel(logging.INFO)
    stdlib.propagate = False
    kit = get_logger("loans")
    logging.getLogger("powertools").propagate = logging.getLogger("loans").propagate = False
    loggers = {
        name: lines_of(logger.info, logger.debug, logger.exception)
        for name, logger in {"kit_logger": kit, "powertools": powertools, "stdlib, JSON": stdlib}.items()
    }

    @inject
    @powertools.inject_lambda_context(correlation_id_path='headers."x-correlation-id"')
    def handler(event: Any, context: Any) -> dict[str, dict[str, float]]:
        return {
            kind: cpu_microseconds({name: calls[kind] for name, calls in loggers.items()}, number=2_000, rounds=7)
            for kind in loggers["kit_logger"]
        }

    output, sys.stdout = sys.stdout, Nowhere()
    try:
        return handler(EVENT, CONTEXT)
    finally:
        sys.stdout = output


def invocations() -> dict[str, float]:
    """Return what the decorators cost per invocation."""
    powertools = Logger(service="powertools", stream=Nowhere())
    path = 'headers."x-correlation-id"'

    def handler(event: Any, context: Any) -> None: ...

    calls = {"kit_logger": inject(handler), "powertools": powertools.inject_lambda_context(handler)}
    calls["powertools, with id"] = powertools.inject_lambda_context(handler, correlation_id_path=path, clear_state=True)
    return cpu_microseconds(
        {name: lambda call=call: call(EVENT, CONTEXT) for name, call in calls.items()}, number=5_000
    )


def import_milliseconds(code: str) -> float:
    """Return the least CPU time that a Python takes to start and run `code`."""
    least = float("inf")
    for _ in range(9):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL, env=os.environ)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        least = min(least, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return least * 1000


def main() -> int:
    """Print the tables; return 1 when a limit is passed."""
    lines = measured()
    print_table(
        "A log line, CPU µs",
        ("line", *lines["ids alone"], "of powertools", "of stdlib"),
        [
            (
                kind,
                *(f"{us:.2f}" for us in taken.values()),
                f"{taken['kit_logger'] / taken['powertools']:.0%}",
                f"{taken['kit_logger'] / taken['stdlib, JSON']:.0%}",
            )
            for kind, taken in lines.items()
        ],
    )
    print_table("Per invocation, CPU µs", ("decorator", "µs"), [(k, f"{us:.2f}") for k, us in invocations().items()])
    bare = import_milliseconds("pass")
    imports = {
        "import kit_logger": "import kit_logger",
        "kit_logger, a logger made": "from kit_logger import inject, logger",
        "powertools Logger": "from aws_lambda_powertools import Logger",
        "powertools, a logger made": "from aws_lambda_powertools import Logger; Logger()",
    }
    loaded = {name: import_milliseconds(code) - bare for name, code in imports.items()}
    print_table("Import, CPU ms over a bare Python", ("import", "ms"), [(k, f"{ms:.1f}") for k, ms in loaded.items()])
    full, off = lines["ids and 3 extras"], lines["disabled debug, bare"]
    limits = {
        "half of powertools' line": full["kit_logger"] <= MOST_OF_POWERTOOLS * full["powertools"],
        "the class of stdlib's line": full["kit_logger"] <= MOST_OF_STDLIB * full["stdlib, JSON"],
        "twice stdlib's disabled debug": off["kit_logger"] <= MOST_OF_DISABLED * off["stdlib, JSON"],
        "powertools' line of an exception": lines["exception"]["kit_logger"] <= lines["exception"]["powertools"],
        "powertools' import": loaded["import kit_logger"] <= loaded["powertools Logger"],
    }
    print("\nat most")
    for limit, kept in limits.items():
        print(f"  {limit}: {'yes' if kept else 'NO'}")
    return 0 if all(limits.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
