"""The few calls of SQS that a poller needs, on the event loop: a long poll would hold a thread of its own otherwise."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp

from kit_local.errors import LocalError

LONG_POLL = 10  # seconds
_PATIENCE = 60  # seconds for an answer, beyond those of a long poll
_OF_MESSAGES = {"MessageId", "ReceiptHandle", "Body", "MD5OfBody"}


class QueueError(LocalError):
    """The local SQS has refused a call, or doesn't answer."""


class Queue:
    """One queue of the local SQS, by the AWS JSON protocol. The signature only names the service: it isn't checked."""

    def __init__(self, session: aiohttp.ClientSession, endpoint: str, url: str, region: str) -> None:
        self._session, self._endpoint, self._url = session, endpoint, url
        scope = f"Credential=test/20200101/{region}/sqs/aws4_request"
        self._authorization = f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=none"

    async def receive(self, count: int, *, wait: int) -> list[dict[str, Any]]:
        """Return up to `count` messages (10 at most), waiting up to `wait` seconds for the first."""
        everything = {"MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"]}
        answer = await self._call(
            "ReceiveMessage", MaxNumberOfMessages=min(count, 10), WaitTimeSeconds=wait, **everything
        )
        messages = answer.get("Messages") or []
        if not isinstance(messages, list) or not all(map(_is_message, messages)):
            raise QueueError(f"ReceiveMessage {self._url!r}: the answer holds something else than messages")
        return messages

    async def send(self, body: str, attributes: Mapping[str, Any]) -> None:
        """Put a message into the queue."""
        await self._call("SendMessage", MessageBody=body, MessageAttributes=attributes)

    async def visibility_timeout(self) -> int:
        """Return how many seconds a received message stays hidden."""
        answer = await self._call("GetQueueAttributes", AttributeNames=["VisibilityTimeout"])
        return int(answer["Attributes"]["VisibilityTimeout"])

    async def delete(self, messages: Iterable[Mapping[str, Any]]) -> None:
        """Take the messages off the queue."""
        await self._batches("DeleteMessageBatch", messages)

    async def hide(self, messages: Iterable[Mapping[str, Any]], seconds: int) -> None:
        """Let the messages be received again after `seconds`."""
        await self._batches("ChangeMessageVisibilityBatch", messages, VisibilityTimeout=seconds)

    async def _batches(self, action: str, messages: Iterable[Mapping[str, Any]], **more: Any) -> None:
        """Call an action for ten messages at a time: for all of them, then raise the first error."""
        handles = [message["ReceiptHandle"] for message in messages]
        errors = []
        for start in range(0, len(handles), 10):
            chosen = enumerate(handles[start : start + 10])
            try:
                entries = [{"Id": str(index), "ReceiptHandle": handle, **more} for index, handle in chosen]
                answer = await self._call(action, Entries=entries)
                if failed := answer.get("Failed"):
                    raise QueueError(f"{action} {self._url!r}: {failed}")
            except QueueError as error:
                errors.append(error)
        if errors:
            raise errors[0]

    async def _call(self, action: str, **parameters: Any) -> dict[str, Any]:
        headers = {
            "X-Amz-Target": f"AmazonSQS.{action}",
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": self._authorization,
        }
        body = {"QueueUrl": self._url, **parameters}
        timeout = aiohttp.ClientTimeout(total=_PATIENCE + parameters.get("WaitTimeSeconds", 0))
        try:
            async with self._session.post(self._endpoint, json=body, headers=headers, timeout=timeout) as response:
                return _answer(response.status, await response.read())
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            text = str(error) or type(error).__name__
            raise QueueError(f"{action} {self._url!r}: {text}") from error


def _answer(status: int, content: bytes) -> dict[str, Any]:
    """Return a parsed answer; ValueError for an error and for an answer that is no object."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if status == 200 and isinstance(found, dict):
        return found
    message = found.get("message") or found.get("Message") if isinstance(found, dict) else None
    raise ValueError(f"status {status}: {message}" if message else f"status {status} without a readable answer")


def _is_message(item: object) -> bool:
    return isinstance(item, dict) and item.keys() >= _OF_MESSAGES
