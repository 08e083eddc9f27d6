"""The errors: one root, and every one of them travels to another process."""

import pickle
from inspect import getmembers, isclass
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


def test_a_malformed_value_is_a_value_error_too() -> None:
    assert issubclass(errors.RecordShapeError, ValueError)
    assert issubclass(errors.EventShapeError, ValueError)
    assert issubclass(errors.QueueNameError, ValueError)
