"""kit-events' records given to kit-handler's jobs and triggers: what is malformed fails alone, whatever the source."""

import base64
import copy
import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit_events import (
    AlexaTrigger,
    AppSyncTrigger,
    BedrockTrigger,
    BusRecord,
    DefineAuthChallengeTrigger,
    EventRecord,
    FileRecord,
    FileTaskRecord,
    FirehoseRecord,
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
    WindowTrigger,
)
from kit_events.records.sources import SOURCES
from kit_events.records.sources import load as record_class
from kit_handler import PermanentError, TriggerError, job, trigger
from kit_testing import failed_ids
from kit_testing.events import (
    activemq_event,
    alexa_event,
    appsync_event,
    bedrock_event,
    carried,
    cognito_event,
    documentdb_event,
    dynamodb_record,
    event_body,
    event_record,
    firehose_event,
    kafka_event,
    kinesis_event,
    kinesis_record,
    lex_event,
    logs_event,
    rabbitmq_event,
    s3_batch_event,
    s3_record,
    schedule_event,
    sqs_event,
    sqs_record,
)

EVENTS = Path(__file__).parents[1] / "packages" / "kit-events" / "tests" / "events"
DOCS = Path(__file__).parents[1] / "docs"
JSON = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({})


def raws(name: str) -> list[Any]:
    """Return the captured raw records of a source: of its file's name, and its own where the file has several."""
    file = SOURCES[name][0]
    several = sum(of == file for of, *_ in SOURCES.values()) > 1
    event = json.loads((EVENTS / (f"{file}_{name}.json" if several else f"{file}.json")).read_text())
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

    with pytest.raises(ExceptionGroup, match=r"failed for 1 record$") as caught:
        read(rabbitmq_event(["poison"]), None)
    assert isinstance(caught.value.exceptions[0], RecordShapeError)


def test_a_poison_record_of_kafka_is_named_by_its_partition_and_offset() -> None:
    @job
    def read(record: EventRecord) -> None: ...

    answer = read(kafka_event([event_body(), "poison"]), None)
    assert failed_ids(answer) == [{"partition": "topic-0", "offset": 1}]


INNER: dict[str, tuple[Any, Any]] = {
    "KafkaRecord": (kafka_event, lambda record: record.text),
    "ActiveMQRecord": (activemq_event, lambda record: record.text),
    "RabbitMQRecord": (rabbitmq_event, lambda record: record.text),
    "LogEventRecord": (logs_event, lambda record: record.message),
    "DocumentRecord": (
        lambda values: documentdb_event([{"_id": value} for value in values]),
        lambda record: record.key["_id"],
    ),
    "QueueRecord": (lambda values: [sqs_record(value) for value in values], lambda record: record.body),
    "FileRecord": (lambda values: sqs_event([{"Records": [s3_record(v) for v in values]}]), lambda record: record.key),
    "LogEventRecord in Kinesis": (
        lambda values: kinesis_event([gzip.decompress(base64.b64decode(logs_event(values)["awslogs"]["data"]))]),
        lambda record: record.message,
    ),
    "EventRecord": (
        lambda values: sqs_event([[event_body({"text": value}) for value in values]]),
        lambda record: record.payload["text"],
    ),
}


@pytest.mark.parametrize("name", INNER)
def test_one_of_many_is_a_dead_letter_and_its_raw_record_is_read_again(name: str) -> None:
    make, text = INNER[name]
    kind: Any = record_class(name.partition(" ")[0])
    tried, dead = [], []

    def work(record: Any) -> None:
        tried.append(text(record))
        if tried[-1] == "poison":
            raise PermanentError

    work.__annotations__["record"] = kind
    answer = job(dead_letter=lambda raw, error: dead.extend(kind.from_record(raw)))(work)(make(["a", "poison", "c"]))
    assert answer in (None, {"batchItemFailures": []})
    assert tried == ["a", "poison", "c"]
    assert [text(record) for record in dead] == ["poison"]


def test_a_malformed_event_among_others_in_a_message_is_a_dead_letter_by_itself() -> None:
    tried: list[Any] = []
    dead: list[Any] = []

    @job(dead_letter=lambda raw, error: dead.append(raw), permanent=RecordShapeError)
    def read(record: EventRecord) -> None:
        tried.append(record.payload["n"])

    events = [event_body({"n": 1}), {"id": "malformed"}, event_body({"n": 3})]
    assert failed_ids(read(sqs_event([events]), None)) == []
    assert (tried, dead) == ([1, 3], [{"id": "malformed"}])


def test_firehose_is_answered_through_a_job_for_each_record() -> None:
    @job
    def transform(record: FirehoseRecord) -> Any:
        return record.ok(record.text.upper()) if record.text != "drop" else record.dropped()

    answer = transform(firehose_event(["a", "drop"]), None)
    assert answer == {
        "records": [
            {"recordId": "1", "result": "Ok", "data": "QQ=="},
            {"recordId": "2", "result": "Dropped"},
        ]
    }
    assert trigger(transform.__wrapped__)(firehose_event(["a", "drop"]), None) == answer


def test_tasks_of_s3_batch_operations_are_answered_through_a_job() -> None:
    @job
    def work(task: FileTaskRecord) -> Any:
        return task.succeeded("done") if task.key == "a b" else task.permanent_failure("no such")

    answer = work(s3_batch_event(["a+b", "c"]), None)
    assert answer is not None
    assert [result["resultCode"] for result in answer["results"]] == ["Succeeded", "PermanentFailure"]


def test_a_tumbling_window_is_answered_through_a_trigger() -> None:
    @trigger
    def count(window: WindowTrigger) -> Any:
        return window.answer({"n": len(window.read_all(StreamRecord))})

    assert count(raws("WindowTrigger")[0], None)["state"]["n"] >= 1


def test_bedrock_agents_and_appsync_are_answered_through_triggers() -> None:
    @trigger
    def act(action: BedrockTrigger) -> Any:
        return action.answer({"left": action.parameters["amount"]})

    @trigger
    def resolve(asked: AppSyncTrigger) -> Any:
        return asked.arguments["n"]

    response = act(bedrock_event("pay", parameters={"amount": 3}), None)["response"]
    assert response["functionResponse"] == {"responseBody": {"TEXT": {"body": '{"left":3}'}}}
    assert resolve([appsync_event(arguments={"n": n}) for n in (1, 2)], None) == [1, 2]


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
