"""Binary attributes of the messages that a topic delivers raw.

moto hands them to the queue as base64 text, and fails when the message is received. They are bytes, as those of a
message that is sent to the queue ("Amazon SNS raw message delivery").
"""

import base64
from typing import Any

from moto.sqs.models import SQSBackend

_send_message = SQSBackend.send_message


def install() -> None:
    """Let moto's queues take such attributes, in this process."""
    SQSBackend.send_message = send_message  # type: ignore[method-assign]


def send_message(self: SQSBackend, *args: Any, **options: Any) -> Any:
    """Put a message into a queue, its binary attributes as bytes."""
    for attribute in (options.get("message_attributes") or {}).values():
        if isinstance(attribute.get("BinaryValue"), str):
            attribute["BinaryValue"] = base64.b64decode(attribute["BinaryValue"])
    return _send_message(self, *args, **options)
