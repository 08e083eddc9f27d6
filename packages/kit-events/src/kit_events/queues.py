"""Where a queue is: its region and URL, without asking AWS."""

import re

from kit_events.errors import QueueNameError

_ARN = re.compile(r"arn:[a-z-]+:sqs:([a-z0-9-]+):(\d{12}):([A-Za-z0-9_-]{1,80}(?:\.fifo)?)")
_URL = re.compile(r"https?://[^/]+/\d{12}/[A-Za-z0-9_-]{1,80}(?:\.fifo)?")
# Regional, FIPS and VPC endpoints, and the one that was before ("Amazon SQS endpoints and quotas").
_REGION = re.compile(r"https?://(?:(?:[\w-]+\.)?sqs(?:-fips)?\.([a-z0-9-]+)|([a-z0-9-]+)\.queue)\.[^/]+/")


def is_queue(text: str) -> bool:
    """Say whether a text is the URL or the ARN of a queue."""
    return bool(_ARN.fullmatch(text) or _URL.fullmatch(text))


def locate(queue: str) -> tuple[str | None, str]:
    """Return a queue's region, None for the function's own, and its URL.

    Raise `QueueNameError` for a text that is neither ARN nor URL.

    A queue's URL is the endpoint, the account and the name ("Amazon SQS queue and message identifiers"): to ask for it
    would take a call at each cold start, and a permission.
    """
    arn = _ARN.fullmatch(queue)
    if arn:
        from kit_aws import get_endpoint

        return arn[1], f"{get_endpoint('sqs', arn[1]).url.rstrip('/')}/{arn[2]}/{arn[3]}"
    if not _URL.fullmatch(queue):
        raise QueueNameError(queue)
    region = _REGION.match(queue)
    return (region[1] or region[2]) if region else None, queue
