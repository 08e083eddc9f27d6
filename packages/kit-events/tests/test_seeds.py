"""Records and events as they are written for rispack: only the import lines are different."""

from collections.abc import Callable
from datetime import datetime
from inspect import signature
from typing import Any, get_type_hints
from uuid import UUID

import pytest
from kit_events import (
    BaseEvent,
    EventRecord,
    FileRecord,
    LexV2Trigger,
    PreTokenGenerationTrigger,
    QueueRecord,
    RecordShapeError,
    TableRecord,
)
from kit_testing.events import carried, cognito_event, dynamodb_record, lex_event, s3_record, sqs_record

LOAN = UUID("9d6b3c2e-7a4f-4c9e-8a57-3f1f0f2d9c20")


def handle(function: Callable[[Any], Any], raw: Any) -> list[Any]:
    """Call a function with what its annotation makes of a raw record, as `@job` does."""
    [parameter] = signature(function).parameters.values()
    return [function(record) for record in parameter.annotation.from_record(raw)]


def test_an_event_record_has_the_documented_fields() -> None:
    assert list(get_type_hints(EventRecord).items())[-7:] == [
        ("id", UUID),
        ("aggregate_id", UUID),
        ("payload", dict[str, Any]),
        ("type", str),
        ("origin", str),
        ("at", datetime),
        ("version", str),
    ]


def test_a_function_of_a_file_gets_the_file(captured: Callable[[str], Any]) -> None:
    def process_file(record: FileRecord) -> Any:
        return record.bucket, record.bucket_arn, record.key, record.size, record.etag

    [raw] = captured("s3")["Records"]
    assert handle(process_file, raw) == [
        (
            "loans-documents",
            "arn:aws:s3:::loans-documents",
            "loans/1/pay slip (café).pdf",
            1024,
            "d41d8cd98f00b204e9800998ecf8427e",
        )
    ]


@pytest.mark.parametrize("name", ["sns_in_sqs", "sns_raw_in_sqs", "rispack_enqueue"])
def test_a_function_of_an_event_gets_the_event(captured: Callable[[str], Any], name: str) -> None:
    def process_event(record: EventRecord) -> Any:
        return record.type, record.aggregate_id, record.payload["amount"]

    [raw] = captured(name)["Records"]
    assert handle(process_event, raw) == [("loan.requested", LOAN, "1500.00")]


def test_an_event_of_three_methods_is_published_to_its_subscribers(bus: Any) -> None:
    class LoanRequested(BaseEvent):
        def __init__(self, amount: str) -> None:
            self.amount = amount

        def get_type(self) -> str:
            return "loan.requested"

        def get_version(self) -> str:
            return "1"

        def get_aggregate_id(self) -> UUID:
            return LOAN

        def dump(self) -> dict[str, Any]:
            return {"amount": self.amount}

    receive = bus.subscribe("underwriting", types=["loan.requested"])
    LoanRequested("1500.00").publish()

    def process_event(record: EventRecord) -> Any:
        return record.type, record.version, record.aggregate_id, record.origin, record.payload

    assert handle(process_event, receive()[0]) == [("loan.requested", "1", LOAN, "loans", {"amount": "1500.00"})]


def test_a_tasks_message_says_which_function_by_its_attributes() -> None:
    """T1: `endpoint_id` and `funct` are message attributes, the parameters are in the body."""
    raw = sqs_record({"params": {"loan": 7}}, attributes={"endpoint_id": "loans", "funct": "underwrite"})

    def process(record: QueueRecord) -> Any:
        return record.message_attributes["endpoint_id"], record.message_attributes["funct"], record.payload["params"]

    assert handle(process, raw) == [("loans", "underwrite", {"loan": 7})]


def test_every_file_of_a_notification_is_handed_over_with_its_own_key() -> None:
    """T2: there, the first record alone, and a `+` stayed a `+`."""
    keys = ["loans/import/a b.csv", "loans/import/1+1.csv"]
    raw = carried({"Records": [s3_record(key) for key in keys]}, "sqs")

    def process(record: FileRecord) -> Any:
        return record.key

    assert handle(process, raw) == keys


def test_a_change_says_of_which_table() -> None:
    """T3: the table is in the stream's ARN."""

    def process(record: TableRecord) -> Any:
        return record.table, record.new_image

    assert handle(process, dynamodb_record({"id": "7"}, table="loans")) == [("loans", {"id": "7"})]


def test_a_token_is_given_claims() -> None:
    """T4: `Cognito.pre_token_generate(event, context)`."""

    def pre_token_generate(event: PreTokenGenerationTrigger) -> Any:
        return event.id_token({"tenant": "acme"}).dump()

    [answer] = handle(pre_token_generate, cognito_event("TokenGeneration_Authentication"))
    assert answer["response"]["claimsOverrideDetails"] == {"claimsToAddOrOverride": {"tenant": "acme"}}


def test_a_turn_says_of_which_bot() -> None:
    """T5: the function was called after the bot, in lower case, with the event."""

    def loans_lex_dispatch(turn: LexV2Trigger) -> Any:
        return turn.bot.lower(), turn.close("Done.")["sessionState"]["dialogAction"]

    assert handle(loans_lex_dispatch, lex_event("RequestLoan")) == [("bot", {"type": "Close"})]


def test_what_is_no_record_is_an_error_and_not_a_deleted_message() -> None:
    """T7: there, an exception was swallowed, and SQS took the message for done."""
    with pytest.raises(RecordShapeError):
        EventRecord.from_record(sqs_record("poison"))
