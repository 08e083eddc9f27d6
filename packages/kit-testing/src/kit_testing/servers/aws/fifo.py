"""The deduplication that moto's FIFO queues and topics lack.

A deduplication id counts for five minutes, whether or not the message is still in the queue ("Using the message
deduplication ID in Amazon SQS"); a FIFO topic makes one of the content and hands it to its queues ("Message
deduplication for FIFO topics"); and a queue loses no message to deduplication that becomes a dead letter.
"""

import hashlib
import time
from typing import Any

from moto.sns.models import Topic
from moto.sqs.models import Message, Queue

_SECONDS = 300.0
_SEEN = "_kit_testing_seen"
_publish, _add_message = Topic.publish, Queue.add_message


def install() -> None:
    """Let moto remember, in this process."""
    Topic.publish = publish  # type: ignore[method-assign]
    Queue.add_message = add_message  # type: ignore[method-assign]


def publish(self: Topic, message: str, *args: Any, **options: Any) -> str:
    """Publish to a topic, with a deduplication id where the topic makes them."""
    by_content = self.fifo_topic and str(self.content_based_deduplication).lower() == "true"
    if by_content and not options.get("deduplication_id"):
        options["deduplication_id"] = hashlib.sha256(message.encode()).hexdigest()
    return str(_publish(self, message, *args, **options))


def add_message(self: Queue, message: Message) -> None:
    """Add a message to a queue unless its deduplication id has been there within five minutes."""
    if not self.fifo_queue or not message.deduplication_id:
        return _add_message(self, message)
    if message.approximate_receive_count or _is_new(self, message):  # received: a dead letter of another queue
        with self._messages_lock:
            self._messages.append(message)
            self._messages_lock.notify_all()
    return None


def _is_new(queue: Queue, message: Message) -> bool:
    now = time.monotonic()
    seen: dict[Any, float] = vars(queue).setdefault(_SEEN, {})
    for key in [key for key, since in seen.items() if now - since >= _SECONDS]:
        del seen[key]
    of_group = queue.attributes.get("DeduplicationScope") == "messageGroup"
    key = (message.group_id if of_group else None, message.deduplication_id)
    return seen.setdefault(key, now) is now
