"""How much CPU time importing kit_handler takes, next to its peers.

    uv run --isolated --group benchmarks python integration-tests/benchmarks/import_handler.py

Each import runs in a process of its own, many times, in turns; the least counts. Site-packages' own start-up work is
in the bare process, which is subtracted. Everything is compiled by the first round, into a folder of this run: else
what was edited last, or installed without bytecode, would be compiled each time.
"""

import os
import subprocess
import sys
import tempfile

from _table import print_table

ROUNDS = 25
SUBJECTS = {
    "kit_handler": "import kit_handler",
    "kit_handler, route in use": "from kit_handler import Response, route\nroute(lambda request: Response.ok())",
    "kit_handler, job in use": "from kit_handler import job\njob(lambda record: None)",
    "kit_handler, every name": "from kit_handler import *",
    "chalice": "import chalice",
    "powertools event_handler": "import aws_lambda_powertools.event_handler",
    "powertools event_handler in use": (
        "from aws_lambda_powertools.event_handler import APIGatewayHttpResolver\nAPIGatewayHttpResolver()"
    ),
}
_MEASURE = """
import sys, time
before, modules = time.process_time_ns(), len(sys.modules)
{}
print(time.process_time_ns() - before, len(sys.modules) - modules)
"""


def measure(statement: str, compiled: str) -> tuple[float, int]:
    """Return milliseconds of CPU and the number of modules that `statement` loads."""
    command = [sys.executable, "-c", _MEASURE.format(statement)]
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    nanoseconds, modules = done.stdout.split()
    return int(nanoseconds) / 1e6, int(modules)


def main() -> int:
    """Print the table; return 1 when a limit is passed."""
    taken: dict[str, list[tuple[float, int]]] = {name: [] for name in SUBJECTS}
    with tempfile.TemporaryDirectory() as compiled:
        for _ in range(ROUNDS):
            for name, statement in SUBJECTS.items():
                taken[name].append(measure(statement, compiled))
    least = {name: min(times) for name, times in taken.items()}
    chalice, powertools = least["chalice"][0], least["powertools event_handler"][0]
    print_table(
        "Import, CPU time over a bare process",
        ("import", "ms", "modules", "of chalice", "of powertools"),
        [
            (name, f"{ms:.2f}", modules, f"{ms / chalice:.0%}", f"{ms / powertools:.1%}")
            for name, (ms, modules) in least.items()
        ],
    )
    in_use = max(least[name][0] for name in SUBJECTS if name.startswith("kit_handler") and "every" not in name)
    kept = in_use <= chalice and in_use <= powertools / 10
    print(f"\nat most chalice's and a tenth of powertools', also in use: {'yes' if kept else 'NO'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
