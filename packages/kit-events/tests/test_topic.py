"""The topic that EVENT_BUS names."""

import pytest
from kit_events import EventBusNotSetError
from kit_events.drivers.sns import destination


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
    ],
)
def test_a_name_is_a_topic_of_this_account_and_region(
    monkeypatch: pytest.MonkeyPatch, region: str, partition: str
) -> None:
    monkeypatch.setenv("EVENT_BUS", "loans")
    monkeypatch.setenv("AWS_REGION", region)
    monkeypatch.setenv("AWS_ACCOUNT_ID", "123456789012")
    sns, topic = destination()
    assert topic == f"arn:{partition}:sns:{region}:123456789012:loans"
    assert sns.meta.region_name == region


def test_an_arn_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENT_BUS", "arn:aws:sns:eu-central-1:210987654321:loans")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    sns, topic = destination()
    assert topic == "arn:aws:sns:eu-central-1:210987654321:loans"
    assert sns.meta.region_name == "eu-central-1"


@pytest.mark.parametrize(
    "bus",
    [
        "",
        "arn:aws:sns",
        "arn:aws:sns:eu-west-1:123456789012:loans:subscription",
        "arn:aws:sqs:eu-west-1:123456789012:loans",
    ],
)
def test_what_is_no_topic_is_refused(monkeypatch: pytest.MonkeyPatch, bus: str) -> None:
    monkeypatch.setenv("EVENT_BUS", bus)
    with pytest.raises(EventBusNotSetError, match="EVENT_BUS has to be"):
        destination()
