"""Poison messages, backing off, and what happens when the ports themselves fail."""

import logging
from collections.abc import Iterable
from typing import Any

import pytest
from kit_handler import Backoff, PermanentError, job
from kit_testing import failed_ids
from kit_testing.events import kinesis_event, s3_event, sqs_event

BODIES = ["ok", "poison", "bad", "ok"]


class Letters(list[Any]):
    """A dead letter hook that remembers."""

    def __call__(self, raw: dict[str, Any], error: Exception) -> None:
        self.append((raw["messageId"] if "messageId" in raw else raw["eventSource"], type(error).__name__))


def fail(record: dict[str, Any]) -> None:
    if record["body"] == "poison":
        raise PermanentError("never")
    if record["body"] == "bad":
        raise ValueError("not now")


def test_a_permanent_error_goes_to_the_hook_and_counts_as_done() -> None:
    letters = Letters()
    assert failed_ids(job(dead_letter=letters)(fail)(sqs_event(BODIES))) == ["message-3"]
    assert letters == [("message-2", "PermanentError")]


def test_without_a_hook_nothing_is_lost() -> None:
    assert failed_ids(job(fail)(sqs_event(BODIES))) == ["message-2", "message-3"]


@pytest.mark.parametrize("permanent", [ValueError, (ValueError,), [LookupError, ValueError]])
def test_other_types_can_be_listed(permanent: Any) -> None:
    letters = Letters()
    assert failed_ids(job(dead_letter=letters, permanent=permanent)(fail)(sqs_event(BODIES))) == []
    assert [name for _, name in letters] == ["PermanentError", "ValueError"]


def test_a_record_that_cannot_be_read_can_be_permanent_too() -> None:
    class Unreadable:
        @classmethod
        def from_record(cls, raw: dict[str, Any]) -> Iterable["Unreadable"]:
            raise ValueError("no shape")

    letters = Letters()

    @job(dead_letter=letters, permanent=ValueError)
    def process(record: Unreadable) -> None:
        raise AssertionError

    assert failed_ids(process(sqs_event(["a"]))) == []
    assert letters == [("message-1", "ValueError")]


@pytest.mark.parametrize(("receives", "failed"), [(2, ["message-1"]), (3, []), (4, [])])
def test_enough_receives_are_enough(receives: int, failed: list[str]) -> None:
    letters = Letters()
    handler = job(dead_letter=letters, max_receives=3)(fail)
    assert failed_ids(handler(sqs_event(["bad"], receives=receives))) == failed
    assert bool(letters) is not bool(failed)


def test_a_hook_that_fails_leaves_the_record_failed(caplog: pytest.LogCaptureFixture) -> None:
    def broken(raw: Any, error: Exception) -> None:
        raise ConnectionError("no queue")

    assert failed_ids(job(dead_letter=broken)(fail)(sqs_event(["poison", "ok"]))) == ["message-1"]
    assert "has not taken record message-1" in caplog.text


@pytest.mark.parametrize("concurrency", [1, 3])
def test_the_hook_may_be_a_coroutine_function(concurrency: int) -> None:
    letters = Letters()

    async def hook(raw: Any, error: Exception) -> None:
        letters(raw, error)

    @job(dead_letter=hook, concurrency=concurrency)
    async def process(record: dict[str, Any]) -> None:
        fail(record)

    assert failed_ids(process(sqs_event(BODIES))) == ["message-3"]
    assert failed_ids(job(dead_letter=hook, concurrency=concurrency)(fail)(sqs_event(BODIES))) == ["message-3"]
    assert len(letters) == 2


def test_the_rest_of_a_group_goes_on_after_a_poisoned_message() -> None:
    seen = []

    @job(dead_letter=Letters())
    def process(record: dict[str, Any]) -> None:
        seen.append(record["body"])
        fail(record)

    assert failed_ids(process(sqs_event(["poison", "ok", "bad", "ok"], groups="gggg"))) == ["message-3", "message-4"]
    assert seen == ["poison", "ok", "bad"]


def test_a_shard_and_a_bucket_go_on_too() -> None:
    letters = Letters()

    @job(dead_letter=letters)
    def process(record: dict[str, Any]) -> None:
        raise PermanentError

    assert failed_ids(process(kinesis_event(["a", "b"]))) == []
    assert process(s3_event(["a"])) is None
    assert [name for name, _ in letters] == ["aws:kinesis", "aws:kinesis", "aws:s3"]


def test_the_whole_batch_can_be_poisoned() -> None:
    letters = Letters()

    @job(dead_letter=letters)
    def process(records: list[dict[str, Any]]) -> None:
        raise PermanentError

    assert failed_ids(process(sqs_event(["a", "b"]))) == []
    assert [name for name, _ in letters] == ["message-1", "message-2"]


@pytest.mark.parametrize("options", [{"permanent": (ValueError,)}, {"max_receives": 3}])
def test_what_needs_a_hook_says_so_at_import(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="dead_letter"):
        job(**options)(fail)


def test_wrong_options_fail_at_import() -> None:
    with pytest.raises(TypeError, match="types of exceptions"):
        job(dead_letter=Letters(), permanent=["ValueError"])(fail)  # type: ignore[list-item]
    with pytest.raises(ValueError, match="max_receives"):
        job(dead_letter=Letters(), max_receives=0)(fail)
    with pytest.raises(TypeError, match="visibility"):
        job(backoff=3)(fail)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="seconds"):
        Backoff(print, first=50_000, most=60_000)


def test_failed_messages_wait_longer_each_time() -> None:
    asked: list[Any] = []
    handler = job(backoff=Backoff(asked.append, first=10, most=100))(fail)
    for receives, (least, most) in {1: (5, 10), 2: (10, 20), 3: (20, 40), 9: (50, 100), 10**6: (50, 100)}.items():
        assert failed_ids(handler(sqs_event(["bad", "ok", "bad"], receives=receives))) == ["message-1", "message-3"]
        delays = [(raw["messageId"], seconds) for raw, seconds in asked.pop()]
        assert [name for name, _ in delays] == ["message-1", "message-3"]
        assert all(least <= seconds <= most for _, seconds in delays)


def test_the_port_is_enough_and_is_not_asked_in_vain() -> None:
    asked: list[Any] = []
    handler = job(backoff=asked.append)(fail)
    handler(sqs_event(["ok"]))
    handler({"Records": [{"eventSource": "aws:kinesis", "kinesis": {"sequenceNumber": "1"}}]})
    assert asked == []
    handler(sqs_event(["bad"]))
    assert len(asked) == 1


def test_a_port_that_fails_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(delays: Any) -> None:
        raise ConnectionError

    assert failed_ids(job(backoff=broken)(fail)(sqs_event(["bad"]))) == ["message-1"]
    assert any("could not delay 1 messages" in record.message for record in caplog.records)
    assert caplog.records[-1].levelno == logging.WARNING
