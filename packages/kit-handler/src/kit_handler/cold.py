"""`python -m kit_handler cold module:function`: what a function's import and first call cost, by package.

Each measurement is a process of its own, with the modules loaded that Lambda's runtime has loaded, and with Lambda's
variables, so that the packages load in the import what they load in the init phase. The least of the rounds counts.
CPU time is that of the whole step; the times of packages are their modules' own, by Python's `-X importtime`.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = ("import", "first call")
LIBRARY = "(standard library)"
# What awslambdaric imports, for a machine without it.
_CHILD = """
import sys, time
try:
    import awslambdaric.__main__
except ImportError:
    import decimal, importlib, json, logging, os, time, traceback
import json, os
module, name, event, result = sys.argv[1:5]
sys.path.insert(0, os.getcwd())

class Context:
    function_name, function_version, memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_NAME"], "$LATEST", 256
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:" + function_name
    aws_request_id = "52fdfc07-2182-454f-963f-5f0f9a621d72"
    log_group_name = log_stream_name = function_name
    identity = client_context = None
    def get_remaining_time_in_millis(self):
        return 30_000

def step(name):
    sys.stderr.write("kit step %s\\n" % name)
    sys.stderr.flush()

cpu = {}
step("import")
begun = time.process_time()
__import__(module)  # importlib's function is not among the times of imports
function = sys.modules[module]
for each in name.split("."):
    function = getattr(function, each)
cpu["import"] = (time.process_time() - begun) * 1000
step("end")
if event:
    with open(event, encoding="utf-8") as file:
        event = json.load(file)
    step("first call")
    begun = time.process_time()
    function(event, Context())
    cpu["first call"] = (time.process_time() - begun) * 1000
    step("end")
with open(result, "w", encoding="utf-8") as file:
    json.dump(cpu, file)
"""


class Run(NamedTuple):
    """Is one process: CPU milliseconds by step, and by step the own milliseconds of the modules."""

    cpu: dict[str, float]
    modules: dict[str, dict[str, float]]


class FunctionFailedError(Exception):
    """The function can't be imported, or its first call has raised; the text is the end of its traceback."""


def measure(function: str, *, event: str | None = None, rounds: int = 5, lazy: bool = False) -> str:
    """Return the table for a function, `module:function` or as a template names it, `module.function`.

    event: a file with the event of the first call, in JSON; without one only the import is measured
    lazy: load nothing ahead, as other processes do (KIT_PRELOAD=0)

    Raises ValueError for a name without a module, FunctionFailedError as that says.
    """
    module, _, name = function.partition(":") if ":" in function else function.rpartition(".")
    if not module or not name:
        raise ValueError(f"{function!r} is no module:function")
    environment = {
        **os.environ,
        "AWS_LAMBDA_FUNCTION_NAME": os.environ.get("AWS_LAMBDA_FUNCTION_NAME", name),
        "AWS_LAMBDA_INITIALIZATION_TYPE": os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        **({"KIT_PRELOAD": "0"} if lazy else {}),
    }
    arguments = [module, name, str(Path(event).resolve()) if event else ""]
    _run(arguments, environment)  # compiles what was edited
    plain = [_run(arguments, environment) for _ in range(rounds)]
    timed = [_run(arguments, environment, "-X", "importtime") for _ in range(rounds)]
    return "\n".join(_table(plain, timed))


def _run(arguments: list[str], environment: dict[str, str], *options: str) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "result")
        command = [sys.executable, *options, "-c", _CHILD, *arguments, str(result)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode or not result.exists():
            lines = [line for line in done.stderr.splitlines() if not line.startswith(("import time:", "kit step"))]
            raise FunctionFailedError("\n".join(lines[-20:]))
        return _read(json.loads(result.read_text(encoding="utf-8")), done.stderr)


def _read(cpu: dict[str, float], text: str) -> Run:
    modules: dict[str, dict[str, float]] = {step: {} for step in STEPS}
    step = "end"
    for line in text.splitlines():
        if line.startswith("kit step "):
            step = line[9:]
        elif line.startswith("import time:") and step in modules:
            own, _, name = line[12:].split("|")
            if own.strip().isdigit():
                modules[step][name.strip()] = int(own) / 1000
    return Run(cpu, modules)


def _table(plain: list[Run], timed: list[Run]) -> "Iterator[str]":
    steps = [step for step in STEPS if step in plain[0].cpu]
    cpu = {step: min(run.cpu[step] for run in plain) for step in steps}
    modules = {step: _least([run.modules[step] for run in timed]) for step in steps}
    rows: dict[str, dict[str, list[float]]] = {}
    for step in steps:
        for name, own in modules[step].items():
            top = name.partition(".")[0]
            package = LIBRARY if top in sys.stdlib_module_names else top
            rows.setdefault(package, {each: [] for each in steps})[step].append(own)
    width = max(len(each) for each in (*rows, "no import", "package"))
    yield f"{'package'.ljust(width)}" + "".join(f"  {step + ' ms':>13}" for step in steps) + "  modules"
    order = sorted(rows.items(), key=lambda row: -sum(map(sum, row[1].values())))
    for package, found in order:
        cells = "".join(f"  {sum(found[step]):13.1f}" for step in steps)
        yield f"{package.ljust(width)}{cells}  {sum(map(len, found.values())):7}"
    rest = {step: max(0.0, cpu[step] - sum(modules[step].values())) for step in steps}
    yield f"{'no import'.ljust(width)}" + "".join(f"  {rest[step]:13.1f}" for step in steps)
    yield f"{'CPU in all'.ljust(width)}" + "".join(f"  {cpu[step]:13.1f}" for step in steps)
    yield "\nthe slowest modules by their own time"
    each_module = [(own, name, step) for step in steps for name, own in modules[step].items()]
    for own, name, step in sorted(each_module, reverse=True)[:12]:
        yield f"{own:8.1f} ms  {name}" + (f"  ({step})" if step != "import" else "")


def _least(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: min(run[name] for run in runs if name in run) for run in runs for name in run}
