"""Notices of errors, read where a topic delivers them."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import kit_aws
import pytest
from kit_core import invocation
from kit_core.redaction import redact, redact_text


@pytest.fixture
def delivered(aws: Any) -> Callable[[], dict[str, Any]]:
    """Make the topic `alerts` and return what takes the next notice from it."""
    kit_aws.clear_caches()
    topic = aws.client("sns").create_topic(Name="alerts")["TopicArn"]
    url = aws.client("sqs").create_queue(QueueName="inbox")["QueueUrl"]
    arn = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def take() -> dict[str, Any]:
        [message] = aws.client("sqs").receive_message(QueueUrl=url)["Messages"]
        aws.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        notice: dict[str, Any] = json.loads(message["Body"])
        return notice

    return take


PASSWORD = "hunter2"
CORPUS = Path(__file__).parents[2] / "kit-core" / "tests" / "redaction" / "secrets.json"


def fail(password: str) -> None:
    raise ValueError(f"could not log in with password={password}")


def test_an_exception_goes_out_with_its_traceback_and_causes(aws: Any, delivered: Any) -> None:
    try:
        try:
            fail(PASSWORD)
        except ValueError as cause:
            raise RuntimeError("the import stopped") from cause
    except RuntimeError as error:
        kit_aws.notify("alerts", "Import failed", error)
    notice = delivered()
    assert notice["Subject"] == "Import failed"
    assert "ValueError: could not log in with password=[redacted]" in notice["Message"]
    assert "direct cause" in notice["Message"]
    assert "RuntimeError: the import stopped" in notice["Message"]
    assert "in fail" in notice["Message"]
    assert "hunter2" not in json.dumps(notice)


def test_a_topic_is_known_by_name_and_by_arn(aws: Any, delivered: Any) -> None:
    for topic in ("alerts", f"arn:aws:sns:{aws.region}:{aws.account}:alerts"):
        kit_aws.notify(topic, "s", "it failed")
        assert delivered()["Message"] == "it failed"


def test_a_notice_says_where_it_comes_from(delivered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "loans")
    monkeypatch.setenv("AWS_LAMBDA_LOG_STREAM_NAME", "2026/03/01/[$LATEST]abc")
    with invocation.enter(correlation_id="id-1"):
        kit_aws.notify("alerts", "s", "it failed")
    notice = delivered()
    assert notice["Message"] == (
        "it failed\n\nFunction: loans\nLog stream: 2026/03/01/[$LATEST]abc\nCorrelation id: id-1"
    )
    assert notice["MessageAttributes"]["correlation_id"]["Value"] == "id-1"


def test_a_payload_goes_out_as_json_without_its_secrets(delivered: Any) -> None:
    kit_aws.notify("alerts", "s", {"amount": Decimal("1.50"), "user": {"api_key": "abc", "name": "Zoë"}, "list": [1]})
    assert json.loads(delivered()["Message"]) == {
        "amount": "1.50",
        "user": {"api_key": "[redacted]", "name": "Zoë"},
        "list": [1],
    }


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("Two\nlines\tand a\x00 control", "Two lines and a? control"),
        ("  Überlänge café – naïve", "Uberlange cafe ? naive"),
        ("x" * 200, "x" * 99),
        ("\n\t ", "Error"),
        ("", "Error"),
        ("失敗", "??"),
        ("token=abc123", "token=[redacted]"),
    ],
)
def test_a_subject_is_brought_into_the_form_that_sns_takes(delivered: Any, given: str, sent: str) -> None:
    kit_aws.notify("alerts", given, "it failed")
    subject = delivered()["Subject"]
    assert subject == sent
    assert re.fullmatch(r"[!-~][ -~]{0,98}", subject)


def test_a_message_that_is_too_long_loses_its_middle(delivered: Any) -> None:
    kit_aws.notify("alerts", "s", "begin" + "ü" * 300_000 + "end")
    text = delivered()["Message"]
    assert 262_000 < len(text.encode()) <= 262_144
    assert text.startswith("begin")
    assert text.endswith("end")


def test_a_message_and_its_attributes_together_are_cut_to_the_limit(aws: Any, serve: Any, monkeypatch: Any) -> None:
    server = serve(lambda call: (200, {}, b"<PublishResponse><PublishResult/></PublishResponse>"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", server.url)
    with invocation.enter(correlation_id="id-1"):
        kit_aws.notify(f"arn:aws:sns:{aws.region}:{aws.account}:alerts", "s", "x" * 300_000)
    sent = dict(parse_qsl(server.calls[0].body.decode()))
    attribute = [sent[f"MessageAttributes.entry.1.{key}"] for key in ("Name", "Value.DataType", "Value.StringValue")]
    assert attribute == ["correlation_id", "String", "id-1"]
    assert len(sent["Message"].encode()) + len("".join(attribute)) in range(262_140, 262_145)


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is part of the repository, not of the package")
def test_a_notice_has_no_secret_that_the_rules_know(aws: Any, serve: Any, monkeypatch: Any) -> None:
    server = serve(lambda call: (200, {}, b"<PublishResponse><PublishResult/></PublishResponse>"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", server.url)
    cases = json.loads(CORPUS.read_text())
    for case in cases:
        subject, error = case.get("text", "s"), case.get("value", case.get("text"))
        kit_aws.notify(f"arn:aws:sns:{aws.region}:{aws.account}:alerts", subject, error)
    forms = [dict(parse_qsl(call.body.decode())) for call in server.calls]
    assert len(forms) == len(cases) >= 200
    for case, form in zip(cases, forms, strict=True):
        clean = json.dumps(redact(case["value"])) if "value" in case else redact_text(case["text"])
        hidden = [secret for secret in case["secrets"] if secret not in clean]
        assert not [secret for secret in hidden if secret in form["Subject"] + form["Message"]], case


def test_a_secret_in_the_middle_of_a_long_message_does_not_survive_the_cut(delivered: Any) -> None:
    secret = "S3CR3T" * 200
    kit_aws.notify("alerts", "s", "a " * 65_300 + f"password={secret} " + "b " * 65_300)
    assert "S3CR3T" not in delivered()["Message"]


def test_a_notice_to_a_fifo_topic_is_taken(aws: Any) -> None:
    aws.client("sns").create_topic(Name="alerts.fifo", Attributes={"FifoTopic": "true"})
    kit_aws.notify("alerts.fifo", "s", "it failed")


def test_a_topic_that_is_not_there_is_an_error(aws: Any) -> None:
    with pytest.raises(kit_aws.ResourceNotFoundError) as caught:
        kit_aws.notify("none", "s", "it failed")
    assert caught.value.resource == "none"
    with pytest.raises(ValueError, match="not the ARN of a topic"):
        kit_aws.notify("arn:aws:sqs:us-east-1:123456789012:loans", "s", "it failed")
