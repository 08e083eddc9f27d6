"""What comes in, opened until nothing more is inside.

One file per carrier: a function that takes something and returns what it carries, or None if it is not that carrier.
A new one is a file and a line in `CARRIERS`.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kit_events.adapters.lambda_event import open_records
from kit_events.adapters.sns import open_envelope, open_notification
from kit_events.adapters.sqs import open_message, open_wrapper

CARRIERS: tuple[Callable[[Any], Iterable[Any] | None], ...] = (
    open_message,
    open_notification,
    open_envelope,
    open_records,
    open_wrapper,
)

# S3 in SNS in SQS is three; more than this is somebody's joke.
MAX_DEPTH = 8


def unwrap(raw: Any, depth: int = 0) -> Iterator[Any]:
    """Yield what is inside of a raw record, whatever it came in: an event, S3 records, or text that is no JSON."""
    for open_carrier in CARRIERS if depth < MAX_DEPTH else ():
        inside = open_carrier(raw)
        if inside is not None:
            for item in inside:
                yield from unwrap(item, depth + 1)
            return
    yield raw
