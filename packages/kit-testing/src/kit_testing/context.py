"""The context object that Lambda passes beside the event."""

import time
from uuid import uuid4

from kit_testing.events._values import ACCOUNT, REGION


class LambdaContext:
    """Stand for Lambda's context object, with `timeout` seconds left and a clock that runs.

    Example:
        >>> context = LambdaContext(timeout=30)
        >>> context.spend(20)
        >>> context.get_remaining_time_in_millis() <= 10_000
        True
    """

    def __init__(
        self,
        *,
        timeout: float = 30.0,
        function_name: str = "test",
        aws_request_id: str | None = None,
        tenant_id: str | None = None,
    ) -> None:
        self.function_name = function_name
        self.function_version = "$LATEST"
        self.invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function_name}"
        self.memory_limit_in_mb = "128"
        self.aws_request_id = aws_request_id or str(uuid4())
        self.log_group_name = f"/aws/lambda/{function_name}"
        self.log_stream_name = "2026/03/01/[$LATEST]test"
        self.identity = None
        self.tenant_id = tenant_id
        self.client_context = None
        self._ends = time.monotonic() + timeout

    def get_remaining_time_in_millis(self) -> int:
        """Return the remaining milliseconds, at least 0."""
        return max(0, int((self._ends - time.monotonic()) * 1000))

    def spend(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self._ends -= seconds
