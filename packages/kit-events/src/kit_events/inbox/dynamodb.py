"""An inbox in a DynamoDB table."""

import logging
import math
import time
from collections.abc import Callable
from typing import Any

from kit_aws import AwsError, call
from kit_core import guards

from kit_events.errors import InProgressError, LeaseLostError
from kit_events.inbox.leases import LeasedInbox

_LOST = "ConditionalCheckFailedException"
# An item whose time is over may still be there for days: DynamoDB removes it when it finds the time.
_FREE = "attribute_not_exists(#id) OR #until <= :now"
# Of an item's 409600 bytes, which the key (2048 at most) and the other attributes are part of.
_MOST_BYTES = 400_000


class DynamoDBInbox(LeasedInbox):
    """Remember in a table with the string key `id` and time to live on `expires_at`.

    Taking, finishing and releasing a key are one conditional write each. The effect of the work is not part of them: a
    process that is killed between its effect and the finishing does the work again when its lease is over. A result of
    more than 400,000 bytes is logged (`INBOX_RESULT_NOT_KEPT`) and not kept.
    """

    def __init__(self, table: str, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(clock=clock)
        self.table = table

    def _take(self, key: str, token: str, *, now: float, until: float) -> str | None:
        item = {"id": {"S": key}, "token": {"S": token}, **_times(until)}
        try:
            self._call(
                "PutItem",
                Item=item,
                ConditionExpression=_FREE,
                ExpressionAttributeNames={"#id": "id", "#until": "until"},
                ExpressionAttributeValues={":now": {"N": repr(now)}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except AwsError as error:
            found = _refused(error)
            if found is None:
                raise
            if "result" in found:
                return str(found["result"]["S"])
            # The answer to a write that was sent again, because the first answer got lost, looks like this.
            if found.get("token", {}).get("S") == token:
                return None
            left = float(found["until"]["N"]) - now if "until" in found else 0.0
            raise InProgressError(key, left) from None
        return None

    def _finish(self, key: str, token: str, result: str, *, expires: float) -> None:
        if len(result.encode()) > _MOST_BYTES:
            told = {"inbox_key": key, "bytes": len(result.encode())}
            guards.log("kit.events", logging.WARNING, "INBOX_RESULT_NOT_KEPT", extra=told)
            result = "null"
        values = {f":{name}": value for name, value in _times(expires).items()} | {":result": {"S": result}}
        names = {"#result": "result", "#until": "until", "#expires_at": "expires_at"}
        update = "SET #result = :result, #until = :until, #expires_at = :expires_at"
        try:
            self._held("UpdateItem", key, token, names, values, UpdateExpression=update)
        except AwsError as error:
            if _refused(error) is None:
                raise
            raise LeaseLostError(key) from None

    def _release(self, key: str, token: str) -> None:
        try:
            self._held("DeleteItem", key, token, {}, {})
        except AwsError as error:
            # Somebody else has taken it over, and holds or has finished it: there is nothing left to release.
            if _refused(error) is None:
                raise

    def _held(
        self, operation: str, key: str, token: str, names: dict[str, str], values: dict[str, Any], **options: Any
    ) -> None:
        self._call(
            operation,
            Key={"id": {"S": key}},
            ConditionExpression="#token = :token",
            ExpressionAttributeNames={"#token": "token"} | names,
            ExpressionAttributeValues={":token": {"S": token}} | values,
            **options,
        )

    def _call(self, operation: str, **parameters: Any) -> None:
        call("dynamodb", operation, {"TableName": self.table, **parameters})


def _times(until: float) -> dict[str, Any]:
    return {"until": {"N": repr(until)}, "expires_at": {"N": str(math.ceil(until))}}


def _refused(error: AwsError) -> dict[str, Any] | None:
    """Return the item that a condition failed for (empty if it is gone), or None for any other error."""
    if error.code != _LOST:
        return None
    return dict(error.details.get("Item") or {})
