"""1000 events: one call for each, one call for all, and rispack's, all to one endpoint in a process of its own.

The endpoint takes what SNS takes, and answers at once: what is measured is the publisher's own work and its round trips
over loopback. The second table has the endpoint wait as long as a topic does, which is where batches at the same time
count.

Exits with 1 if publish_many is not five times as fast as single publishes, or takes over a tenth of rispack's time.
"""

import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import Process, Queue
from typing import Any, ClassVar
from uuid import UUID, uuid4

from _rispack import measured
from _table import print_table
from kit_events import BaseEvent, EventBus

EVENTS = 1000
ROUNDS = 5
OF_RISPACK = 60  # it takes as long for each
WAIT = 0.01  # seconds, about what a topic takes to answer
LEAST_FASTER, MOST_OF_RISPACK = 5, 0.1


@dataclass
class LoanRequested(BaseEvent):
    """An event as there are many."""

    type: ClassVar[str] = "loan.requested"

    aggregate_id: UUID
    amount: Decimal
    purpose: str = "a new roof, and what else there is to say about it"
    term_months: int = 24


RISPACK = """
import time, uuid, boto3
from functools import partial
boto3.client = partial(boto3.client, endpoint_url=given["endpoint"])
from rispack.events import BaseEvent

class LoanRequested(BaseEvent):
    def __init__(self, **fields):
        self.fields = fields
    def get_type(self):
        return "loan.requested"
    def get_version(self):
        return "1"
    def get_aggregate_id(self):
        return self.fields["aggregate_id"]
    def dump(self):
        return self.fields

def publish():
    LoanRequested(aggregate_id=str(uuid.uuid4()), amount="1500.00", purpose=given["purpose"], term_months=24).publish()

publish()
best = float("inf")
for _ in range(3):
    start = time.perf_counter()
    for _ in range(given["number"]):
        publish()
    best = min(best, (time.perf_counter() - start) / given["number"])
print(json.dumps(best * 1e6))
"""


class Topic(BaseHTTPRequestHandler):
    """Answers Publish and PublishBatch."""

    protocol_version = "HTTP/1.1"
    wait = 0.0

    def do_POST(self) -> None:
        """Take a request of SNS's query protocol."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.wait:
            time.sleep(self.wait)
        entries = re.findall(rb"member\.\d+\.Id=([^&]*)", body)
        taken = "".join(
            f"<member><Id>{entry.decode()}</Id><MessageId>{uuid4()}</MessageId></member>" for entry in entries
        )
        name = "PublishBatch" if entries else "Publish"
        result = f"<Successful>{taken}</Successful><Failed/>" if entries else f"<MessageId>{uuid4()}</MessageId>"
        answer = (
            f'<{name}Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><{name}Result>{result}</{name}Result>'
            f"<ResponseMetadata><RequestId>{uuid4()}</RequestId></ResponseMetadata></{name}Response>"
        ).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(answer)}\r\n\r\n"
        self.wfile.write(head.encode() + answer)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def serve(ports: "Queue[int]", wait: float) -> None:
    """Be the endpoint."""
    Topic.wait = wait
    server = ThreadingHTTPServer(("127.0.0.1", 0), Topic)
    ports.put(server.server_address[1])
    server.serve_forever()


def best(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the least microseconds per event of each; the calls take turns."""
    least = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            least[name] = min(least[name], (time.perf_counter() - started) / EVENTS * 1e6)
    return least


def compare(wait: float) -> bool:
    """Print one table, and return whether the limits are kept."""
    ports: Queue[int] = Queue()
    endpoint = Process(target=serve, args=(ports, wait), daemon=True)
    endpoint.start()
    os.environ["AWS_ENDPOINT_URL"] = url = f"http://127.0.0.1:{ports.get()}"
    bus = EventBus()
    events = [LoanRequested(uuid4(), Decimal("1500.00")) for _ in range(EVENTS)]

    def one_by_one() -> None:
        for event in events:
            bus.publish(event)

    try:
        found = best({"single": one_by_one, "many": lambda: bus.publish_many(events)}, 2 if wait else ROUNDS)
        rispack = measured(RISPACK, endpoint=url, purpose=events[0].purpose, number=OF_RISPACK)
    finally:
        endpoint.terminate()
        endpoint.join()
    single, many = found["single"], found["many"]
    rows = [("publish_many", many), ("publish, one by one", single), ("rispack, one by one", rispack)]
    print_table(
        f"{EVENTS} events, an endpoint that answers {f'after {wait * 1000:.0f} ms' if wait else 'at once'}",
        ("", "µs each", "events/s", "of publish_many's time"),
        [(name, f"{time:.0f}", f"{1e6 / time:.0f}", f"{time / many:.1f}") for name, time in rows],
    )
    return single >= LEAST_FASTER * many and many <= MOST_OF_RISPACK * rispack


def main() -> int:
    """Print both tables, and return the exit code."""
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCOUNT_ID": "123456789012",
        "EVENT_BUS": "loans",
    }
    kept = [compare(0.0), compare(WAIT)]
    print(f"\n{LEAST_FASTER} times single publishes, a tenth of rispack's time: {'yes' if all(kept) else 'NO'}")
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
