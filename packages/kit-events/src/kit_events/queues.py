"""Where a queue is: its client and URL, without asking AWS."""

import re
from typing import Any

from kit_events.errors import QueueNameError

_ARN = re.compile(r"arn:[a-z-]+:sqs:([a-z0-9-]+):(\d{12}):([A-Za-z0-9_-]{1,80}(?:\.fifo)?)")
_URL = re.compile(r"https?://(?:sqs\.([a-z0-9-]+)\.)?[^/]+/\d{12}/[A-Za-z0-9_-]{1,80}(?:\.fifo)?")


def is_queue(text: str) -> bool:
    """Say whether a text is the URL or the ARN of a queue."""
    return bool(_ARN.fullmatch(text) or _URL.fullmatch(text))


def locate(queue: str) -> tuple[Any, str]:
    """Return a client for the queue's region, and the queue's URL. Raise `QueueNameError` for neither ARN nor URL.

    A queue's URL is the endpoint, the account and the name ("Amazon SQS queue and message identifiers"): to ask for it
    would take a call at each cold start, and a permission.
    """
    from kit_aws import client

    arn = _ARN.fullmatch(queue)
    if arn:
        sqs = client("sqs", region=arn[1])
        return sqs, f"{sqs.meta.endpoint_url}/{arn[2]}/{arn[3]}"
    url = _URL.fullmatch(queue)
    if url is None:
        raise QueueNameError(queue)
    return client("sqs", region=url[1]), queue
