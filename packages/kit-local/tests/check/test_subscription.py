"""What a template needs for a subscriber."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kit_local.check import check
from kit_local.cli import main
from kit_local.subscription import Subscription
from kit_local.template.parse import read

FUNCTION = """
  Underwrite:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.underwrite
      Runtime: python3.12
      CodeUri: src/
      Timeout: 30
      Events:
        Underwriting:
          Type: SQS
          Properties:
            Queue: !GetAtt Underwriting.Arn
            FunctionResponseTypes: [ReportBatchItemFailures]
"""


@pytest.fixture
def template(tmp_path: Path) -> Callable[[Subscription], Path]:
    def write(subscription: Subscription) -> Path:
        path = tmp_path / "template.yaml"
        path.write_text(f"Transform: AWS::Serverless-2016-10-31\n{subscription}{FUNCTION}")
        return path

    return write


KINDS = [
    Subscription("Underwriting", types=["loan.requested", "loan.paid"]),
    Subscription("Underwriting", "loan.requested", fifo=True, timeout=60, max_receives=3),
    Subscription("Underwriting", ["loan.requested"], topic="arn:aws:sns:eu-west-1:123456789012:loans"),
]


@pytest.mark.parametrize("subscription", KINDS)
def test_the_checks_find_nothing(template: Any, subscription: Subscription) -> None:
    assert check(template(subscription)) == []


@pytest.mark.parametrize("subscription", KINDS)
def test_cfn_lint_finds_nothing(template: Any, subscription: Subscription) -> None:
    from cfnlint.api import lint_file

    assert [str(match) for match in lint_file(template(subscription))] == []


def test_what_it_says_is_what_was_asked_for(template: Any) -> None:
    resources = read(template(KINDS[1])).data["Resources"]
    assert resources["Events"]["Properties"] == {"FifoTopic": True}
    assert resources["Underwriting"]["Properties"] == {
        "FifoQueue": True,
        "VisibilityTimeout": 360,
        "RedrivePolicy": {
            "deadLetterTargetArn": {"Fn::GetAtt": ["UnderwritingDeadLetters", "Arn"]},
            "maxReceiveCount": 3,
        },
    }
    assert resources["UnderwritingDeadLetters"]["Properties"]["FifoQueue"] is True
    subscribed = resources["UnderwritingSubscription"]["Properties"]
    assert subscribed["FilterPolicy"] == {"event_type": ["loan.requested"]}
    assert subscribed["TopicArn"] == {"Ref": "Events"}


def test_a_topic_of_another_stack_is_no_resource_of_this_one(template: Any) -> None:
    resources = read(template(KINDS[2])).data["Resources"]
    assert "AWS::SNS::Topic" not in json.dumps(resources)
    assert resources["UnderwritingSubscription"]["Properties"]["TopicArn"] == KINDS[2].topic


def test_a_type_is_quoted(template: Any) -> None:
    hostile = 'a"]\nTransform: x'
    resources = read(template(Subscription("Underwriting", [hostile]))).data["Resources"]
    assert resources["UnderwritingSubscription"]["Properties"]["FilterPolicy"] == {"event_type": [hostile]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"queue": "under-writing"},
        {"topic": "loans.fifo"},
        {"types": []},
        {"queue": "arn:aws:sqs:x"},
        {"queue": "Überweisung"},
        {"queue": "Events"},
        {"topic": "UnderwritingDeadLetters"},
        {"topic": "arn:aws:sns:x\n  Other: {}"},
        {"timeout": 0},
        {"timeout": 901},
        {"max_receives": 0},
    ],
)
def test_what_cannot_be_written_is_refused(wrong: dict[str, Any]) -> None:
    options: dict[str, Any] = {"queue": "Underwriting", "types": ["loan.paid"], **wrong}
    with pytest.raises(ValueError):
        Subscription(**options)


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["subscription", "Underwriting", "loan.requested", "loan.paid", "--timeout", "20"]) == 0
    assert capsys.readouterr().out == str(Subscription("Underwriting", ["loan.requested", "loan.paid"], timeout=20))
