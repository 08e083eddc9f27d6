"""Messages to queues."""

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import kit_aws
import pytest
from kit_aws.queue import region_of
from kit_core import invocation
from kit_core import json as kit_json
from kit_core.errors import UnserialisableTypeError, UnserialisableValueError

LOAN = UUID("9d6b3c2e-7a4f-4c9e-8a57-3f1f0f2d9c20")


def received(aws: Any, url: str) -> list[dict[str, Any]]:
    answer = aws.client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
    )
    return answer.get("Messages", [])


@pytest.fixture
def url(aws: Any) -> str:
    return aws.client("sqs").create_queue(QueueName="loans")["QueueUrl"]


def test_a_queue_is_known_by_name_url_and_arn(aws: Any, url: str) -> None:
    for queue in ("loans", url, f"arn:aws:sqs:{aws.region}:{aws.account}:loans"):
        kit_aws.enqueue(queue, {"loan": LOAN, "amount": Decimal("1500.00")})
        [message] = received(aws, url)
        assert json.loads(message["Body"]) == {"loan": str(LOAN), "amount": "1500.00"}


def test_attributes_and_delay_are_sent(aws: Any, url: str) -> None:
    kit_aws.enqueue("loans", "now", attributes={"reason": "late"})
    kit_aws.enqueue("loans", "later", delay_seconds=900)
    [message] = received(aws, url)
    assert message["MessageAttributes"] == {"reason": {"StringValue": "late", "DataType": "String"}}


def test_a_fifo_queue_gets_its_group_and_takes_a_message_once(aws: Any) -> None:
    attributes = {"FifoQueue": "true"}
    url = aws.client("sqs").create_queue(QueueName="loans.fifo", Attributes=attributes)["QueueUrl"]
    for _ in range(2):
        kit_aws.enqueue("loans.fifo", {"n": 1}, message_group_id="a", message_deduplication_id="1")
    [message] = received(aws, url)
    assert message["Attributes"]["MessageGroupId"] == "a"


def test_a_queue_made_anew_elsewhere_is_found_again(aws: Any, url: str) -> None:
    kit_aws.enqueue("loans", 1)
    aws.client("sqs").delete_queue(QueueUrl=url)
    with pytest.raises(kit_aws.ResourceNotFoundError):
        kit_aws.enqueue("loans", 2)
    url = aws.client("sqs").create_queue(QueueName="loans")["QueueUrl"]
    kit_aws.enqueue("loans", 3)
    assert [message["Body"] for message in received(aws, url)] == ["3"]


@pytest.mark.parametrize(
    "queue", ["none", "arn:aws:sqs:us-east-1:123456789012:none", "http://127.0.0.1:1/123456789012/none"]
)
def test_an_unknown_queue_is_an_error_that_names_it(aws: Any, queue: str) -> None:
    with pytest.raises(kit_aws.ResourceNotFoundError) as caught:
        kit_aws.enqueue(queue, 1)
    assert f" for {queue!r} failed" in str(caught.value)
    assert caught.value.resource == queue


def test_a_message_that_is_refused_names_the_queue(aws: Any, url: str) -> None:
    with pytest.raises(kit_aws.AwsError, match=r"^SendMessage for 'loans' failed") as caught:
        kit_aws.enqueue("loans", 1, delay_seconds=901)
    assert caught.value.resource == "loans"


def test_the_arn_of_something_else_is_refused(aws: Any) -> None:
    with pytest.raises(ValueError, match="not the ARN of a queue"):
        kit_aws.enqueue("arn:aws:sns:us-east-1:123456789012:loans", 1)


def test_attributes_may_be_text_bytes_and_numbers(aws: Any, url: str) -> None:
    kit_aws.enqueue("loans", 1, attributes={"a": "é", "b": b"\x00", "c": 7, "d": Decimal("1.50"), "e": 0.5})
    [message] = received(aws, url)
    assert {
        name: (each["DataType"], each.get("StringValue", each.get("BinaryValue")))
        for name, each in message["MessageAttributes"].items()
    } == {
        "a": ("String", "é"),
        "b": ("Binary", b"\x00"),
        "c": ("Number", "7"),
        "d": ("Number", "1.50"),
        "e": ("Number", "0.5"),
    }


@pytest.mark.parametrize(
    ("value", "kind"), [(True, TypeError), (None, TypeError), ([], TypeError), (float("nan"), ValueError)]
)
def test_an_attribute_of_another_kind_is_named(aws: Any, value: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="attribute 'wrong'"):
        kit_aws.enqueue("loans", 1, attributes={"wrong": value})


def test_the_arn_of_a_queue_in_another_region_leads_there(aws: Any) -> None:
    there = aws.client("sqs", region_name="eu-west-1")
    url = there.create_queue(QueueName="elsewhere")["QueueUrl"]
    kit_aws.enqueue(f"arn:aws:sqs:eu-west-1:{aws.account}:elsewhere", 1)
    assert [message["Body"] for message in there.receive_message(QueueUrl=url)["Messages"]] == ["1"]


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/loans", "eu-west-1"),
        ("https://sqs-fips.us-gov-west-1.amazonaws.com/123456789012/loans", "us-gov-west-1"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/loans", "cn-north-1"),
        ("https://vpce-1a-2b.sqs.eu-west-1.vpce.amazonaws.com/123456789012/loans", "eu-west-1"),
        ("https://eu-west-1.queue.amazonaws.com/123456789012/loans", "eu-west-1"),
        ("http://localhost:4566/000000000000/loans", None),
    ],
)
def test_a_url_says_in_which_region_the_queue_is(url: str, region: str | None) -> None:
    assert region_of(url) == region


def test_the_correlation_id_goes_with_every_message(aws: Any, url: str) -> None:
    with invocation.enter(correlation_id="id-1"):
        kit_aws.enqueue("loans", 1)
        kit_aws.enqueue("loans", 2, attributes={"correlation_id": "mine"})
        kit_aws.enqueue("loans", 3, attributes={str(number): "x" for number in range(10)})
        kit_aws.enqueue_many("loans", [4])
    kit_aws.enqueue("loans", 5)
    found = {
        message["Body"]: message.get("MessageAttributes", {}).get("correlation_id", {}).get("StringValue")
        for _ in range(2)
        for message in received(aws, url)
    }
    assert found == {"1": "id-1", "2": "mine", "3": None, "4": "id-1", "5": None}


def test_the_body_is_the_payload_contracts_json(aws: Any, url: str) -> None:
    message = {"id": LOAN, "amount": Decimal("1.50"), "odd": "Zoë \ud800 \uffff \x00 \U0001f600"}
    kit_aws.enqueue("loans", message)
    [found] = received(aws, url)
    assert found["Body"] == kit_json.dumps(message)
    assert kit_json.loads(found["Body"]) == {"id": str(LOAN), "amount": "1.50", "odd": message["odd"]}


@pytest.mark.parametrize(
    ("value", "kind", "core"),
    [
        (object(), kit_aws.PayloadTypeError, UnserialisableTypeError),
        (float("nan"), kit_aws.PayloadValueError, UnserialisableValueError),
    ],
)
def test_a_message_that_has_no_form_in_json_is_an_error_with_its_place(
    aws: Any, url: str, value: Any, kind: type[kit_aws.AwsError], core: type[Exception]
) -> None:
    with pytest.raises(kit_aws.AwsError) as caught:
        kit_aws.enqueue("loans", {"documents": [1, value]})
    error = caught.value
    assert type(error) is kind
    assert isinstance(error, core)
    assert (error.path, error.code) == ("$.documents[1]", None)  # type: ignore[attr-defined]
    assert str(error).startswith("$.documents[1]: ")
    assert received(aws, url) == []


def test_a_message_above_the_limit_is_not_sent(aws: Any, url: str) -> None:
    kit_aws.enqueue("loans", "x" * (1024 * 1024 - 2))
    assert len(received(aws, url)) == 1
    with pytest.raises(kit_aws.PayloadTooLargeError, match="1048578 bytes"):
        kit_aws.enqueue("loans", "é" * (512 * 1024))
    with pytest.raises(kit_aws.PayloadTooLargeError, match="1048577 bytes") as caught:
        kit_aws.enqueue("loans", "x" * (1024 * 1024 - 9), attributes={"a": "b"})
    assert (caught.value.size, caught.value.limit, caught.value.resource) == (1024 * 1024 + 1, 1024 * 1024, "loans")
