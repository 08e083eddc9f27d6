"""A fresh process of one function, as Lambda starts one: `python -I -S _cold_worker.py SPEC`, for `cold.py`.

It writes its figures as JSON to the descriptor in the specification. Between the import and the first invocation it
writes a byte and waits for one, so that its share of a processor can be changed there.
"""

import sys
import time

_started = time.process_time_ns()  # Python itself has started
import json  # noqa: E402
import os  # noqa: E402

spec = json.loads(sys.argv[1])
sys.path[:0] = [spec["code"], spec["dependencies"]]
sys.path.append(spec["runtime"])  # as /var/runtime, behind the function's own
os.environ.clear()
os.environ.update(spec["environment"])

# What Lambda's runtime has loaded when it comes to the function, and its logging.
import awslambdaric.__main__  # noqa: E402, F401
from awslambdaric import bootstrap  # noqa: E402

sink = bootstrap.create_log_sink()
sink.__enter__()
bootstrap._setup_logging(bootstrap._AWS_LAMBDA_LOG_FORMAT, bootstrap._AWS_LAMBDA_LOG_LEVEL, sink)


def resident() -> float:
    """Return the resident megabytes."""
    with open("/proc/self/statm") as file:  # noqa: PTH123  (pathlib is no part of the runtime)
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


class Context:
    """Is the context of each invocation."""

    function_name = "loans"
    function_version = "$LATEST"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:loans"
    aws_request_id = "52fdfc07-2182-454f-963f-5f0f9a621d72"
    log_group_name = log_stream_name = "x"
    identity = client_context = None

    def get_remaining_time_in_millis(self) -> int:
        """Return always the same."""
        return 9000


resident()
found = {"base": resident(), "base_ms": (time.process_time_ns() - _started) / 1e6}
known = set(sys.modules)
wall, cpu = time.perf_counter(), time.process_time_ns()
module, name = spec["handler"].rsplit(".", 1)
handler = getattr(__import__("importlib").import_module(module), name)
found["import"] = (time.process_time_ns() - cpu) / 1e6
found["import_wall"] = (time.perf_counter() - wall) * 1e3
found["loaded_import"] = sorted(set(sys.modules) - known)
event, context = json.loads(spec["event"]), Context()
os.write(spec["fd"], b"I")
os.read(spec["go"], 1)
wall, cpu = time.perf_counter(), time.process_time_ns()
# As the runtime does with each event.
os.environ["_X_AMZN_TRACE_ID"] = "Root=1-65f0c1d2-0a1b2c3d4e5f60718293a4b5;Parent=5f60718293a4b5c6;Sampled=0"
answer = handler(event, context)
found["invoke"] = (time.process_time_ns() - cpu) / 1e6
found["invoke_wall"] = (time.perf_counter() - wall) * 1e3
found["first"] = found["import"] + found["invoke"]
found["answer"], found["rss"] = answer, resident()
found["loaded"] = sorted(set(sys.modules) - known)
if spec["warm"]:
    for _ in range(20):
        handler(json.loads(spec["event"]), context)
    events = [json.loads(spec["event"]) for _ in range(spec["warm"])]
    cpu = time.process_time_ns()
    for each in events:
        handler(each, context)
    found["warm"] = (time.process_time_ns() - cpu) / 1e3 / spec["warm"]
    del events
    found["rss_warm"] = resident()
os.write(spec["fd"], json.dumps(found).encode())
os._exit(0)
