"""What importing kit_handler takes, in time and in memory, next to its peers.

    uv run --isolated --group benchmarks python integration-tests/benchmarks/import_handler.py

Each import runs in a process of its own, many times, in turns. What Lambda's runtime has loaded before it comes to the
function is loaded already, and not counted. The least time counts; of the memory, the median of what is resident after
the import over what was before. Everything is compiled by the first round, into a folder of this run: else what was
edited last, or installed without bytecode, would be compiled each time. rispack, which is in an environment of its own,
is measured by the same function there.
"""

import json
import os
import subprocess
import sys
import tempfile
from statistics import median

from _rispack import measured
from _table import print_table

ROUNDS = 25
SUBJECTS = {
    "kit_handler": "import kit_handler",
    "kit_handler, route in use": "from kit_handler import Response, route\nroute(lambda request: Response.ok())",
    "kit_handler, Router in use": (
        "from kit_handler import Response, Router\nRouter().get('/users/{id}')(lambda id: Response.ok())"
    ),
    "kit_handler, Router, a body bound": (
        "from kit_handler import Response, Router\n"
        "class Order:\n load = classmethod(lambda cls, data: data)\n"
        "@Router().post('/orders/{id:int}')\ndef create(id: int, order: Order): return Response.created()"
    ),
    "kit_handler, job in use": "from kit_handler import job\njob(lambda record: None)",
    "kit_handler, every name": "from kit_handler import *",
    "chalice": "import chalice",
    "powertools event_handler": "import aws_lambda_powertools.event_handler",
    "powertools event_handler in use": (
        "from aws_lambda_powertools.event_handler import APIGatewayHttpResolver\n"
        "APIGatewayHttpResolver().get('/users/<id>')(lambda id: None)"
    ),
}
RISPACK = {"rispack, route in use": "from rispack.handler import Response, route\nroute(lambda request: Response.ok())"}
# What the runtime's own modules import (awslambdaric); `time` and `sys` are there in any case.
_MEASURE = """
import decimal, importlib, json, logging, os, socket, sys, time, traceback

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

resident()
megabytes, modules, before = resident(), len(sys.modules), time.process_time_ns()
{}
taken = time.process_time_ns() - before
print(json.dumps([taken / 1e6, resident() - megabytes, len(sys.modules) - modules]))
"""

Figures = tuple[float, float, int]


def figures(subjects: dict[str, str]) -> dict[str, Figures]:
    """Return milliseconds of CPU, megabytes and the number of modules that each statement takes."""
    taken: dict[str, list[Figures]] = {name: [] for name in subjects}
    with tempfile.TemporaryDirectory() as compiled:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
        for _ in range(ROUNDS):
            for name, statement in subjects.items():
                command = [sys.executable, "-c", _MEASURE.format(statement)]
                done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
                taken[name].append(json.loads(done.stdout))
    return {
        name: (min(each[0] for each in rows), median(each[1] for each in rows[1:]), rows[-1][2])
        for name, rows in taken.items()
    }


def main() -> int:
    """Print the table; return 1 when a limit is passed."""
    found = figures(SUBJECTS)
    found |= measured("from import_handler import figures\nprint(json.dumps(figures(given)))", **RISPACK)
    chalice, powertools = found["chalice"], found["powertools event_handler"]
    print_table(
        "Import, over what the runtime has loaded: CPU time and resident memory",
        ("import", "ms", "of chalice", "of powertools", "MB", "of chalice", "of powertools", "modules"),
        [
            (
                name,
                f"{ms:.2f}",
                f"{ms / chalice[0]:.0%}",
                f"{ms / powertools[0]:.1%}",
                f"{megabytes:.2f}",
                f"{megabytes / chalice[1]:.0%}",
                f"{megabytes / powertools[1]:.1%}",
                modules,
            )
            for name, (ms, megabytes, modules) in found.items()
        ],
    )
    ours = [
        found[name] for name in ("kit_handler", *(f"kit_handler, {each} in use" for each in ("route", "Router", "job")))
    ]
    kept = {
        unit: max(each[at] for each in ours) <= min(chalice[at], powertools[at] / 10)
        for at, unit in enumerate(("time", "memory"))
    }
    print("\nat most chalice's and a tenth of powertools', also in use")
    for unit, holds in kept.items():
        print(f"  {unit}: {'yes' if holds else 'NO'}")
    return 0 if all(kept.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
