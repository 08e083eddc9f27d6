"""`python -m kit_events`: redrive a dead-letter queue."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

from kit_aws import AwsError

from kit_events.errors import EventsError, RecordShapeError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0, or 1 when something is wrong or was left undone."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except (EventsError, AwsError, ValueError) as error:
        print(f"kit_events: {error}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kit_events", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    redrive = commands.add_parser("redrive", help="send the messages of a dead-letter queue back")
    redrive.add_argument("--from", dest="source", required=True, help="the dead-letter queue's URL or ARN")
    redrive.add_argument("--to", help="a queue's URL or ARN; else each goes to the queue it came from")
    redrive.add_argument(
        "--filter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="only messages whose event's field (type, aggregate_id, …) or attribute (dead_letter_error, …) is this",
    )
    redrive.add_argument("--limit", type=int, help="send at most so many")
    redrive.add_argument("--dry-run", action="store_true", help="say what would be sent, and send nothing")
    redrive.set_defaults(run=_redrive)
    return parser


def _redrive(options: argparse.Namespace) -> int:
    from kit_events.dead_letters.redrive import redrive

    wanted = [_pair(text) for text in options.filter]
    done = redrive(
        options.source,
        options.to,
        matching=(lambda record: all(_values(record).get(name) == value for name, value in wanted)) if wanted else None,
        limit=options.limit,
        dry_run=options.dry_run,
    )
    for record in done.chosen:
        values = _values(record)
        told = values.get("type"), values.get("dead_letter_error"), done.failed.get(record.message_id)
        print(record.message_id, *(each or "-" for each in told), sep="  ")
    print(done)
    return 1 if done.failed else 0


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise ValueError(f"--filter takes NAME=VALUE, not {text!r}")
    return name, value


def _values(record: Any) -> dict[str, Any]:
    """Return the fields that a message can be filtered by: its attributes, and those of the event inside.

    A malformed event, which may be the reason why the message is here, has none.
    """
    from kit_events.records.sources import unwrap

    values: dict[str, Any] = dict(record.message_attributes)
    try:
        found = unwrap({"eventSource": "aws:sqs", "messageId": record.message_id, "body": record.body})
    except RecordShapeError:
        found = []
    for inside in found:
        if isinstance(inside, dict):
            values |= {name: value for name, value in inside.items() if isinstance(value, str)}
    return values
