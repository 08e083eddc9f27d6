"""Where a queue is: its client and URL, without asking AWS."""

import re
from typing import Any

from kit_events.errors import QueueNameError

_ARN = re.compile(r"arn:[a-z-]+:sqs:([a-z0-9-]+):(\d{12}):([A-Za-z0-9_-]{1,80}(?:\.fifo)?)")
_URL = re.compile(r"https?://[^/]+/\d{12}/[A-Za-z0-9_-]{1,80}(?:\.fifo)?")
# Regional, FIPS and VPC endpoints, and the one that was before ("Amazon SQS endpoints and quotas").
_REGION = re.compile(r"https?://(?:(?:[\w-]+\.)?sqs(?:-fips)?\.([a-z0-9-]+)|([a-z0-9-]+)\.queue)\.[^/]+/")


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
        return sqs, f"{sqs.meta.endpoint_url.rstrip('/')}/{arn[2]}/{arn[3]}"
    if not _URL.fullmatch(queue):
        raise QueueNameError(queue)
    region = _REGION.match(queue)
    return client("sqs", region=region and (region[1] or region[2])), queue
