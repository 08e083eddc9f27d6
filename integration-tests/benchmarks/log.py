"""The cost of a log line, of the decorators and of the import, beside powertools and the standard library with JSON.

    uv run --isolated --group benchmarks python integration-tests/benchmarks/log.py [CHECKOUT]

Every line has its location, the ids of the invocation and three extras, and goes to an output that drops it. The
decorators stand around a function that is called with a batch of one record and logs nothing. CHECKOUT is the path of
another commit of this repository (`git worktree add`): its decorators are measured in the same run, by turns.
"""

import io
import json
import logging
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from _table import cpu_microseconds, print_table
from aws_lambda_powertools import Logger
from kit_logger import get_logger, inject

MOST_OF_POWERTOOLS = 0.5
MOST_OF_STDLIB = 1.25  # in its class: noise between two runs is about as much
MOST_OF_DISABLED = 2.0
MOST_OF_DECORATORS = 6.0  # microseconds, @inject and @job together
EVENT = {"headers": {"x-correlation-id": "6f0b4f0e-0000-4000-8000-000000000001"}}
CONTEXT = SimpleNamespace(
    function_name="loans-get",
    memory_limit_in_mb=256,
    invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:loans-get",
    aws_request_id="6f0b4f0e-0000-4000-8000-000000000002",
)
IDS = cycle([str(uuid4()) for _ in range(10_000)])  # more than the texts that are remembered as harmless
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
        "a new id among them": lambda: info("requested", extra={**EXTRA, "loan_id": next(IDS)}),
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


DECORATORS = """
import io, json
from types import SimpleNamespace
from _table import cpu_microseconds
from aws_lambda_powertools import Logger
from kit_handler import job
from kit_logger import inject

powertools = Logger(service="powertools", stream=io.StringIO())
path = "Records[0].messageId"

def work(record): ...

def bare(event, context):
    for record in event["Records"]:
        work(record)
    return {"batchItemFailures": []}

handlers = {
    "none": bare,
    "@job": job(work),
    "@inject": inject(bare),
    "@inject @job": inject(job(work)),
    "powertools": powertools.inject_lambda_context(bare),
    "powertools, with the id": powertools.inject_lambda_context(bare, correlation_id_path=path, clear_state=True),
}
record = {"messageId": "m-1", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:1:loans", "body": "{}"}
event = {"Records": [{**record, "attributes": {}, "messageAttributes": {}}]}
context = SimpleNamespace(
    function_name="f", memory_limit_in_mb=1, invoked_function_arn="arn", aws_request_id="r",
    get_remaining_time_in_millis=lambda: 10_000,
)
calls = {name: lambda handler=handler: handler(event, context) for name, handler in handlers.items()}
print(json.dumps(cpu_microseconds(calls, number=5_000, rounds=5)))
"""


def decorators(checkouts: dict[str, Path]) -> dict[str, dict[str, float]]:
    """Return the microseconds that each decorator adds to an invocation, by checkout; processes take turns."""
    taken: dict[str, dict[str, float]] = {}
    for _ in range(3):
        for name, folder in checkouts.items():
            sources = [Path(__file__).parent, *sorted(folder.glob("packages/*/src"))]
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sources))}
            shown = subprocess.run([sys.executable, "-c", DECORATORS], check=True, capture_output=True, env=environment)
            for decorator, us in json.loads(shown.stdout).items():
                least = taken.setdefault(decorator, {})
                least[name] = min(us, least.get(name, us))
    bare = taken.pop("none")
    return {decorator: {name: us - bare[name] for name, us in each.items()} for decorator, each in taken.items()}


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
    checkouts = {"this": Path(__file__).parents[2]} | {path: Path(path).resolve() for path in sys.argv[1:]}
    added = decorators(checkouts)
    print_table(
        "Added to an invocation of one record, CPU µs",
        ("decorator", *checkouts),
        [(decorator, *(f"{us:.2f}" for us in each.values())) for decorator, each in added.items()],
    )
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
        f"{MOST_OF_DECORATORS} µs for @inject @job": added["@inject @job"]["this"] <= MOST_OF_DECORATORS,
        "powertools' decorator": added["@inject"]["this"] <= added["powertools"]["this"],
        "powertools' import": loaded["import kit_logger"] <= loaded["powertools Logger"],
    }
    print("\nat most")
    for limit, kept in limits.items():
        print(f"  {limit}: {'yes' if kept else 'NO'}")
    return 0 if all(limits.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
