"""The corpus of redaction, sent through everything that shows texts to people: no user is weaker than the rules.

A user may cut a text, or escape it; a harmless text has to be there nevertheless, as far as it is shown.
"""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import kit_aws
import pytest
from kit_core.redaction import redact, redact_text
from kit_events import SqsDeadLetter
from kit_handler import aws_lambda_handler
from kit_logger import get_logger

CORPUS = Path(__file__).parents[1] / "packages" / "kit-core" / "tests" / "redaction"
CONTEXT = SimpleNamespace(
    function_name="fn",
    memory_limit_in_mb=128,
    invoked_function_arn="arn",
    aws_request_id="id-1",
    log_stream_name="stream",
)
MOST_FAILURES = 2

Show = Callable[[str], str]


def cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((CORPUS / name).read_text(encoding="utf-8"))
    assert len(found) >= 180
    return found


def original(case: dict[str, Any]) -> str:
    return json.dumps(case["value"], ensure_ascii=False) if "value" in case else str(case["text"])


def spellings(text: str) -> list[str]:
    """Return a text as it is, as JSON has it, and as Python's repr has it."""
    return [text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1]]


def core_text(text: str) -> str:
    return redact_text(text)


def core_value(text: str) -> str:
    return json.dumps(redact({"records": [{"body": text}], "error": ValueError(text)}), ensure_ascii=False)


def error_report(text: str) -> str:
    """Return what a receiver of errors gets: message, details, payload and traceback."""
    reports: list[Any] = []

    @aws_lambda_handler(error_receiver=reports.append)
    def fails(event: Any, context: Any) -> None:
        raise ValueError(text)

    fails({"body": text}, CONTEXT)
    [report] = reports
    parts = {name: report.to_dict()[name] for name in ("message", "payload")}
    return json.dumps(parts, ensure_ascii=False) + ("" if text in report else report)


@pytest.fixture
def log_line(capsys: pytest.CaptureFixture[str]) -> Show:
    """Return the lines of the log that hold a text: as message, as key, and in a traceback."""
    logger = get_logger("corpus")

    def show(text: str) -> str:
        logger.info("got it", extra={"body": text})
        logger.error("failed", exc_info=ValueError(text))
        return capsys.readouterr().out

    return show


@pytest.fixture
def notice(aws: Any) -> Show:
    """Return what the subscribers of a topic get of an error."""
    kit_aws.clear_caches()
    topic = aws.client("sns").create_topic(Name="alerts")["TopicArn"]
    url = aws.client("sqs").create_queue(QueueName="inbox")["QueueUrl"]
    arn = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def show(text: str) -> str:
        kit_aws.notify(topic, "failed", ValueError(text))
        [message] = aws.client("sqs").receive_message(QueueUrl=url)["Messages"]
        aws.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return str(json.loads(message["Body"])["Message"])

    return show


@pytest.fixture
def dead_letter(aws: Any) -> Show:
    """Return the reason that a dead letter carries."""
    kit_aws.clear_caches()
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    raw = {"messageId": "m-1", "body": "{}", "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:loans"}

    def show(text: str) -> str:
        SqsDeadLetter(url)(raw, ValueError(text))
        [message] = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return str(message["MessageAttributes"]["dead_letter_message"]["StringValue"])

    return show


USERS = ["core_text", "core_value", "error_report", "log_line", "notice", "dead_letter"]


@pytest.fixture(params=USERS)
def show(request: pytest.FixtureRequest) -> Show:
    plain: dict[str, Show] = {"core_text": core_text, "core_value": core_value, "error_report": error_report}
    found: Show = plain.get(request.param) or request.getfixturevalue(request.param)
    return found


def test_no_user_shows_a_secret(show: Show) -> None:
    failed = []
    for case in cases("secrets.json"):
        shown = show(original(case))
        failed += [shown for secret in case["secrets"] if any(each in shown for each in spellings(secret))]
    assert len(failed) <= MOST_FAILURES, failed


def test_every_user_shows_harmless_texts_as_they_are(show: Show) -> None:
    failed = []
    for case in cases("harmless.json"):
        text = original(case)
        shown = show(text)
        printable = "".join(each if each.isprintable() else " " for each in text)
        if not any(each in shown for each in (*spellings(text), printable)):
            failed.append((text, shown))
    assert len(failed) <= MOST_FAILURES, failed
