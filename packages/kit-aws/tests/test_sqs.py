"""Messages to queues."""

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import kit_aws
import pytest

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
