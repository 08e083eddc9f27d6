"""A stream that feeds a function: shard by shard, in order, stopping at a failure.

After "Using AWS Lambda with Amazon DynamoDB", "… with Amazon Kinesis" and "Configuring partial batch response".
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError
from kit_testing.servers import Aws

from kit_local.errors import LocalError, MappingError
from kit_local.logs import Outcome
from kit_local.runtime.api import Answer
from kit_local.runtime.pool import Functions, RefusedError
from kit_local.sources import stream_events
from kit_local.sources.asynchronous import Send
from kit_local.sources.filters import lets_in
from kit_local.sources.queue import failures
from kit_local.sources.repeat import persist
from kit_local.stack import StreamSource

_PAUSE = 0.25  # seconds between two looks into a shard
Records = list[dict[str, Any]]
logger = logging.getLogger("kit.local")


class StreamError(LocalError):
    """The local endpoint has refused a call, or doesn't answer."""


class Stream:
    """One event source mapping. `retry_delay` is the seconds until a failed batch is tried again, one by default.

    `send` puts batches that are given up into their destination, `fail` gets the error after which nothing is read.
    """

    def __init__(
        self,
        source: StreamSource,
        cloud: Aws,
        functions: Functions,
        *,
        send: Send,
        fail: Callable[[LocalError], object],
        retry_delay: int | None,
    ) -> None:
        self._source, self._functions, self._send, self._fail = source, functions, send, fail
        self._client = cloud.client("dynamodbstreams" if source.kind == "dynamodb" else "kinesis")
        self._retry_delay = 1 if retry_delay is None else retry_delay
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Read no more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        shards = await persist(self._shards, name=self._source.mapping)
        try:
            async with asyncio.TaskGroup() as tasks:
                for shard in shards:
                    tasks.create_task(self._shard(shard))
        except* MappingError as group:
            for error in group.exceptions:
                self._fail(error)  # type: ignore[arg-type]
        except* Exception:
            logger.exception("%s is not read any more", self._source.arn)

    async def _shards(self) -> list[str]:
        if self._source.kind == "dynamodb":
            found = await self._call("describe_stream", StreamArn=self._source.arn)
            listed = found["StreamDescription"]["Shards"]
        else:
            listed = (await self._call("list_shards", StreamARN=self._source.arn))["Shards"]
        return [shard["ShardId"] for shard in listed]

    async def _shard(self, shard: str) -> None:
        """Read one shard from where the mapping says to its end."""
        of_table = self._source.kind == "dynamodb"
        stream = {"StreamArn": self._source.arn} if of_table else {"StreamName": self._source.name}
        where = {**stream, "ShardId": shard, "ShardIteratorType": self._source.position}

        async def begin() -> str:
            return str((await self._call("get_shard_iterator", **where))["ShardIterator"])

        async def read_on() -> tuple[Records, str | None]:
            wanted = min(self._source.batch_size - len(read), 1000)
            answer = await self._call("get_records", ShardIterator=at, Limit=wanted)
            items = [stream_events.record(item, self._source, shard) for item in answer["Records"]]
            return items, answer.get("NextShardIterator")

        at: str | None = await persist(begin, name=self._source.mapping)
        read: Records = []
        since = time.monotonic()
        while at:
            items, at = await persist(read_on, name=self._source.mapping)
            if items and not read:
                since = time.monotonic()
            read += items
            if read and (len(read) >= self._source.batch_size or time.monotonic() - since >= self._source.window):
                chosen = [item for item in read if lets_in(self._source.filters, stream_events.filtered(item))]
                read = []
                await self._through(chosen, shard)
            elif not items:
                await asyncio.sleep(_PAUSE)

    async def _call(self, operation: str, **parameters: Any) -> Any:
        try:
            return await asyncio.to_thread(getattr(self._client, operation), **parameters)
        except (BotoCoreError, ClientError) as error:
            raise StreamError(f"{operation} {self._source.arn}: {error}") from error

    async def _through(self, records: Records, shard: str) -> None:
        """Run the function until all the records are done or given up."""
        attempt = 0
        while records:
            if self._too_old(records):
                await self._give_up(records, shard, "RecordAgeExceeded", attempt)
                return
            attempt += 1
            left = await self._invoke(records)
            if not left:
                return
            attempt, records = (0 if len(left) < len(records) else attempt), left
            if self._source.bisects and len(records) > 1 and attempt:
                half = len(records) // 2
                await self._through(records[:half], shard)
                await self._through(records[half:], shard)
                return
            if 0 <= self._source.retries < attempt:
                await self._give_up(records, shard, "RetryAttemptsExhausted", attempt)
                return
            await asyncio.sleep(self._retry_delay)

    async def _invoke(self, records: Records) -> Records:
        """Run the function once; return the first record that has failed, and all after it."""
        numbers = [stream_events.number(item) for item in records]
        left: Records = []

        def judge(answer: Answer) -> Outcome:
            nonlocal left
            failed = self._failed(answer, set(numbers))
            first = min((numbers.index(name) for name in failed), default=len(records))
            left = records[first:]
            partial = left and not answer.failed
            return (f"failed from {first + 1} of {len(records)}", "red") if partial else answer.outcome

        title = f"{self._source.kind} {self._source.name}" + (f" ×{len(records)}" if len(records) > 1 else "")
        event, function = {"Records": records}, self._source.function
        try:
            answer = await self._functions.invoke(function, event, source=title, wait=True, judge=judge)
        except RefusedError:
            return records
        except Exception:
            logger.exception("a batch of %s could not be worked on", self._source.arn)
            return records
        if left and not answer.failed and not self._source.report_failures:
            counts = {"failed": len(left), "count": len(records)}
            raise MappingError(function, self._source.mapping, fate="passed over", **counts)
        return left

    def _failed(self, answer: Answer, everything: set[str]) -> set[str]:
        """Return the numbers that have failed: also those that the function names, and nobody would read on AWS."""
        if answer.failed:
            return everything
        misses = answer.mapping.get("batchItemFailures")
        return failures(answer, everything) if self._source.report_failures or misses else set()

    def _too_old(self, records: Records) -> bool:
        oldest = self._source.oldest
        return oldest > 0 and time.time() - stream_events.arrival(records[0]) > oldest

    async def _give_up(self, records: Records, shard: str, condition: str, attempts: int) -> None:
        """Go on without the records; their destination is told where they are, not what they hold."""
        source = self._source
        where = source.on_failure.rpartition(":")[2] or "nowhere: the mapping has no DestinationConfig"
        logger.warning("%s: %d records are given up (%s) -> %s", source.mapping, len(records), condition, where)
        if not source.on_failure:
            return
        moments = [_time(stream_events.arrival(item)) for item in (records[0], records[-1])]
        batch = {
            "shardId": shard,
            "startSequenceNumber": stream_events.number(records[0]),
            "endSequenceNumber": stream_events.number(records[-1]),
            "approximateArrivalOfFirstRecord": moments[0],
            "approximateArrivalOfLastRecord": moments[1],
            "batchSize": len(records),
            "streamArn": source.arn,
        }
        context = {"requestId": str(uuid4()), "functionArn": source.function_arn, "condition": condition}
        body = {
            "requestContext": {**context, "approximateInvokeCount": attempts},
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": _time(time.time()),
            "DDBStreamBatchInfo" if source.kind == "dynamodb" else "KinesisBatchInfo": batch,
        }
        try:
            await self._send(source.on_failure, json.dumps(body), {})
        except Exception as error:  # noqa: BLE001 - the shard goes on
            logger.warning("%s is not told of them: %s", where, error)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
