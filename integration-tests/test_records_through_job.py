"""kit-events' records given to kit-handler's jobs and triggers: what is malformed fails alone, whatever the source."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit_events import (
    AlexaTrigger,
    BusRecord,
    DefineAuthChallengeTrigger,
    EventRecord,
    FileRecord,
    KafkaRecord,
    LexV2Trigger,
    PreSignUpTrigger,
    PreTokenGenerationV2Trigger,
    QueueRecord,
    RecordShapeError,
    ScheduleRecord,
    StreamRecord,
    TableRecord,
    UserMigrationTrigger,
)
from kit_events.records.sources import SOURCES
from kit_events.records.sources import load as record_class
from kit_handler import TriggerError, job, trigger
from kit_testing.events import (
    activemq_event,
    alexa_event,
    carried,
    cognito_event,
    dynamodb_record,
    event_record,
    kafka_event,
    kinesis_record,
    lex_event,
    schedule_event,
)

EVENTS = Path(__file__).parents[1] / "packages" / "kit-events" / "tests" / "events"
DOCS = Path(__file__).parents[1] / "docs"
JSON = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({})


def raws(name: str) -> list[Any]:
    file = SOURCES[name][0]
    alone = [each for each, (of, *_) in SOURCES.items() if of == file] == [name]
    event = json.loads((EVENTS / (f"{file}.json" if alone else f"{file}_{name}.json")).read_text())
    found: list[Any] = [event] if "window" in event else event.get("Records", [event])
    return found


def batch_of(name: str) -> Any:
    """Return a job that reads this record, and what it was called with."""
    seen: list[Any] = []

    def work(record: Any) -> None:
        seen.append(record)

    work.__annotations__["record"] = record_class(name)
    return job(work), seen


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(list(SOURCES)), st.data())
def test_the_malformed_message_alone_is_reported_as_failed(name: str, data: st.DataObject) -> None:
    good = raws(name)[0]
    bad = copy.deepcopy(good)
    bad[data.draw(st.sampled_from(list(bad)))] = data.draw(JSON)
    handler, seen = batch_of(name)
    if name == "QueueRecord":
        messages = [copy.deepcopy(good), {**bad, "messageId": "bad", "eventSource": "aws:sqs"}, copy.deepcopy(good)]
    else:
        messages = [carried(good, "sqs"), {**carried(bad, "sqs"), "messageId": "bad"}, carried(good, "sns", "sqs")]
    answer = handler({"Records": messages}, None)
    read = [how_many(name, message) for message in messages]
    assert answer == {"batchItemFailures": [{"itemIdentifier": "bad"}] if read[1] is None else []}
    assert len(seen) == sum(filter(None, read))
    assert read[0] == read[2]


def how_many(name: str, message: Any) -> int | None:
    """Return how many records a message holds, None if it is malformed."""
    try:
        return len(record_class(name).from_record(copy.deepcopy(message)))
    except RecordShapeError:
        return None


def test_the_error_names_the_field_and_not_what_it_holds(caplog: pytest.LogCaptureFixture) -> None:
    @job
    def underwrite(record: EventRecord) -> None: ...

    bad = event_record(id="hunter2")
    assert underwrite({"Records": [bad]}, None) == {"batchItemFailures": [{"itemIdentifier": bad["messageId"]}]}
    assert "EventRecord: 'id' is not a UUID" in caplog.text
    assert "hunter2" not in caplog.text


def test_a_shard_stops_at_the_malformed_record() -> None:
    seen: list[Any] = []

    @job
    def read(record: EventRecord) -> None:
        seen.append(record)

    raw = [carried(event_record(), "kinesis"), kinesis_record("poison"), carried(event_record(), "kinesis")]
    failed = raw[1]["kinesis"]["sequenceNumber"]
    assert read({"Records": raw}, None) == {"batchItemFailures": [{"itemIdentifier": failed}]}
    assert len(seen) == 1


def test_every_source_reaches_its_job() -> None:
    seen: list[Any] = []

    @job
    def of_a_table(record: TableRecord) -> None:
        seen.append(record.new_image)

    @job
    def of_a_stream(record: StreamRecord) -> None:
        seen.append(record.json)

    @job
    def of_kafka(record: KafkaRecord) -> None:
        seen.append(record.json)

    @job
    def of_a_bus(record: BusRecord) -> None:
        seen.append(record.detail)

    @job
    def of_a_queue(record: QueueRecord) -> None:
        seen.append(record.payload)

    @job
    def of_files(record: FileRecord) -> None:
        seen.append(record.key)

    of_a_table({"Records": [dynamodb_record({"id": "1"})]}, None)
    of_a_stream({"Records": [kinesis_record({"id": "2"})]}, None)
    of_kafka(kafka_event([{"id": "3"}, {"id": "4"}]), None)
    of_a_bus(carried({"id": "5"}, "eventbridge"), None)
    of_a_queue({"Records": [carried({"id": "6"}, "sqs")]}, None)
    of_files(json.loads((EVENTS / "s3_eventbridge.json").read_text()), None)
    assert seen[:-1] == [{"id": str(number)} for number in range(1, 7)]
    assert seen[-1].endswith("100%+1.pdf")


def test_a_source_that_takes_no_partial_answer_gets_an_error() -> None:
    @job
    def read(record: EventRecord) -> None: ...

    with pytest.raises(ExceptionGroup, match="failed for 1 records") as caught:
        read(activemq_event(["poison"]), None)
    assert isinstance(caught.value.exceptions[0], RecordShapeError)


def test_cognito_is_answered_through_a_trigger() -> None:
    @trigger
    def sign_up(event: PreSignUpTrigger) -> Any:
        return event.confirm() if event.user_attributes["email"].endswith("@example.com") else None

    @trigger
    def tokens(event: PreTokenGenerationV2Trigger) -> None:
        event.access_token(scopes=["loans/read"])

    @trigger
    def challenge(event: DefineAuthChallengeTrigger) -> None:
        event.fail() if event.user_not_found else event.challenge()

    @trigger
    def migrate(event: UserMigrationTrigger) -> Any:
        return event.migrate({"email": "ada@example.com"}, status="CONFIRMED", welcome=False)

    assert sign_up(cognito_event(), None)["response"]["autoConfirmUser"] is True
    answer = tokens(cognito_event("TokenGeneration_HostedAuth", version="2"), None)
    assert answer["response"]["claimsAndScopeOverrideDetails"] == {
        "accessTokenGeneration": {"scopesToAdd": ["loans/read"]}
    }
    asked = challenge(cognito_event("DefineAuthChallenge_Authentication", request={"session": []}), None)
    assert asked["response"]["challengeName"] == "CUSTOM_CHALLENGE"
    migrated = migrate(cognito_event("UserMigration_Authentication", request={"password": "p"}), None)
    assert migrated["response"]["finalUserStatus"] == "CONFIRMED"
    assert migrated["triggerSource"] == "UserMigration_Authentication"


def test_lex_alexa_and_schedules_are_answered_through_a_trigger() -> None:
    @trigger
    def lex(event: LexV2Trigger) -> Any:
        return event.close(f"{event.slot('amount')} it is.")

    @trigger
    def skill(request: AlexaTrigger) -> Any:
        return request.say("Hello")

    @trigger
    def nightly(event: ScheduleRecord) -> Any:
        return {"name": event.name, "at": event.at}

    closed = lex(lex_event("RequestLoan", slots={"amount": "1500"}), None)
    assert closed["messages"][0]["content"] == "1500 it is."
    assert skill(alexa_event(), None)["response"]["outputSpeech"]["text"] == "Hello"
    assert nightly(schedule_event("nightly"), None) == {"name": "nightly", "at": "2026-03-01T12:30:45Z"}


def test_a_trigger_of_another_event_tells_the_user_nothing_of_it() -> None:
    @trigger
    def sign_up(event: PreSignUpTrigger) -> None: ...

    with pytest.raises(TriggerError, match="unexpected error"):
        sign_up(cognito_event("PostConfirmation_ConfirmSignUp"), None)


def test_the_guide_is_true() -> None:
    """All of it but the source that is added at its end: kit-events' own tests do as that says."""
    text, _, _ = (DOCS / "guides" / "events-records.md").read_text().partition("## Add a source in one file")
    blocks = list(re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    assert len(blocks) >= 5
    namespace: dict[str, Any] = {"__name__": "guide"}
    for block in blocks:
        source = "\n" * text.count("\n", 0, block.start(1)) + block[1]
        exec(compile(source, "events-records.md", "exec"), namespace)
