"""How much CPU time a job takes per record, next to powertools' BatchProcessor and to a bare loop, and what it holds.

    uv run --isolated --group benchmarks python integration-tests/benchmarks/batch.py

Messages of a queue, 10 and 10,000 of them, all of which succeed, or of which every tenth fails. The bare loop answers
the same; it has no deadline, no log and no correlation id. Logs go nowhere. rispack's job knows no partial answers and
reads only messages that its own event bus has sent, which are longer: all of them succeed, in a process
and an environment of its own, next to a bare loop there.
"""

import json
import logging
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

from _rispack import measured
from _table import cpu_microseconds, print_table
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from awslambdaric.lambda_context import LambdaContext as RuntimeContext
from kit_handler import job
from kit_testing.events import sqs_event

MOST_OVER = 0.8
MOST_BYTES = 20_000  # held after 10,000 records more than after 10
SIZES = (10, 10_000)

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def work(body: str) -> None:
    """Do what a record needs: parse it, and fail for some."""
    if json.loads(body)["fails"]:
        raise ValueError("no")


@job
def kit_job(record: dict[str, Any]) -> None:
    """Do a record's work."""
    work(record["body"])


class Message:
    """A record class."""

    __slots__ = ("body",)

    @classmethod
    def from_record(cls, raw: dict[str, Any]) -> tuple["Message"]:
        """Take the body."""
        message = cls()
        message.body = raw["body"]
        return (message,)


@job
def kit_job_of_a_class(record: Message) -> None:
    """Do a record's work."""
    work(record.body)


@job(concurrency=4)
def kit_job_in_threads(record: dict[str, Any]) -> None:
    """Do a record's work."""
    work(record["body"])


def powertools(event: dict[str, Any], context: Any) -> Any:
    """Do each record's work."""
    return process_partial_response(event=event, record_handler=_of_powertools, processor=processor, context=context)


def _of_powertools(record: SQSRecord) -> None:
    work(record.body)


def bare(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do each record's work, with the least that can be between."""
    failed = []
    for record in event["Records"]:
        try:
            work(record["body"])
        except ValueError:
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def context() -> RuntimeContext:
    """Return the context that the Lambda runtime makes, with a quarter of an hour left."""
    import time

    return RuntimeContext("id", None, None, int((time.time() + 900) * 1000), "arn")


RISPACK = """
import logging
from _table import cpu_microseconds
from rispack.handler import job
from rispack.logger import logger

logger.setLevel(logging.CRITICAL)

@job
def handler(record):
    if record.payload["fails"]:
        raise ValueError("no")

def bare(event, context):
    for record in event["Records"]:
        if json.loads(json.loads(record["body"])["Message"])["payload"]["fails"]:
            raise ValueError("no")

events = given["events"]
calls = {f"{n} of {size}": lambda h=h, e=event: h(e, None)
         for size, event in events.items() for n, h in (("job", handler), ("bare", bare))}
taken = {}
for size in events:
    some = {name: call for name, call in calls.items() if name.endswith(f" of {size}")}
    taken |= cpu_microseconds(some, number=max(1, 20_000 // int(size)), rounds=7)
print(json.dumps(taken))
"""


def of_rispack() -> list[tuple[str, str, str, str]]:
    """Return a row for each size of what rispack's job takes."""
    message = {"id": "1", "aggregate_id": "2", "payload": {"fails": False}, "type": "loan_requested"}
    body = {"Message": json.dumps(message | {"origin": "loans", "at": "2025-01-01T00:00:00Z", "version": "1"})}
    taken = measured(RISPACK, events={size: sqs_event([body] * size) for size in SIZES})
    return [
        (
            f"rispack's job, {n}",
            f"{taken[f'job of {n}'] / n:.2f}",
            f"{(taken[f'job of {n}'] - taken[f'bare of {n}']) / n:.2f}",
            "",
        )
        for n in SIZES
    ]


def held(handler: Callable[[Any, Any], Any], event: dict[str, Any]) -> int:
    """Return the most bytes that a call holds over what was there before, without its answer."""
    handler(event, context())
    tracemalloc.start()
    handler(event, context())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def main() -> int:
    """Print the tables; return 1 when a limit is passed."""
    logging.getLogger("kit.handler").addHandler(logging.NullHandler())
    logging.getLogger("kit.handler").propagate = False
    handlers: dict[str, Callable[[Any, Any], Any]] = {
        "bare loop": bare,
        "job": kit_job,
        "job, a record class": kit_job_of_a_class,
        "job, 4 threads": kit_job_in_threads,
        "powertools BatchProcessor": powertools,
    }
    rows, kept, ends = [], True, context()
    for size in SIZES:
        for failing in (False, True):
            event = sqs_event([{"id": n, "fails": failing and n % 10 == 3} for n in range(size)])
            expected = bare(event, ends)
            assert all(handler(event, ends) == expected for handler in handlers.values())
            calls = {name: lambda h=handler, e=event: h(e, ends) for name, handler in handlers.items()}
            taken = cpu_microseconds(calls, number=max(1, 5_000 // size), rounds=30)
            for name, us in taken.items():
                each, over = us / size, (us - taken["bare loop"]) / size
                share = us / taken["powertools BatchProcessor"]
                title = f"{name}, {size}{', every tenth fails' if failing else ''}"
                rows.append((title, f"{each:.2f}", f"{over:.2f}", f"{share:.0%}"))
                if name == "job" and not failing:
                    kept = kept and over <= MOST_OVER
    rows += of_rispack()
    print_table("Batches, CPU time per record", ("handler", "µs", "over the bare loop", "of powertools"), rows)
    sizes = {n: held(kit_job, sqs_event([{"id": n, "fails": False} for n in range(n)])) for n in SIZES}
    flat = sizes[SIZES[1]] - sizes[SIZES[0]] <= MOST_BYTES
    print(f"\nheld while it runs: {sizes[SIZES[0]]} bytes with {SIZES[0]} records, {sizes[SIZES[1]]} with {SIZES[1]}")
    print(f"at most {MOST_OVER} µs over the bare loop: {kept}; memory flat: {flat}")
    return 0 if kept and flat else 1


if __name__ == "__main__":
    sys.exit(main())
