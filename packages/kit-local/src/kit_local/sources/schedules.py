"""Schedules: EventBridge's rules with a ScheduleExpression, and EventBridge Scheduler's own."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from kit_local.sources.bus import Bus
from kit_local.stack import Rule

_LONGEST = 30.0  # seconds of one sleep: a machine that was suspended meanwhile has another time afterwards


def utc() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class Schedules:
    """Give each rule's targets its event whenever it is due, from now until `stop`."""

    def __init__(
        self,
        rules: Iterable[Rule],
        bus: Bus,
        *,
        now: Callable[[], datetime] = utc,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self._bus, self._now, self._sleep = bus, now, sleep
        self._tasks = [asyncio.create_task(self._run(rule)) for rule in rules if rule.timing and rule.enabled]

    async def stop(self) -> None:
        """Let nothing be due any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, rule: Rule) -> None:
        moment = max(self._now(), rule.starts) if rule.starts else self._now()
        while rule.timing and (due := rule.timing.after(moment)) and (rule.ends is None or due <= rule.ends):
            while (left := (due - self._now()).total_seconds()) > 0:
                await self._sleep(min(left, _LONGEST))
            for target in rule.targets:
                event = scheduled(rule, due)
                if rule.of_scheduler:
                    target = replace(target, input=_filled(target.input, event))
                await asyncio.to_thread(self._bus.deliver, target, event, f"schedule {rule.name}")
            moment = max(due, self._now())  # what was missed is not made up for


def scheduled(rule: Rule, due: datetime) -> dict[str, Any]:
    """Return the event of a schedule whose target has no input of its own."""
    _, _, _, region, account, _ = rule.arn.split(":", 5)
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler" if rule.of_scheduler else "aws.events",
        "account": account,
        "time": due.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [rule.arn],
        "detail": "{}" if rule.of_scheduler else {},
    }


def _filled(text: str, event: dict[str, Any]) -> str:
    """Return an input with its context attributes ("Adding context attributes in EventBridge Scheduler")."""
    values = {
        "schedule-arn": event["resources"][0],
        "scheduled-time": event["time"],
        "execution-id": event["id"],
        "attempt-number": "1",
    }
    for name, value in values.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text
