"""The few calls of SQS that a poller needs, on the event loop: a long poll would hold a thread of its own otherwise."""

from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp

from kit_local.errors import LocalError

LONG_POLL = 10  # seconds


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
        return list(answer.get("Messages") or [])

    async def send(self, body: str, attributes: Mapping[str, Any]) -> None:
        """Put a message into the queue."""
        await self._call("SendMessage", MessageBody=body, MessageAttributes=attributes)

    async def visibility_timeout(self) -> int:
        """Return how many seconds a received message stays hidden."""
        answer = await self._call("GetQueueAttributes", AttributeNames=["VisibilityTimeout"])
        return int(answer["Attributes"]["VisibilityTimeout"])

    async def delete(self, messages: Iterable[Mapping[str, Any]]) -> None:
        """Take the messages off the queue."""
        for entries in _chunks({"ReceiptHandle": message["ReceiptHandle"]} for message in messages):
            await self._call("DeleteMessageBatch", Entries=entries)

    async def hide(self, messages: Iterable[Mapping[str, Any]], seconds: int) -> None:
        """Let the messages be received again after `seconds`."""
        hidden = ({"ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": seconds} for message in messages)
        for entries in _chunks(hidden):
            await self._call("ChangeMessageVisibilityBatch", Entries=entries)

    async def _call(self, action: str, **parameters: Any) -> dict[str, Any]:
        headers = {
            "X-Amz-Target": f"AmazonSQS.{action}",
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": self._authorization,
        }
        body = {"QueueUrl": self._url, **parameters}
        try:
            async with self._session.post(self._endpoint, json=body, headers=headers) as response:
                answer: dict[str, Any] = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise QueueError(f"{action} {self._url!r}: {error}") from error
        if response.status != 200:
            raise QueueError(f"{action} {self._url!r}: {answer.get('message') or response.status}")
        return answer


def _chunks(entries: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    named = [{"Id": str(index), **entry} for index, entry in enumerate(entries)]
    return [named[start : start + 10] for start in range(0, len(named), 10)]
