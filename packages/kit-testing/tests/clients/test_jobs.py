"""The client of jobs."""

import logging
from typing import Any

import pytest
from kit_testing import BatchAnswer, InvalidAnswerError, JobClient, failed_ids
from kit_testing.events import dynamodb_event, kafka_event, kinesis_event, s3_event, sqs_event


def failing(*identifiers: Any) -> JobClient:
    return JobClient(lambda event, context: {"batchItemFailures": [{"itemIdentifier": each} for each in identifiers]})


@pytest.mark.parametrize(
    ("event", "identifier", "find"),
    [
        (sqs_event(["a", "b"]), "message-2", lambda event: event["Records"][1]),
        (kinesis_event(["a", "b"]), "seq-2", lambda event: event["Records"][1]),
        (dynamodb_event([{"id": 1}, {"id": 2}]), "seq-2", lambda event: event["Records"][1]),
        (kafka_event(["a", "b"]), {"partition": "topic-0", "offset": 1}, lambda event: event["records"]["topic-0"][1]),
        (sqs_event(["a", "b"])["Records"], "message-2", lambda records: records[1]),
        (kinesis_event(["a", "b"])["Records"], "shardId-000000000000:seq-2", lambda records: records[1]),
    ],
    ids=["sqs", "kinesis", "dynamodb", "kafka", "a list from Pipes", "a stream from Pipes"],
)
def test_failed_records_are_found_by_the_identifier_of_their_source(event: Any, identifier: Any, find: Any) -> None:
    answer = failing(identifier).send(event)
    assert isinstance(answer, BatchAnswer)
    assert (answer.failed, answer.failed_records) == ([identifier], [find(event)])


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}])
def test_answers_without_failures(answer: Any) -> None:
    assert JobClient(lambda event, context: answer).send(s3_event(["a"])).failed == []


@pytest.mark.parametrize("identifier", ["message-3", "", None, 1])
def test_an_unknown_record_is_refused_since_aws_would_fail_the_whole_batch(identifier: Any) -> None:
    with pytest.raises(InvalidAnswerError, match="has no records"):
        failing(identifier).send(sqs_event(["a", "b"]))


def test_errors_of_the_job_are_raised_and_the_context_has_a_clock() -> None:
    def handler(event: Any, context: Any) -> None:
        assert 0 < context.get_remaining_time_in_millis() <= 2000
        raise LookupError("broken")

    with pytest.raises(LookupError, match="broken"):
        JobClient(handler, timeout=2).send(sqs_event(["a"]))


def test_a_context_can_be_given() -> None:
    given, seen = object(), []
    JobClient(lambda event, context: seen.append(context)).send(sqs_event(["a"]), context=given)
    assert seen == [given]


def test_the_error_is_the_logged_one_of_a_failed_record() -> None:
    def handler(event: Any, context: Any) -> Any:
        for name, error in (("message-1", KeyError("handled")), ("message-2", LookupError("no loan"))):
            logging.getLogger("kit.handler").error("job failed for record %s", name, exc_info=error)
        return {"batchItemFailures": [{"itemIdentifier": "message-2"}]}

    assert repr(JobClient(handler).send(sqs_event(["a", "b"])).error) == "LookupError('no loan')"
    assert logging.getLogger("kit.handler").filters == []


def test_failed_ids_takes_batch_answers_alone() -> None:
    assert failed_ids({"batchItemFailures": [{"itemIdentifier": "a"}]}) == ["a"]
    for answer in (None, {}, {"statusCode": 200}, {"batchItemFailures": [{"id": "a"}]}, {"batchItemFailures": ["a"]}):
        with pytest.raises(InvalidAnswerError):
            failed_ids(answer)
