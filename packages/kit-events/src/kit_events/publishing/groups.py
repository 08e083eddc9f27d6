"""The message group of an event on a standard queue or topic: the tenant, for SQS's fair queues.

Sources: Amazon SQS Developer Guide, "Amazon SQS fair queues"; `MessageGroupId` of SendMessage and of SNS's Publish.
"""

import re
from typing import Any

from kit_core import invocation

from kit_events.errors import EventShapeError

_GROUP = re.compile("[!-~]{1,128}")


def own_group(event: Any) -> str | None:
    """Return the group that an event's class says, else that of the message that is being worked on, else None.

    Raise `EventShapeError` for one that SQS would refuse.
    """
    said = getattr(event, "get_message_group_id", None)
    group = said() if callable(said) else None
    if group is None:
        return _current_group()
    if not _GROUP.fullmatch(str(group)):
        remedy = "1 to 128 letters, digits and punctuation marks of ASCII"
        raise EventShapeError(type(event).__qualname__, "message_group_id", remedy)
    return str(group)


def _current_group() -> str | None:
    """Return the group of the message of a standard queue that is being worked on, as its tenant goes on from here."""
    state = invocation.state()
    raw = None if state is None else state[0]
    if isinstance(raw, dict) and isinstance(raw.get("Records"), list) and len(raw["Records"]) == 1:
        [raw] = raw["Records"]
    if not isinstance(raw, dict) or raw.get("eventSource") != "aws:sqs":
        return None
    attributes = raw.get("attributes")
    if not isinstance(attributes, dict) or str(raw.get("eventSourceARN")).endswith(".fifo"):
        return None
    group = attributes.get("MessageGroupId")
    return group if isinstance(group, str) and _GROUP.fullmatch(group) else None
