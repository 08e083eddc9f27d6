"""`job`: records by annotation, batch answers, the deadline."""

import logging
import sys
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypedDict

import pytest
from kit_core.invocation import correlation_id
from kit_handler import AnnotationError, DeadlineError, job
from kit_testing import LambdaContext
from kit_testing.events import sqs_event

if TYPE_CHECKING:
    from collections.abc import Mapping as OnlyForTypeCheckers


class Message:
    """A record class: one message may hold several."""

    def __init__(self, text: str) -> None:
        self.text = text

    @classmethod
    def from_record(cls, raw: Mapping[str, Any]) -> Iterable[Self]:
        if raw["body"] == "malformed":
            raise ValueError("malformed")
        return [cls(part) for part in raw["body"].split("+") if part]


def failures(answer: Any) -> list[str]:
    assert list(answer) == ["batchItemFailures"]
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def stream_event(source: str, count: int) -> dict[str, Any]:
    def record(number: int) -> dict[str, Any]:
        data = (
            {"kinesis": {"sequenceNumber": f"seq-{number}", "data": ""}}
            if source == "aws:kinesis"
            else {"dynamodb": {"SequenceNumber": f"seq-{number}", "Keys": {}}}
        )
        return {"eventSource": source, "eventID": f"event-{number}", **data}

    return {"Records": [record(number) for number in range(1, count + 1)]}


S3_EVENT = {
    "Records": [
        {"eventSource": "aws:s3", "s3": {"bucket": {"name": "b"}, "object": {"key": key}}} for key in ("a", "b", "c")
    ]
}


@pytest.mark.parametrize("decorate", [job, job(), job(partial=True, margin=1.0)])
def test_every_spelling_gets_records_by_annotation(decorate: Any) -> None:
    seen = []

    @decorate
    def process(whatever_it_is_called: Message) -> None:
        seen.append(whatever_it_is_called.text)

    assert failures(process(sqs_event(["a", "b+c", ""]), LambdaContext())) == []
    assert seen == ["a", "b", "c"]
    assert process.__name__ == "process"


def test_an_unknown_option_is_a_type_error_that_names_the_known() -> None:
    with pytest.raises(TypeError, match=r"'retries'.*margin, max_receives, partial"):
        job(retries=3)
    with pytest.raises(TypeError, match=r"'max_recieves' \(did you mean 'max_receives'\?\); it knows"):
        job(max_recieves=3)
    with pytest.raises(TypeError):
        job("process")
    with pytest.raises(TypeError, match="retries"):
        job(lambda record: None, retries=3)
    with pytest.raises(ExceptionGroup):
        job(lambda record: 1 / 0, partial=False)(sqs_event(["a"]))


class Payload(TypedDict):
    body: str


@pytest.mark.parametrize(
    "annotation",
    [None, dict, dict[str, Any], Any, Mapping, Mapping[str, Any], MutableMapping[str, Any], object, Payload],
)
def test_without_a_record_class_the_record_is_the_plain_dict(annotation: Any) -> None:
    seen = []

    def process(record):  # type: ignore[no-untyped-def]
        seen.append(record["body"])

    if annotation is not None:
        process.__annotations__["record"] = annotation
    job(process)(sqs_event(["a"]))
    assert seen == ["a"]


def test_an_annotation_may_be_a_string_of_a_local_name() -> None:
    class Local(Message):
        pass

    seen = []

    @job
    def process(record: "Local") -> None:
        seen.append(type(record))

    process(sqs_event(["a"]))
    assert seen == [Local]


@job
def early(record: "Later") -> None:
    """Name a class that is defined below."""
    record.seen.append(record.text)


class Later(Message):
    seen: list[str] = []  # noqa: RUF012


def test_an_annotation_may_name_a_class_that_comes_later() -> None:
    early(sqs_event(["a"]))
    assert Later.seen == ["a"]


def test_a_misspelt_annotation_fails_at_import() -> None:
    with pytest.raises(AnnotationError, match=r"'Lter'.*did you mean 'Later'"):

        @job
        def process(record: "Lter") -> None:  # type: ignore[name-defined]  # noqa: F821
            pass


def test_a_name_that_is_there_for_type_checkers_only_fails_the_invocation() -> None:
    @job
    def process(record: "OnlyForTypeCheckers") -> None:
        pass

    with pytest.raises(AnnotationError, match=r"'OnlyForTypeCheckers'.*not defined when the program runs"):
        process(sqs_event(["a"]))


def test_an_annotation_that_makes_no_record_fails_at_import() -> None:
    with pytest.raises(AnnotationError, match="from_record"):

        @job
        def process(record: int) -> None:
            pass

    with pytest.raises(
        AnnotationError, match="has no positional parameter: a job takes the record as its first parameter"
    ):

        @job
        def nothing() -> None:
            pass


def test_a_second_parameter_gets_the_context() -> None:
    seen: list[Any] = []

    @job
    def required(record: Message, lambda_context: object) -> None:
        seen.append(lambda_context)

    @job
    def named(record: Message, context: object = None) -> None:
        seen.append(context)

    @job
    def own(record: Message, retries: int = 3) -> None:
        seen.append(retries)

    context = LambdaContext()
    for process in (required, named, own):
        process(sqs_event(["a"]), context)
    assert seen == [context, context, 3]


def test_a_wrapped_function_keeps_its_annotation() -> None:
    import functools

    def logged(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return wrapper

    seen = []

    @job
    @logged
    def process(record: Message) -> None:
        seen.append(record.text)

    class Processor:
        def process(self, record: Message, context: Any) -> None:
            seen.append(record.text)

        def __call__(self, record: Message) -> None:
            seen.append(record.text)

    process(sqs_event(["a"]))
    job(Processor().process)(sqs_event(["b"]))
    job(Processor())(sqs_event(["c"]))
    assert seen == ["a", "b", "c"]


def test_a_coroutine_function_is_run_for_each_record_in_one_loop() -> None:
    import asyncio

    loops = []

    @job
    async def process(record: Message) -> None:
        await asyncio.sleep(0)
        loops.append(asyncio.get_running_loop())
        if record.text == "b":
            raise ValueError

    assert failures(process(sqs_event(["a", "b", "c"]))) == ["message-2"]
    assert len(loops) == 3
    assert len(set(map(id, loops))) == 1


def test_a_queue_names_each_failed_message_and_tries_the_others(caplog: pytest.LogCaptureFixture) -> None:
    seen = []

    @job
    def process(record: Message) -> None:
        seen.append(record.text)
        if record.text == "bad":
            raise ValueError("no")

    answer = process(sqs_event(["a", "bad", "malformed", "b+bad+c", "d"]))
    assert failures(answer) == ["message-2", "message-3", "message-4"]
    assert seen == ["a", "bad", "b", "bad", "c", "d"]
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 3
    assert "message-2" in caplog.text


def test_when_all_fail_that_is_an_answer_too() -> None:
    @job
    def process(record: Message) -> None:
        raise ValueError

    assert failures(process(sqs_event(["a", "b"]))) == ["message-1", "message-2"]


def test_a_fifo_queue_keeps_the_order_within_each_group() -> None:
    seen = []

    @job
    def process(record: Message) -> None:
        seen.append(record.text)
        if record.text.endswith("!"):
            raise ValueError

    event = sqs_event(["x1", "y1!", "x2", "y2", "x3!", "y3", "x4", "z1"], groups=list("xyxyxyxz"))
    assert failures(process(event)) == ["message-2", "message-4", "message-5", "message-6", "message-7"]
    assert seen == ["x1", "y1!", "x2", "x3!", "z1"]


def test_groups_of_a_standard_queue_block_nothing() -> None:
    event = sqs_event(["a!", "b"], groups=["g", "g"])
    for record in event["Records"]:
        record["eventSourceARN"] = record["eventSourceARN"].removesuffix(".fifo")
    seen = []

    @job
    def process(record: Message) -> None:
        seen.append(record.text)
        if record.text == "a!":
            raise ValueError

    assert failures(process(event)) == ["message-1"]
    assert seen == ["a!", "b"]


@pytest.mark.parametrize("source", ["aws:kinesis", "aws:dynamodb"])
def test_a_stream_stops_at_the_first_failure_and_names_only_that(source: str) -> None:
    seen = []

    @job
    def process(record: dict[str, Any]) -> None:
        seen.append(record["eventID"])
        if record["eventID"] == "event-2":
            raise ValueError

    assert failures(process(stream_event(source, 4))) == ["seq-2"]
    assert seen == ["event-1", "event-2"]


def test_another_source_raises_after_trying_every_record() -> None:
    seen = []

    @job
    def process(record: dict[str, Any]) -> None:
        seen.append(record["s3"]["object"]["key"])
        if seen[-1] != "b":
            raise LookupError(seen[-1])

    with pytest.raises(ExceptionGroup) as caught:
        process(S3_EVENT)
    assert [str(error) for error in caught.value.exceptions] == ["a", "c"]
    assert seen == ["a", "b", "c"]


@pytest.mark.parametrize("event", [{"detail-type": "Scheduled Event", "id": "e"}, {"anything": 1}, [1], "text"])
def test_an_event_without_records_is_the_record(event: Any) -> None:
    seen = []

    @job
    def process(record: Any) -> None:
        seen.append(record)

    @job
    def fail(record: Any) -> None:
        raise LookupError

    assert process(event) is None
    assert seen == [event]
    with pytest.raises(ExceptionGroup):
        fail(event)


def test_a_source_without_partial_answers_gets_none_for_success() -> None:
    @job
    def process(record: dict[str, Any]) -> None:
        pass

    assert process(S3_EVENT) is None
    assert process({"Records": []}) is None


def test_the_test_event_of_s3_yields_nothing() -> None:
    @job
    def process(record: Message) -> None:
        raise AssertionError

    assert process({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}) is None


def test_partial_false_raises_instead_of_naming() -> None:
    @job(partial=False)
    def process(record: Message) -> None:
        if record.text == "bad":
            raise ValueError

    assert failures(process(sqs_event(["a"]))) == []
    with pytest.raises(ExceptionGroup):
        process(sqs_event(["a", "bad"]))


def test_a_failed_record_without_a_name_fails_the_batch() -> None:
    event = sqs_event(["a", "bad"])
    del event["Records"][1]["messageId"]

    @job
    def process(record: Message) -> None:
        if record.text == "bad":
            raise ValueError

    with pytest.raises(ExceptionGroup):
        process(event)


def test_no_record_is_started_under_the_margin(caplog: pytest.LogCaptureFixture) -> None:
    seen = []
    context = LambdaContext(timeout=60)

    @job
    def process(record: Message) -> None:
        seen.append(record.text)
        if record.text == "b":
            context.spend(59.5)

    assert failures(process(sqs_event(["a", "b", "c", "d"]), context)) == ["message-3", "message-4"]
    assert seen == ["a", "b"]
    assert "did not start 2 records" in caplog.text


def test_the_margin_grows_with_the_longest_record() -> None:
    context = LambdaContext(timeout=100)
    seen = []

    @job
    def process(record: Message) -> None:
        seen.append(record.text)
        context.spend(35)

    # 100 s: 35 s for a leave 65 s, 35 s for b leave 30 s, which is under 1.5 times 35 s.
    assert failures(process(sqs_event(["a", "b", "c"]), context)) == ["message-3"]
    assert seen == ["a", "b"]


def test_the_margin_also_holds_inside_a_message_and_for_streams_and_others() -> None:
    @job
    def process(record: Any) -> None:
        raise AssertionError

    @job
    def each(record: Message) -> None:
        context.spend(60)

    late = LambdaContext(timeout=0.5)
    context = LambdaContext(timeout=60)
    assert failures(each(sqs_event(["a+b"]), context)) == ["message-1"]
    assert failures(process(stream_event("aws:kinesis", 3), late)) == ["seq-1"]
    with pytest.raises(ExceptionGroup) as caught:
        process(S3_EVENT, late)
    assert [type(error) for error in caught.value.exceptions] == [DeadlineError]


def test_a_smaller_margin_can_be_asked_for() -> None:
    @job(margin=0.1)
    def process(record: Message) -> None:
        pass

    assert failures(process(sqs_event(["a"]), LambdaContext(timeout=0.9))) == []


def test_each_record_has_a_correlation_id_of_its_own() -> None:
    seen: list[str | None] = []

    @job
    def process(record: Message) -> None:
        seen.append(correlation_id())

    event = sqs_event(["a", "b", "c"])
    event["Records"][1]["messageAttributes"] = {
        "x-correlation-id": {"stringValue": "cause-1", "dataType": "String"},
    }
    process(event)
    assert seen == ["message-1", "cause-1", "message-3"]
    assert correlation_id() is None


def test_from_record_may_be_a_generator() -> None:
    class Lazy:
        @classmethod
        def from_record(cls, raw: Mapping[str, Any]) -> Iterator["Lazy"]:
            yield cls()
            raise ValueError("the second part is malformed")

    @job
    def process(record: Lazy) -> None:
        pass

    assert failures(process(sqs_event(["a", "b"]))) == ["message-1", "message-2"]


def test_a_list_is_the_whole_batch() -> None:
    seen = []

    @job
    def process(messages: list[Message], context: Any) -> None:
        seen.append([message.text for message in messages])
        if "bad" in seen[-1]:
            raise ValueError

    assert failures(process(sqs_event(["a", "b+c", "malformed", ""]), LambdaContext())) == ["message-3"]
    assert failures(process(sqs_event(["a", "bad"]), LambdaContext())) == ["message-1", "message-2"]
    assert failures(process(sqs_event(["malformed"]), LambdaContext())) == ["message-1"]
    assert failures(process(sqs_event(["a"]), LambdaContext(timeout=0.5))) == ["message-1"]
    assert seen == [["a", "b", "c"], ["a", "bad"]]


@pytest.mark.parametrize("annotation", [list, list[dict[str, Any]], "list[dict[str, Any]]", 'list["Message"]'])
def test_a_list_may_be_of_dicts_and_of_names(annotation: Any) -> None:
    seen: list[Any] = []

    async def process(records):  # type: ignore[no-untyped-def]
        seen.extend(records)

    process.__annotations__["records"] = annotation
    assert failures(job(process)(sqs_event(["a", "b"]))) == []
    assert len(seen) == 2


def test_a_whole_batch_of_a_group_or_shard_ends_before_what_cannot_be_read() -> None:
    class Numbered(Message):
        @classmethod
        def from_record(cls, raw: Mapping[str, Any]) -> Iterable[Self]:
            if raw["eventID"] == "event-2":
                raise ValueError
            return [cls(raw["eventID"])]

    seen = []

    @job
    def process(records: list[Numbered]) -> None:
        seen.append([record.text for record in records])

    @job
    def of_group(records: list[Message]) -> None:
        seen.append([record.text for record in records])

    assert failures(process(stream_event("aws:kinesis", 4))) == ["seq-2"]
    event = sqs_event(["a", "malformed", "b", "c"], groups=["g", "g", "g", "h"])
    assert failures(of_group(event)) == ["message-2", "message-3"]
    assert seen == [["event-1"], ["a", "c"]]


class RuntimeContext:
    """Any class whose name ends so."""


def test_the_context_is_found_by_its_annotation() -> None:
    seen: list[Any] = []

    @job
    def keyword(record: Message, *, retries: int = 3, where: RuntimeContext) -> None:
        seen.append(where)

    @job
    def third(record: Message, retries: int = 3, where: "RuntimeContext | None" = None) -> None:
        seen.append((retries, where))

    context = LambdaContext()
    for process in (keyword, third):
        assert failures(process(sqs_event(["a"]), context)) == []
    assert seen == [context, (3, context)]


def test_all_failed_raises_when_asked() -> None:
    @job(raise_if_all_failed=True)
    def process(record: Message) -> None:
        if record.text == "bad":
            raise ValueError

    assert failures(process(sqs_event(["bad", "a"]))) == ["message-1"]
    with pytest.raises(ExceptionGroup, match="all 2 records"):
        process(sqs_event(["bad", "bad"]))


def test_a_coroutine_function_may_take_the_whole_batch() -> None:
    seen: list[Any] = []

    @job
    async def take(records: list[dict[str, Any]]) -> None:
        seen.extend(record["body"] for record in records)
        if len(records) == 3:
            raise ValueError

    assert failures(take(sqs_event(["a", "b"]))) == []
    assert seen == ["a", "b"]
    assert failures(take(sqs_event(["a", "b", "c"]))) == ["message-1", "message-2", "message-3"]


def test_a_function_may_take_anything_or_name_a_kind_of_mapping() -> None:
    seen: list[Any] = []

    @job
    def take(*records: Any) -> None:
        seen.extend(records)

    event = sqs_event(["a"])
    assert failures(take(event)) == []
    assert seen == event["Records"]
    with pytest.raises(AnnotationError):

        @job
        def wrong(record: "dict[str, Any] | int") -> None: ...


def test_an_error_of_a_nested_job_is_a_failure_of_that_record_only() -> None:
    late = LambdaContext(timeout=0.2)

    @job(partial=False)
    def inner(record: dict[str, Any]) -> None: ...

    @job
    def outer(record: dict[str, Any]) -> None:
        if record["body"] == "b":
            inner(sqs_event(["x"]), late)
        if record["body"] == "c":
            raise DeadlineError(remaining=1, margin=2)

    assert failures(outer(sqs_event(["a", "b", "c", "d"]), LambdaContext())) == ["message-2", "message-3"]


@pytest.mark.skipif(sys.version_info < (3, 14), reason="before, such a function can't be defined")
def test_an_annotation_without_quotes_may_name_a_class_that_comes_later() -> None:
    source = """
@job
def process(record: Later) -> None:
    seen.append(type(record).__name__)

class Later(Message):
    pass
"""
    module: dict[str, Any] = {"job": job, "Message": Message, "seen": [], "__name__": "later"}
    exec(source, module)
    assert failures(module["process"](sqs_event(["a"]))) == []
    assert module["seen"] == ["Later"]


def test_a_dataclass_is_refused_with_the_record_class_to_use_instead() -> None:
    with pytest.raises(AnnotationError, match=r"neither a mapping nor a class with from_record; .*QueueRecord of kit_"):

        @job
        def ship(order: Order) -> None: ...


def test_one_failure_is_one_record() -> None:
    @job(partial=False)
    def fail(record: dict[str, Any]) -> None:
        raise ValueError

    for bodies, text in ((["a"], "failed for 1 record"), (["a", "b"], "failed for 2 records")):
        with pytest.raises(ExceptionGroup) as raised:
            fail(sqs_event(bodies), LambdaContext())
        assert raised.value.message.endswith(text)


@dataclass
class Order:
    """An order: not a record."""

    number: int
