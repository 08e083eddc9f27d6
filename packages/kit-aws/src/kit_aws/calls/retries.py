"""Which answers are asked for again, and after which pause: botocore's standard mode, and better where it is not.

A throttled or failed call is repeated until it succeeds, the attempts are used up or there is no time left: pauses
double, so that seven attempts bridge an outage of more than a second. A quota for each host ends the repetitions where
a service stays away, so that a function's clients do not add to its load.
"""

import time
from collections.abc import Mapping

from kit_core.backoff import Backoff

from kit_aws.calls.model import Operation, Service
from kit_aws.codes import Refusal

MOST_ATTEMPTS = 7

# With at least half of each pause, six of them last 1.6 to 3.2 seconds.
_FAILED = Backoff(0.05, 5.0, least=0.5)
_THROTTLED = Backoff(0.5, 10.0, least=0.2)
_STATUSES = frozenset({500, 502, 503, 504})
_TRANSIENT_CODES = frozenset({"RequestTimeout", "RequestTimeoutException", "IDPCommunicationError"})
_THROTTLING_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "KMS.ThrottlingException",
        "KMSThrottling",
        "KMSThrottlingException",
        "KmsThrottled",
        "KmsThrottlingException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
# Signs of a clock that is off: the signature's time is compared with the service's.
_CLOCK_CODES = frozenset(
    {
        "AuthFailure",
        "InvalidSignatureException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)
_MOST_DIGITS = 12  # of a pause; one with more is beyond all time that there is, too
_SKEWED = 240  # seconds; AWS allows for five minutes, S3 for fifteen


class Quota:
    """Count the repetitions that a host is still granted: some at once, and a few more each second.

    A success gives back a part; so does time, since an outage ends.
    """

    def __init__(self, most: float = 100, per_second: float = 2) -> None:
        self._most = most
        self._per_second = per_second
        self._left = most
        self._at = time.monotonic()

    def take(self) -> bool:
        """Take one repetition; say whether there was one."""
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def give_back(self) -> None:
        """Add a repetition, after a success that needed some."""
        self._left = min(self._most, self._left + 1)


def is_throttling(refusal: Refusal, operation: Operation) -> bool:
    """Say whether the service asks to slow down."""
    return refusal.code in _THROTTLING_CODES or (refusal.status == 429 and refusal.code not in operation.errors)


def is_transient(refusal: Refusal, service: Service, operation: Operation) -> bool:
    """Say whether the same call may succeed a moment later."""
    return (
        refusal.status in _STATUSES
        or refusal.code in _TRANSIENT_CODES
        or (refusal.code in service.retryable and refusal.code in operation.errors)
    )


def pause(attempt: int, *, throttled: bool, headers: Mapping[str, str]) -> float:
    """Return the seconds before the next attempt: as many as the service asks for, if it asks for more."""
    seconds = (_THROTTLED if throttled else _FAILED).delay(attempt)
    for name, unit in (("retry-after", 1), ("x-amz-retry-after", 1000)):
        asked = headers.get(name, "").strip()
        if asked.isdecimal():
            return max(seconds, int(asked[:_MOST_DIGITS]) / unit)
    return seconds


def clock_offset(refusal: Refusal, headers: Mapping[str, str], now: float, used: float) -> float | None:
    """Return the seconds that the service's clock is ahead of `now`, if the call failed because this one is off.

    used: the offset by which the call was signed
    """
    if refusal.code not in _CLOCK_CODES or "date" not in headers:
        return None
    from kit_aws.calls.times import http_time_of

    try:
        offset = http_time_of(headers["date"]).timestamp() - now
    except ValueError:
        return None
    return offset if abs(offset - used) > _SKEWED else None
