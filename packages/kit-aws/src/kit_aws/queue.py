"""A queue by name, URL or ARN, also of another region or account."""

import re
from typing import Any

from kit_aws.cache import ValueCache
from kit_aws.calls.call import perform
from kit_aws.calls.early import load_early_model
from kit_aws.errors import ResourceNotFoundError

urls: ValueCache[str, str] = ValueCache()

_REGION_IN_URL = re.compile(
    r"https://(?: (?:[\w-]+\.)? sqs(?:-fips)? \.([a-z0-9-]+)\.(?:vpce\.)? | ([a-z0-9-]+)\.queue\. ) amazonaws\.com",
    re.X,
)


class Queue:
    """Call operations of SQS on one queue; its URL is looked up once, and again when the queue is gone."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._is_url = name.startswith(("https://", "http://"))
        self._region = region_of(name)

    @property
    def is_fifo(self) -> bool:
        """Say whether messages are kept in order."""
        return self.name.endswith(".fifo")

    def call(self, operation: str, **parameters: Any) -> Any:
        """Call an operation. Raise `ResourceNotFoundError` for an unknown queue."""
        try:
            return self._call(operation, parameters, force=False)
        except ResourceNotFoundError:
            if self._is_url:
                raise
            # It may have been created again elsewhere.
            return self._call(operation, parameters, force=True)

    def _call(self, operation: str, parameters: dict[str, Any], *, force: bool) -> Any:
        given = {"QueueUrl": self._url(force=force), **parameters}
        return perform("sqs", operation, given, region=self._region, resource=self.name)

    def _url(self, *, force: bool) -> str:
        if self._is_url:
            return self.name

        def read() -> str:
            wanted = {"QueueName": self.name}
            if self.name.startswith("arn:"):
                account, name = self.name.split(":")[4:6]
                wanted = {"QueueName": name, "QueueOwnerAWSAccountId": account}
            url: str = perform("sqs", "GetQueueUrl", wanted, region=self._region, resource=self.name)["QueueUrl"]
            return url

        return urls.get(self.name, read, max_age=float("inf"), force=force)


def region_of(queue: str) -> str | None:
    """Return the region that an ARN or a URL names; a bare name is in the function's own."""
    if queue.startswith("arn:"):
        parts = queue.split(":")
        if len(parts) != 6 or parts[2] != "sqs":
            raise ValueError(f"{queue!r} is not the ARN of a queue")
        return parts[3]
    match = _REGION_IN_URL.match(queue)
    return (match[1] or match[2]) if match else None


load_early_model("sqs")
