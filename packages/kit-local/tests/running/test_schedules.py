"""Schedules: when they are due, and what their targets get."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kit_local.sources import schedules
from kit_local.sources.timing import timing

START = datetime(2030, 1, 31, 12, 30, 10, tzinfo=UTC)  # a Thursday


def due(expression: str, count: int, *, zone: str = "UTC", start: datetime = START) -> list[str]:
    found, moment = [], start
    for _ in range(count):
        after = timing(expression, zone).after(moment)
        if after is None:
            break
        found.append(after.strftime("%Y-%m-%d %H:%M"))
        moment = after
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(1 minute)", ["2030-01-31 12:31", "2030-01-31 12:32"]),
        ("rate(2 hours)", ["2030-01-31 14:30", "2030-01-31 16:30"]),
        ("rate(1 day)", ["2030-02-01 12:30", "2030-02-02 12:30"]),
        ("at(2030-02-01T08:00:00)", ["2030-02-01 08:00"]),
        ("at(2030-01-31T12:00:00)", []),
        ("cron(0/15 * * * ? *)", ["2030-01-31 12:45", "2030-01-31 13:00"]),
        ("cron(0 8-10/2 ? * MON-FRI *)", ["2030-02-01 08:00", "2030-02-01 10:00", "2030-02-04 08:00"]),
        ("cron(0 8 ? * 2,SAT *)", ["2030-02-02 08:00", "2030-02-04 08:00"]),
        ("cron(0 0 L * ? *)", ["2030-02-28 00:00", "2030-03-31 00:00"]),
        ("cron(0 0 LW * ? *)", ["2030-02-28 00:00", "2030-03-29 00:00"]),
        ("cron(0 0 1W JUN,SEP ? *)", ["2030-06-03 00:00", "2030-09-02 00:00"]),
        ("cron(0 0 15W 9 ? *)", ["2030-09-16 00:00"]),
        ("cron(0 0 ? * 2#1 *)", ["2030-02-04 00:00", "2030-03-04 00:00"]),
        ("cron(0 0 ? * 6L *)", ["2030-02-22 00:00", "2030-03-29 00:00"]),
        ("cron(0 0 ? * L *)", ["2030-02-02 00:00", "2030-02-09 00:00"]),
        ("cron(0 0 29 2 ? *)", ["2032-02-29 00:00", "2036-02-29 00:00"]),
        ("cron(30 12 31 1 ? 2030-2032)", ["2031-01-31 12:30", "2032-01-31 12:30"]),
    ],
)
def test_when_an_expression_is_due(expression: str, expected: list[str]) -> None:
    assert due(expression, len(expected) or 1) == expected


def test_a_time_zone_has_its_own_hours() -> None:
    summer = datetime(2030, 3, 30, 12, tzinfo=UTC)
    assert due("cron(0 8 * * ? *)", 2, zone="Europe/Berlin", start=summer) == ["2030-03-31 06:00", "2030-04-01 06:00"]
    assert due("at(2030-02-01T08:00:00)", 1, zone="America/New_York") == ["2030-02-01 13:00"]


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minutes)", "rate(5 minute)", "rate(0 minutes)", "rate(1 second)", "every day", "at(tomorrow)",
        "cron(0 8 * * * *)", "cron(0 8 ? * ? *)", "cron(0 8 * * *)", "cron(60 8 * * ? *)", "cron(0 8 * 13 ? *)",
        "cron(0 8 ? * XYZ *)", "cron(0 8 x * ? *)",
    ],
)  # fmt: skip
def test_an_expression_that_aws_refuses(expression: str) -> None:
    with pytest.raises(ValueError):  # of several libraries
        timing(expression)


TEMPLATE = """
Dead: {Type: AWS::SQS::Queue, Properties: {QueueName: plain}}
Relay:
  Type: AWS::Serverless::Function
  Properties:
    Events:
      Often: {Type: Schedule, Properties: {Schedule: rate(1 minute)}}
      Told: {Type: Schedule, Properties: {Schedule: "cron(0 * * * ? *)", Input: '{"told": 1}'}}
      Stopped: {Type: Schedule, Properties: {Schedule: rate(1 minute), Enabled: false}}
      Second:
        Type: ScheduleV2
        Properties: {ScheduleExpression: rate(1 minute), Name: second}
      Filled:
        Type: ScheduleV2
        Properties:
          ScheduleExpression: cron(0 9 * * ? *)
          ScheduleExpressionTimezone: Europe/Berlin
          Input: '{"at": "<aws.scheduler.scheduled-time>", "of": "<aws.scheduler.schedule-arn>"}'
      Over: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 minute), EndDate: "2001-01-01T00:00:00Z"}}
Plain:
  Type: AWS::Scheduler::Schedule
  Properties:
    ScheduleExpression: rate(1 minute)
    FlexibleTimeWindow: {Mode: "OFF"}
    Target: {Arn: !GetAtt Dead.Arn, RoleArn: "arn:aws:iam::123456789012:role/a", Input: no json}
"""


class Clock:
    """A time of its own, which passes while somebody sleeps, until `end`."""

    def __init__(self, start: datetime, seconds: float) -> None:
        self.moment, self.end = start, start + timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        wanted = self.moment + timedelta(seconds=seconds)
        if wanted > self.end:
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        self.moment = max(self.moment, wanted)


@pytest.mark.anyio
async def test_schedules_call_functions_and_queues(run_template: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(datetime(2030, 1, 31, 7, 59, 30, tzinfo=UTC), 70)
    monkeypatch.setattr(schedules.Schedules.__init__, "__kwdefaults__", {"now": clock.now, "sleep": clock.sleep})
    shop = await run_template(TEMPLATE)
    [plain] = await shop.messages("plain", 1)
    assert plain["Body"] == "no json"
    await shop.until(lambda: len(shop.notes) == 4)

    def one(**wanted: str) -> Any:
        [found] = [note for note in shop.notes if wanted.items() <= note.items()]
        return found

    often, second = one(source="aws.events"), one(source="aws.scheduler")
    assert often["detail-type"] == second["detail-type"] == "Scheduled Event"
    assert (often["detail"], second["detail"]) == ({}, "{}")
    assert often["resources"][0].startswith("arn:aws:events:us-east-1:123456789012:rule/shop-RelayOften-")
    assert second["resources"] == ["arn:aws:scheduler:us-east-1:123456789012:schedule/default/second"]
    assert {"told": 1} in shop.notes
    filled = one(at="2030-01-31T08:00:00Z")
    assert filled["of"].startswith("arn:aws:scheduler:")
    await shop.until(lambda: "Relay schedule RelayOften" in shop.screen.getvalue())
    assert json.dumps(shop.notes).count("Scheduled Event") == 2


@pytest.mark.anyio
async def test_a_schedule_that_cannot_be_is_named_with_its_line(run_template: Any) -> None:
    from kit_local.errors import TemplateError

    template = TEMPLATE.replace("rate(1 minute), Enabled", "rate(1 minutes), Enabled")
    with pytest.raises(TemplateError, match=r"template\.yaml:\d+: RelayStopped: .*a rate is 1 minute"):
        await run_template(template)
