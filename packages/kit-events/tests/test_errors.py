"""The errors: one root, and every one of them travels to another process."""

import pickle
import sys
from inspect import getmembers, isclass
from subprocess import run
from uuid import UUID

import pytest
from kit_events import EventsError, errors

ID = UUID(int=1)
MADE = {
    "ClaimError": errors.ClaimError("claims", "kit-events/1.json", "is gone"),
    "EventBusNotSetError": errors.EventBusNotSetError(None),
    "EventHeldBackError": errors.EventHeldBackError("loan.paid", ID),
    "EventRefusedError": errors.EventRefusedError("loan.paid", "InvalidParameter", "no"),
    "EventShapeError": errors.EventShapeError("LoanPaid", "payload.amount", "is no number"),
    "EventTooLargeError": errors.EventTooLargeError("loan.paid", 300_000, 262_144),
    "EventsError": errors.EventsError("anything"),
    "InboxKeyError": errors.InboxKeyError("FileRecord"),
    "InboxNotSetError": errors.InboxNotSetError("mysql"),
    "InProgressError": errors.InProgressError("charge:1", 1.5),
    "LeaseLostError": errors.LeaseLostError("charge:1"),
    "MissingExtraError": errors.MissingExtraError("outbox", "kit_db"),
    "OutboxTransactionError": errors.OutboxTransactionError("none is open"),
    "PublishError": errors.PublishError({ID: ("loan.paid", OSError("no"))}, [UUID(int=2)]),
    "QueueNameError": errors.QueueNameError("dead"),
    "RecordShapeError": errors.RecordShapeError("EventRecord", None, "is no event"),
}


@pytest.mark.parametrize("name", [name for name, _ in getmembers(errors, isclass) if name.endswith("Error")])
def test_an_error_has_the_root_and_pickles(name: str) -> None:
    error = MADE[name]
    assert isinstance(error, EventsError)
    copied = pickle.loads(pickle.dumps(error))
    assert type(copied) is type(error)
    assert str(copied) == str(error) != ""
    assert repr(vars(copied)) == repr(vars(error))
    assert repr(copied.__cause__) == repr(error.__cause__)


@pytest.mark.parametrize(
    "code",
    [
        "from kit_events import outbox",
        "from kit_events.outbox import Outbox",
        "from kit_events.inbox import PostgresInbox; PostgresInbox()",
        "from kit_events import inbox; inbox.default_inbox()",
    ],
)
def test_a_missing_extra_is_named_when_the_thing_is_made(code: str) -> None:
    """Not at the first request, which somebody waits for."""
    blocked = f"import sys; sys.modules['kit_db'] = None; {code}"
    ended = run([sys.executable, "-c", blocked], env={"KIT_EVENTS_INBOX": "postgresql"}, capture_output=True, text=True)
    [last] = ended.stderr.splitlines()[-1:]
    assert last == "kit_events.errors.MissingExtraError: kit_db is not installed: install kit-events[outbox]"


def test_an_inbox_elsewhere_needs_no_extra() -> None:
    code = "import sys; sys.modules['kit_db'] = None; from kit_events import inbox; inbox.DynamoDBInbox('seen')"
    assert run([sys.executable, "-c", code]).returncode == 0


def test_a_malformed_value_is_a_value_error_too() -> None:
    assert issubclass(errors.RecordShapeError, ValueError)
    assert issubclass(errors.EventShapeError, ValueError)
    assert issubclass(errors.QueueNameError, ValueError)
    assert issubclass(errors.MissingExtraError, ImportError)
