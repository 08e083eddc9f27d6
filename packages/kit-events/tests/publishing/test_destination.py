"""Where events go, by the form of EVENT_BUS or of the argument."""

import os
from uuid import UUID

import pytest
from kit_aws import RegionNotSetError
from kit_events import EventBusNotSetError
from kit_events.publishing.drivers.choice import choose_driver
from kit_events.publishing.message import Message

ACCOUNT = "123456789012"


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
    monkeypatch.setenv("AWS_ACCOUNT_ID", ACCOUNT)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SECRETEXAMPLE")
    assert choose_driver(None).destination() == (region, f"arn:{partition}:sns:{region}:{ACCOUNT}:loans")


def test_a_name_without_a_region_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """E4: it became arn:aws:sns:None:…"""
    monkeypatch.setenv("EVENT_BUS", "loans")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    with pytest.raises(RegionNotSetError):
        choose_driver(None).send([Message(UUID(int=1), "loan.paid", UUID(int=1), "{}", {})])


def test_an_arn_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENT_BUS", "arn:aws:sns:eu-central-1:210987654321:loans")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert choose_driver(None).destination() == ("eu-central-1", "arn:aws:sns:eu-central-1:210987654321:loans")


@pytest.mark.parametrize(
    ("destination", "driver", "ordered"),
    [
        ("loans", "Sns", False),
        ("loans.fifo", "Sns", True),
        (f"arn:aws:sns:eu-west-1:{ACCOUNT}:loans.fifo", "Sns", True),
        (f"arn:aws-cn:sns:cn-north-1:{ACCOUNT}:loans", "Sns", False),
        (f"arn:aws:sqs:eu-west-1:{ACCOUNT}:loans", "Sqs", False),
        (f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/loans.fifo", "Sqs", True),
        (f"http://127.0.0.1:4566/{ACCOUNT}/loans", "Sqs", False),
        (f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/loans", "EventBridge", False),
        ("memory://", "Memory", False),
        ("memory://loans.fifo", "Memory", True),
    ],
)
def test_the_form_decides_on_the_driver(
    monkeypatch: pytest.MonkeyPatch, destination: str, driver: str, ordered: bool
) -> None:
    monkeypatch.setenv("EVENT_BUS", destination)
    by_environment = choose_driver(None)
    monkeypatch.setenv("EVENT_BUS", "other")
    for chosen in (by_environment, choose_driver(destination)):
        assert (type(chosen).__name__, chosen.ordered) == (driver, ordered)


@pytest.mark.parametrize(
    "bus",
    [
        "",
        "arn:aws:sns",
        f"arn:aws:sns:eu-west-1:{ACCOUNT}:loans:subscription",
        "arn:aws:sns:eu-west-1::loans",
        "arn:aws:sns::None:loans",
        f"arn:aws:sqs:eu-west-1:{ACCOUNT}:loans:x",
        f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/loans",
        f"arn:aws:s3:eu-west-1:{ACCOUNT}:loans",
        "event-bus/loans",
        "https://example.com/",
        "loans and more",
        "memory:loans",
    ],
)
def test_what_is_no_bus_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch, bus: str) -> None:
    monkeypatch.setenv("EVENT_BUS", bus)
    with pytest.raises(EventBusNotSetError, match="EVENT_BUS has to be") as caught:
        choose_driver(None)
    assert caught.value.bus == (bus or None)
    assert (repr(bus) if bus else "it is not set") in str(caught.value)
