"""Annotations that are strings, as every one is after `from __future__ import annotations`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from kit_handler import AnnotationError, job
from kit_testing.events import sqs_event

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal


class Message:
    def __init__(self, text: str) -> None:
        self.text = text

    @classmethod
    def from_record(cls, raw: Mapping[str, Any]) -> list[Message]:
        return [cls(raw["body"])]


seen: list[Any] = []


@job
def of_the_module(record: Message) -> None:
    seen.append(record.text)


@job
async def plain(record: dict[str, Any]) -> None:
    seen.append(record["body"])


@job
def only_for_type_checkers(record: Decimal) -> None:
    seen.append(record)


def test_future_annotations_are_resolved() -> None:
    class Local(Message):
        @classmethod
        def from_record(cls, raw: Mapping[str, Any]) -> list[Message]:
            return [cls("local")]

    @job
    def local(record: Local, context: object) -> None:
        seen.append(record.text)

    seen.clear()
    for process in (of_the_module, plain, local):
        process(sqs_event(["a"]))
    assert seen == ["a", "a", "local"]


def test_a_name_for_type_checkers_only_is_a_clear_error() -> None:
    with pytest.raises(AnnotationError, match=r"'Decimal'.*only_for_type_checkers"):
        only_for_type_checkers(sqs_event(["a"]))
