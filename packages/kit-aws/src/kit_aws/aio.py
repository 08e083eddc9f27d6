"""Twins of this package's functions, to be awaited: the same names, parameters, results and errors.

Each runs in a thread of the loop's default executor, with the caller's context variables; the loop itself never waits.
Cancelling ends the wait; the call that the thread has begun goes on.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from kit_core.connections import Answer

import kit_aws

P = ParamSpec("P")
R = TypeVar("R")


def _twin(function: Callable[P, R]) -> Callable[P, Coroutine[Any, Any, R]]:
    @wraps(function)
    async def awaited(*args: P.args, **options: P.kwargs) -> R:
        return await asyncio.to_thread(function, *args, **options)

    return awaited


call = _twin(kit_aws.call)
enqueue = _twin(kit_aws.enqueue)
enqueue_many = _twin(kit_aws.enqueue_many)
get_account_id = _twin(kit_aws.get_account_id)
get_secret = _twin(kit_aws.get_secret)
get_secret_bytes = _twin(kit_aws.get_secret_bytes)
get_secret_json = _twin(kit_aws.get_secret_json)
get_secrets = _twin(kit_aws.get_secrets)
get_ssm_parameter = _twin(kit_aws.get_ssm_parameter)
get_ssm_parameters = _twin(kit_aws.get_ssm_parameters)
get_url = _twin(kit_aws.get_url)
invoke = _twin(kit_aws.invoke)
notify = _twin(kit_aws.notify)
post_form = _twin(kit_aws.post_form)
presign = _twin(kit_aws.presign)
put_ssm_parameter = _twin(kit_aws.put_ssm_parameter)
put_url = _twin(kit_aws.put_url)


class SignedSession(kit_aws.SignedSession):
    """Send signed requests as `kit_aws.SignedSession` does; `request` is to be awaited."""

    async def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | str = b"",
        *,
        timeout: float | None = None,
        repeatable: bool | None = None,
    ) -> Answer:
        """Sign and send a request in a thread; see `kit_aws.SignedSession.request`."""
        return await asyncio.to_thread(
            super().request, method, url, headers, body, timeout=timeout, repeatable=repeatable
        )
