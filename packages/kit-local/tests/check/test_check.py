"""What in a template would lose messages."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import run
from typing import Any

import pytest
from kit_local import TemplateError
from kit_local.check import check
from kit_local.cli import main

GOOD = """
Globals: {Function: {Timeout: 10}}
Parameters:
  Visibility: {Type: Number, Default: 60}
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: !Ref Visibility
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}
  Dead: {Type: AWS::SQS::Queue}
  Work:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.jobs.work
      Events:
        Jobs:
          Type: SQS
          Properties: {Queue: !GetAtt Jobs.Arn, FunctionResponseTypes: [ReportBatchItemFailures]}
        Hourly: {Type: Schedule, Properties: {Schedule: rate(1 hour)}}
"""
CLASSIC = """
Resources:
  Jobs: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 20, RedrivePolicy: {deadLetterTargetArn: x}}}
  Work: {Type: AWS::Lambda::Function, Properties: {Timeout: 4}}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Work
      EventSourceArn: !Sub "${Jobs.Arn}"
      MaximumBatchingWindowInSeconds: 5
"""


@pytest.fixture
def found(tmp_path: Path) -> Callable[..., list[str]]:
    def find(text: str, name: str = "template.yaml", **options: Any) -> list[str]:
        path = tmp_path / name
        path.write_text(text)
        return [str(finding) for finding in check(path, **options)]

    return find


def test_a_good_template_has_nothing_wrong(found: Any) -> None:
    assert found(GOOD) == []


def test_a_mapping_without_partial_answers_is_named(found: Any) -> None:
    [finding] = found(GOOD.replace(", FunctionResponseTypes: [ReportBatchItemFailures]", ""))
    assert finding.startswith("Work.Jobs: no FunctionResponseTypes")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Default: 60", "Default: 59", "VisibilityTimeout is 59, under six times the 10 s of Work: 60"),
        ("      VisibilityTimeout: !Ref Visibility\n", "", "VisibilityTimeout is 30, under six times"),
        ("Timeout: 10", "Timeout: 11", "under six times the 11 s of Work: 66"),
        ("{Queue:", "{MaximumBatchingWindowInSeconds: 3, Queue:", "and its window of 3 s: 63"),
    ],
)
def test_a_visibility_timeout_that_is_too_short_is_named(found: Any, old: str, new: str, said: str) -> None:
    [finding] = found(GOOD.replace(old, new))
    assert finding.startswith("Jobs: ")
    assert said in finding


def test_a_function_without_a_timeout_has_lambdas_three_seconds(found: Any) -> None:
    without = GOOD.replace("Globals: {Function: {Timeout: 10}}", "")
    assert found(without.replace("Default: 60", "Default: 18")) == []
    assert len(found(without.replace("Default: 60", "Default: 17"))) == 1


def test_what_only_aws_knows_is_not_guessed(found: Any) -> None:
    assert found(GOOD.replace("!Ref Visibility", "!ImportValue visibility")) == []
    assert found(GOOD.replace(", Default: 60", "")) == []


def test_a_number_of_the_templates_own_mappings_is_found(found: Any) -> None:
    stages = "Mappings: {Stage: {live: {Visibility: 59}}}"
    [finding] = found(stages + GOOD.replace("!Ref Visibility", "!FindInMap [Stage, live, Visibility]"))
    assert "VisibilityTimeout is 59" in finding


@pytest.mark.parametrize("wrong", ["Properties: [a]", "Properties: {Events: [a]}", "Properties: {Events: {E: a}}"])
def test_a_part_of_another_shape_is_named_by_its_line(found: Any, wrong: str) -> None:
    with pytest.raises(TemplateError, match=r"template\.yaml:\d+: .* has to be a mapping") as caught:
        found(f"Resources:\n  Work:\n    Type: AWS::Serverless::Function\n    {wrong}\n")
    assert caught.value.line == 4


def test_a_folder_stands_for_its_template(tmp_path: Path) -> None:
    (tmp_path / "template.yml").write_text(CLASSIC)
    assert [problem.resource for problem in check(tmp_path)] == ["Mapping", "Jobs"]


def test_a_queue_without_dead_letters_is_named(found: Any) -> None:
    policy = "      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}\n"
    for none in ("", "      RedrivePolicy: !Ref AWS::NoValue\n"):
        names = [finding.split(":")[0] for finding in found(GOOD.replace(policy, none))]
        assert names == ["Jobs", "Dead"]


@pytest.mark.parametrize(
    "use",
    [
        "DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Failed.Arn}",
        "EventInvokeConfig: {DestinationConfig: {OnFailure: {Destination: !Sub '${Failed.Arn}'}}}",
        "DeadLetterConfig: {TargetArn: {'Fn::GetAtt': 'Failed.Arn'}}",
    ],
)
def test_a_queue_for_failures_needs_none_itself(found: Any, use: str) -> None:
    more = GOOD.replace("  Dead: {", "  Failed: {Type: AWS::SQS::Queue}\n  Dead: {")
    assert [finding.split(":")[0] for finding in found(more)] == ["Failed"]
    assert found(more.replace("Handler: app.jobs.work", f"Handler: app.jobs.work\n      {use}")) == []


def test_a_mapping_of_plain_cloudformation_is_checked(found: Any) -> None:
    findings = found(CLASSIC)
    assert [finding.split(":")[0] for finding in findings] == ["Mapping", "Jobs"]
    assert "under six times the 4 s of Work and its window of 5 s: 29" in findings[1]


def test_a_template_may_be_json(found: Any) -> None:
    assert found(json.dumps({"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}}), "template.json") != []


ALIASED = (
    CLASSIC.replace("FunctionName: !Ref Work", "FunctionName: !Ref Live")
    + """
  Live: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Work, Name: live}}
"""
)


@pytest.mark.parametrize(
    "template",
    [
        ALIASED,
        CLASSIC.replace("!Ref Work", "!Sub '${Work}'"),
        CLASSIC.replace("!Ref Work", "!Sub '${Work.Arn}'"),
        CLASSIC.replace("!Ref Work", "!Ref Work.Alias"),
        CLASSIC.replace("VisibilityTimeout: 20", "QueueName: jobs, VisibilityTimeout: 20").replace(
            '"${Jobs.Arn}"', "'arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:jobs'"
        ),
        "Globals: {Function: {Timeout: 60}}" + CLASSIC,  # SAM's are those of SAM's functions only
        "Globals: {Function: {Timeout: 60}}" + CLASSIC.replace("Timeout: 4}", "Timeout: 4, FunctionName: work}"),
    ],
)
def test_a_function_is_found_however_it_is_referred_to(found: Any, template: str) -> None:
    assert "under six times the 4 s of Work and its window of 5 s: 29" in found(template)[1]


def test_settings_for_all_are_those_of_sams_functions_only(found: Any) -> None:
    template = "Globals: {Function: {Timeout: 60}}" + CLASSIC.replace("Timeout: 4", "Handler: x")
    assert [finding.split(":")[0] for finding in found(template.replace("Timeout: 20", "Timeout: 23"))] == ["Mapping"]


@pytest.mark.parametrize(
    "source",
    [
        "EventSourceArn: !Ref Cluster, Topics: [loans]",
        "EventSourceArn: !GetAtt Broker.Arn, Queues: [loans]",
        "EventSourceArn: !Ref Documents, DocumentDBEventSourceConfig: {DatabaseName: loans}",
    ],
)
def test_a_mapping_that_knows_no_partial_answers_is_left_alone(found: Any, source: str) -> None:
    properties = f"{{FunctionName: x, {source}}}"
    assert found(f"Resources: {{M: {{Type: AWS::Lambda::EventSourceMapping, Properties: {properties}}}}}") == []


def test_answers_that_depend_on_a_condition_are_not_guessed(found: Any) -> None:
    either = "!If [Partial, [ReportBatchItemFailures], !Ref AWS::NoValue]"
    assert found(GOOD.replace("[ReportBatchItemFailures]", either)) == []
    assert found(GOOD.replace("[ReportBatchItemFailures]", "[!Ref Answers]")) == []


def test_a_queue_between_topic_and_function_is_a_mapping(found: Any) -> None:
    event = "{Type: SNS, Properties: {Topic: x, SqsSubscription: {QueueArn: !GetAtt Jobs.Arn, QueueUrl: !Ref Jobs}}}"
    findings = found(
        GOOD.replace("Hourly: {", f"Topic: {event}\n        Hourly: {{").replace("Default: 60", "Default: 59")
    )
    assert [finding.split(":")[0] for finding in findings].count("Work.Topic") == 1
    assert sum("under six times" in finding for finding in findings) == 2


def test_a_dead_letter_queue_may_be_given_by_its_name(found: Any) -> None:
    named = GOOD.replace("Dead: {Type: AWS::SQS::Queue}", "Dead: {Type: AWS::SQS::Queue, Properties: {QueueName: %s}}")
    for name in ("dead", "!Sub '${AWS::StackName}-dead'"):
        end = name.removeprefix("!Sub ").strip("'")
        arn = f"!Sub 'arn:aws:sqs:${{AWS::Region}}:${{AWS::AccountId}}:{end}'"
        assert found((named % name).replace("!GetAtt Dead.Arn", arn)) == []


def test_a_queue_for_successes_needs_one(found: Any) -> None:
    use = "EventInvokeConfig: {DestinationConfig: {OnSuccess: {Destination: !GetAtt Done.Arn}}}"
    more = GOOD.replace("  Dead: {", "  Done: {Type: AWS::SQS::Queue}\n  Dead: {")
    findings = found(more.replace("Handler: app.jobs.work", f"Handler: app.jobs.work\n      {use}"))
    assert [finding.split(":")[0] for finding in findings] == ["Done"]


@pytest.mark.parametrize("text", ["", "[]", "Resources: []", "a: b: c", "\x00"])
def test_what_is_no_template_is_named(found: Any, text: str) -> None:
    with pytest.raises(TemplateError, match=r"template\.yaml"):
        found(text)


def test_a_template_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="gone"):
        check(tmp_path / "gone.yaml")


JOBS = """
def handler(partial, kind="job"):
    def handle(event, context=None):
        pass
    handle.__kit_handler__ = kind
    handle.__kit_partial__ = partial
    return handle

work = handler(True)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Return a callable that makes a module app.jobs of its own."""

    def make(text: str) -> str:
        package = f"app{abs(hash(text))}"
        (tmp_path / package).mkdir()
        (tmp_path / package / "jobs.py").write_text(text)
        return f"{package}.jobs"

    monkeypatch.syspath_prepend(tmp_path)
    return make


def compared(found: Any, template: str, name: str) -> list[str]:
    findings = found(template.replace("app.jobs", name), module=name)
    return [finding.replace(name, "app.jobs") for finding in findings]


def test_a_module_that_fits_has_nothing_wrong(found: Any, module: Any) -> None:
    assert compared(found, GOOD, module(JOBS)) == []
    assert compared(found, GOOD.replace("app.jobs", "src/app.jobs"), module(JOBS + "# in a folder\n")) == []


def test_a_handler_that_is_not_there_is_named(found: Any, module: Any) -> None:
    findings = compared(found, GOOD.replace("jobs.work", "jobs.wrok"), module(JOBS))
    assert findings == [
        "Work: Handler is 'wrok', which app.jobs hasn't",
        "app.jobs.work: is a job, and no function's Handler",
    ]


def test_functions_of_other_modules_are_left_alone(found: Any, module: Any) -> None:
    assert found(GOOD.replace("app.jobs.work", "app.other.work"), module=module("x = 1")) == []


def test_a_job_that_answers_otherwise_than_its_mapping_is_named(found: Any, module: Any) -> None:
    [finding] = compared(found, GOOD, module(JOBS.replace("handler(True)", "handler(False)")))
    assert finding == "Work.Jobs: has ReportBatchItemFailures, but app.jobs.work is a job(partial=False)"
    whole = GOOD.replace(", FunctionResponseTypes: [ReportBatchItemFailures]", "")
    assert any("ignores the failures that app.jobs.work names" in each for each in compared(found, whole, module(JOBS)))


@pytest.mark.parametrize(
    "mapping",
    [
        "Type: MSK, Properties: {Stream: 'arn:aws:kafka:r:1:cluster/c/u', Topics: [loans], StartingPosition: LATEST",
        "Type: SelfManagedKafka, Properties: {KafkaBootstrapServers: ['b:9092'], Topics: [loans]",
    ],
)
def test_kafka_has_to_take_the_partial_answers_of_a_job(found: Any, module: Any, mapping: str) -> None:
    template = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Work:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.jobs.work
      Runtime: python3.13
      Events:
        Topic: {MAPPING}}
"""
    ignored = template.replace("MAPPING", mapping)
    told = "Work.Topic: ignores the failures that app.jobs.work names: its batch would count as done"
    assert compared(found, ignored, module(JOBS)) == [told]
    assert compared(found, ignored, module(JOBS.replace("handler(True)", "handler(False)"))) == []
    taken = template.replace("MAPPING", mapping + ", FunctionResponseTypes: [ReportBatchItemFailures]")
    assert compared(found, taken, module(JOBS + "# taken\n")) == []


def test_a_job_that_a_dispatcher_calls_is_no_functions_handler(found: Any, module: Any) -> None:
    dispatcher = """
class Dispatcher:
    def __call__(self, event, context=None):
        return work(event, context)

dispatcher = Dispatcher()
"""
    assert compared(found, GOOD.replace("jobs.work", "jobs.dispatcher"), module(JOBS + dispatcher)) == []


def test_a_route_that_gets_records_is_named(found: Any, module: Any) -> None:
    [finding] = compared(found, GOOD, module(JOBS.replace("handler(True)", "handler(True, 'route')")))
    assert finding == "Work.Jobs: leads records to app.jobs.work, which is a route"


def test_the_command_prints_what_it_finds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(GOOD)
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().out == ""
    path.write_text(CLASSIC)
    assert main(["check", str(path)]) == 1
    lines = CLASSIC.splitlines()
    places = [line.split(": ")[0] for line in capsys.readouterr().out.splitlines()]
    assert places == [f"{path}:{lines.index('  Mapping:') + 1}", f"{path}:3"]
    path.write_text("[]")
    assert main(["check", str(path)]) == 1
    assert "has no Resources" in capsys.readouterr().err


def test_the_command_finds_a_module_of_the_folder_it_runs_in(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(GOOD)
    (tmp_path / "jobs.py").write_text("")
    command = [sys.executable, "-m", "kit_local", "check", "template.yaml", "--module", "jobs"]
    line = GOOD.splitlines().index("      Handler: app.jobs.work") + 1
    done = run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, f"template.yaml:{line}: Work: Handler is 'work', which jobs hasn't\n")
