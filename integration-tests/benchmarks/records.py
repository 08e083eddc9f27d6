"""How much CPU time it takes to read an event out of SNS in SQS, and what importing kit_events costs.

    uv run --group benchmarks python integration-tests/benchmarks/records.py

The floor is the two json.loads that the message needs. rispack runs in a process of its own with the same floor beside
it; it checks no field and leaves the ids as text. Imports are measured in a process that has what Lambda's runtime and
kit_handler's job load, after the first has compiled everything.

Exits with 1 if an EventRecord takes over 1.5 times the floor, or if `import kit_events` takes over 10 ms of CPU time or
loads boto3.
"""

import json
import os
import subprocess
import sys
import tempfile
from typing import Any

from _rispack import measured
from _table import cpu_microseconds, print_table
from kit_events import EventRecord, FileRecord, QueueRecord, TableRecord, TopicRecord
from kit_testing.events import carried, dynamodb_record, event_record, s3_record

MOST_OF_FLOOR, MOST_IMPORT = 1.5, 10
NUMBER, ROUNDS, IMPORTS = 3_000, 31, 15
PAYLOAD = {"id": "9d6b3c2e-7a4f-4c9e-8a57-3f1f0f2d9c20", "amount": "1500.00", "status": "requested"}

RISPACK = """
from _table import cpu_microseconds
from rispack.handler.record import RecordBuilder
raw = given["raw"]
print(json.dumps(cpu_microseconds({
    "floor": lambda: json.loads(json.loads(raw["body"])["Message"]),
    "record": lambda: RecordBuilder(raw).build(),
}, number=given["number"], rounds=given["rounds"])))
"""

IMPORT = """
import awslambdaric.bootstrap, sys, time
from kit_handler import job
job(lambda record: None)
before, modules = time.process_time_ns(), set(sys.modules)
{}
print(time.process_time_ns() - before, len(set(sys.modules) - modules), "boto3" in sys.modules)
"""
IMPORTED = {
    "kit_events": "import kit_events",
    "kit_events, EventRecord in use": "from kit_events import EventRecord",
    "kit_events, FileRecord in use": "from kit_events import FileRecord",
    "of which typing, uuid, datetime": "import typing, uuid, datetime",
}


def read() -> bool:
    """Print what reading takes, and return whether the limit is kept."""
    raw = event_record(PAYLOAD)
    inside = [carried({"Records": [s3_record("loans/7/pay slip.pdf")]}, *way) for way in ((), ("sns", "sqs"))]
    item, notice, message = dynamodb_record(PAYLOAD), carried(PAYLOAD, "sns"), carried(PAYLOAD, "sqs")
    calls: dict[str, Any] = {
        "two json.loads (the floor)": lambda: json.loads(json.loads(raw["body"])["Message"]),
        "EventRecord, SNS in SQS": lambda: EventRecord.from_record(raw),
        "FileRecord, S3": lambda: FileRecord.from_record(inside[0]),
        "FileRecord, S3 in SNS in SQS": lambda: FileRecord.from_record(inside[1]),
        "QueueRecord": lambda: QueueRecord.from_record(message),
        "TopicRecord": lambda: TopicRecord.from_record(notice),
        "TableRecord, three attributes": lambda: TableRecord.from_record(item),
    }
    least = cpu_microseconds(calls, number=NUMBER, rounds=ROUNDS)
    theirs = measured(RISPACK, raw=raw, number=NUMBER, rounds=ROUNDS)
    floor = least["two json.loads (the floor)"]
    rows = [(name, f"{time:.2f}", f"{time / floor:.2f}") for name, time in least.items()]
    rows.insert(2, ("rispack, SNS in SQS", f"{theirs['record']:.2f}", f"{theirs['record'] / theirs['floor']:.2f}"))
    print_table("Reading one record", ("", "µs", "of its floor"), rows)
    kept = least["EventRecord, SNS in SQS"] <= MOST_OF_FLOOR * floor
    print(f"\nan EventRecord at most {MOST_OF_FLOOR} times the floor: {'yes' if kept else 'NO'}")
    return kept


def imported() -> bool:
    """Print what imports cost, and return whether the limits are kept."""
    taken: dict[str, list[tuple[float, int, str]]] = {name: [] for name in IMPORTED}
    with tempfile.TemporaryDirectory() as compiled:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
        for _ in range(IMPORTS):
            for name, statement in IMPORTED.items():
                command = [sys.executable, "-c", IMPORT.format(statement)]
                done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
                nanoseconds, modules, boto3 = done.stdout.split()
                taken[name].append((int(nanoseconds) / 1e6, int(modules), boto3))
    least = {name: min(times) for name, times in taken.items()}
    rows = [(name, f"{ms:.2f}", modules) for name, (ms, modules, _) in least.items()]
    print_table("Import, over Lambda's runtime and kit_handler's job", ("", "ms", "modules"), rows)
    kept = least["kit_events"][0] <= MOST_IMPORT and {boto3 for *_, boto3 in least.values()} == {"False"}
    print(f"\nat most {MOST_IMPORT} ms, and no boto3: {'yes' if kept else 'NO'}")
    return kept


if __name__ == "__main__":
    sys.exit(0 if all([read(), imported()]) else 1)
