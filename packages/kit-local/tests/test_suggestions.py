"""Misspelt names in templates: the message has the name that was meant."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from kit_local.errors import TemplateError, UnsupportedError
from kit_local.stack import Stack
from kit_local.suggest import did_you_mean, near
from kit_local.template import Template
from kit_local.template.supported import EVENTS, TYPES

Load = Callable[..., Template]
HEAD = "Transform: AWS::Serverless-2016-10-31\nResources:\n"
FUNCTION = "  F: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.12, Handler: app.run, CodeUri: src}}\n"


def swapped(name: str) -> str:
    """Return a name whose two middle letters have changed places."""
    middle = len(name) // 2
    return name[: middle - 1] + name[middle] + name[middle - 1] + name[middle + 1 :]


@pytest.mark.parametrize("kind", sorted(kind for kind, support in TYPES.items() if support.names))
def test_a_misspelt_property_of_every_type_is_recognised(kind: str) -> None:
    names = TYPES[kind].names
    for name in (name for name in names if len(name) > 3):
        for misspelt in (swapped(name), name[:-1], f"{name}s", name.upper(), name.lower(), f"x{name}"):
            if misspelt not in names:
                assert near(misspelt, names) in (name, ""), misspelt
        assert near(swapped(name), names) == name or swapped(name) in names


def test_a_property_that_aws_has_is_not_taken_for_another() -> None:
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    mistaken = []
    for kind, support in TYPES.items():
        if kind.startswith("AWS::Serverless::") or "*" in support.accepted:
            continue
        schema: Any = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
        made = {path.split("/")[2] for path in schema.get("readOnlyProperties", [])}
        others = set(schema["properties"]) - made - support.names
        mistaken += [name for name in others if near(name, support.names)]
    assert mistaken == ["PreferredAvailabilityZones"]


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("Handeler", TYPES["AWS::Serverless::Function"].names, "Handler"),
        ("enviroment", TYPES["AWS::Serverless::Function"].names, "Environment"),
        ("Memory", TYPES["AWS::Serverless::Function"].names, "MemorySize"),
        ("Layers", TYPES["AWS::Serverless::Function"].names, ""),
        ("Mode", TYPES["AWS::Serverless::Api"].names, ""),
        ("MQ", EVENTS, ""),
        ("sqs", EVENTS, "SQS"),
        ("SXS", EVENTS, ""),  # two are as near
        ("Xy", ("X", "Y"), ""),
        ("", ("A",), ""),
        ("A", (), ""),
    ],
)
def test_near(name: str, known: Any, meant: str) -> None:
    assert near(name, known) == meant
    assert did_you_mean(name, known) == (f"; did you mean {meant!r}?" if meant else "")


PROPERTIES = "Runtime: python3.12, Handler: app.run, CodeUri: src"


def of_function(more: str) -> str:
    return f"{HEAD}  F: {{Type: AWS::Serverless::Function, Properties: {{{PROPERTIES}, {more}}}}}\n"


@pytest.mark.parametrize(
    ("text", "place", "meant"),
    [
        (of_function("Timout: 3"), "F.Timout", "Timeout"),
        (of_function("Environment: {Variable: {A: b}}"), "F.Environment.Variable", "Variables"),
        (of_function("Events: {Q: {Type: Sqs, Properties: {Queue: q}}}"), "F.Events.Q", "SQS"),
        (of_function("Events: {Q: {Type: SQS, Propertys: {Queue: q}}}"), "F.Events.Q.Propertys", "Properties"),
        (
            of_function("Events: {Q: {Type: SQS, Properties: {Queue: q, BatchSise: 1}}}"),
            "F.Events.Q.BatchSise",
            "BatchSize",
        ),
        (
            of_function("Events: {Q: {Type: SQS, Properties: {Queue: q, FilterCriteria: {Filters: [{Patern: a}]}}}}"),
            "F.Events.Q.FilterCriteria.Filters.0.Patern",
            "Pattern",
        ),
        (
            of_function("Events: {B: {Type: S3, Properties: {Bucket: b, Events: e, Filter: {S3Key: {Rule: []}}}}}"),
            "F.Events.B.Filter.S3Key.Rule",
            "Rules",
        ),
        (of_function("DeadLetterQueue: {Type: SQS, TargetARN: arn}"), "F.DeadLetterQueue.TargetARN", "TargetArn"),
        (f"{HEAD}  F: {{Type: AWS::Serverless::Funtcion}}\n", "F", "AWS::Serverless::Function"),
        (f"{HEAD}  Q: {{Type: AWS::SQS::Queue, Propertes: {{}}}}\n", "Q.Propertes", "Properties"),
        (f"{HEAD}  Q: {{Type: AWS::SQS::Queue, DependOn: Q}}\n", "Q.DependOn", "DependsOn"),
        (
            f"{HEAD}  Q: {{Type: AWS::SQS::Queue, Properties: {{RedrivePolicy: {{maxReceivecount: 3}}}}}}\n",
            "Q.RedrivePolicy.maxReceivecount",
            "maxReceiveCount",
        ),
        (f"Globals: {{Functions: {{Timeout: 3}}}}\n{HEAD}{FUNCTION}", "Globals.Functions", "Function"),
        (f"Globals: {{Function: {{Timeuot: 3}}}}\n{HEAD}{FUNCTION}", "Globals.Function.Timeuot", "Timeout"),
        (
            f"Globals: {{Function: {{Environment: {{Varaibles: {{}}}}}}}}\n{HEAD}{FUNCTION}",
            "Globals.Function.Environment.Varaibles",
            "Variables",
        ),
        (f"Parameter: {{}}\n{HEAD}{FUNCTION}", "(template).Parameter", "Parameters"),
        (f"Parameters: {{P: {{Type: String, Defualt: a, Default: b}}}}\n{HEAD}{FUNCTION}", "P.Defualt", "Default"),
        (f"Outputs: {{O: {{Valeu: a, Value: a}}}}\n{HEAD}{FUNCTION}", "O.Valeu", "Value"),
        (
            f"{HEAD}  Q: {{Type: AWS::SQS::Queue, Properties: {{QueueName: {{Fn::Subb: a}}}}}}\n",
            "Q.Fn::Subb",
            "Fn::Sub",
        ),
        (f"{HEAD}  Q: {{Type: AWS::SQS::Queue, Properties: {{QueueName: {{Fn:Sub: a}}}}}}\n", "Q.Fn:Sub", "Fn::Sub"),
    ],
)
def test_a_misspelt_name_is_a_finding(
    load_template: Load, caplog: pytest.LogCaptureFixture, text: str, place: str, meant: str
) -> None:
    with pytest.raises(UnsupportedError) as caught:
        load_template(text)
    [finding] = caught.value.findings
    assert ".".join(filter(None, (finding.resource, finding.property))) == place
    assert finding.meant == meant
    assert str(caught.value).startswith("names that are not known:\n")
    assert f"{place}: " in str(caught.value)
    assert str(caught.value).endswith(f"not known; did you mean {meant!r}?") or "known here" in str(caught.value)


def test_names_beside_the_unsupported_are_told_with_them(load_template: Load) -> None:
    with pytest.raises(UnsupportedError, match="--ignore-unsupported goes on without it") as caught:
        load_template(of_function("Timout: 3, Layers: []"))
    assert [(finding.property, finding.meant) for finding in caught.value.findings] == [
        ("Timout", "Timeout"),
        ("Layers", ""),
    ]


def test_a_name_that_is_left_out_is_warned_of(load_template: Load, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    load_template(f"{HEAD}  Q: {{Type: AWS::SQS::Queue, Properties: {{QueName: a}}}}\n", ignore_unsupported=True)
    assert "Q QueName: this property is not known; did you mean 'QueueName'?; left out" in caplog.text


def test_an_intrinsic_function_is_no_misspelt_name(load_template: Load) -> None:
    variables = "Environment: !If [C, {Variables: {A: b}}, !Ref AWS::NoValue]"
    assert load_template(f"Conditions: {{C: !Equals [a, a]}}\n{of_function(variables)}").resources


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        (f"Resources:\n{FUNCTION}", "needs the line 'Transform: AWS::Serverless-2016-10-31'", 2),
        (f"{HEAD}  Q: {{type: AWS::SQS::Queue}}\n", "a resource needs a Type; did you mean 'type'?", 3),
        (f"{HEAD}  Q: {{Type: AWS::SQS::Queue, Properties: {{QueueName: !Subb a}}}}\n", "'!Subb' .*mean '!Sub'", 3),
        (
            f"Conditions: {{Live: !Equals [a, a]}}\n{HEAD}  Q: {{Type: AWS::SQS::Queue, Condition: Lvie}}\n",
            "no condition 'Lvie'; did you mean 'Live'",
            None,
        ),
    ],
)
def test_a_wrong_template_says_what_is_missing(load_template: Load, text: str, message: str, line: int | None) -> None:
    with pytest.raises(TemplateError, match=message) as caught:
        load_template(text)
    assert caught.value.line == line


def test_a_parameter_that_is_not_declared(load_template: Load) -> None:
    with pytest.raises(TemplateError, match="no parameter 'Stge'; did you mean 'Stage'"):
        load_template(f"Parameters: {{Stage: {{Type: String}}}}\n{HEAD}{FUNCTION}", parameters={"Stge": "a"})


TABLE = "  T: {Type: AWS::SNS::Topic}\n"


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ("{Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Paramter}}", "'Paramter', .*mean 'Parameter'"),
        ("{Type: AWS::SQS::Queue, Properties: {QueueName: !Sub 'a-${Topics}'}}", "'Topics', .*mean 'Topic'"),
        ("{Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt Topic.TopicNam}}", "'TopicNam' .*mean 'TopicName'"),
        ("{Type: AWS::SQS::Queue, DependsOn: Topci}", "DependsOn names no resource: 'Topci'; did you mean 'Topic'"),
        ("{Type: AWS::SQS::Queue, DependsOn: [Topic, Gone]}", "DependsOn names no resource: 'Gone'$"),
        ("{Type: AWS::SQS::Queue, Properties: {QueueName: !FindInMap [Stags, a, b]}}", "mean 'Stages'"),
        ("{Type: AWS::SQS::Queue, Properties: {QueueName: !FindInMap [Stages, liev, name]}}", "mean 'live'"),
        ("{Type: AWS::SQS::Queue, Properties: {QueueName: !FindInMap [Stages, live, nmae]}}", "mean 'name'"),
        ("{Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt Q.Arm}}", "Fn::GetAtt Q.Arm .* needs itself"),
        ("{Type: AWS::SQS::Queue, DependsOn: Q}", "the resource needs itself"),
        (
            "{Type: AWS::SQS::Queue, Properties: {QueueName: '{{resolve:secretsmanager:prod/db:SecretString:name}}'}}",
            "'{{resolve:secretsmanager:prod/db:SecretString:name}}' has no value here",
        ),
        (
            "{Type: AWS::SQS::Queue, Properties: {QueueName: '{{resolve:ssm:/prod/name}}'}}",
            "'{{resolve:ssm:/prod/name}}' has no value here",
        ),
    ],
)
def test_a_reference_that_leads_nowhere(provision_template: Callable[..., Stack], resource: str, message: str) -> None:
    head = "Parameters: {Parameter: {Type: String, Default: a}}\nMappings: {Stages: {live: {name: a}}}\nResources:\n"
    with pytest.raises(TemplateError, match=message) as caught:
        provision_template(f"{head}  Topic: {{Type: AWS::SNS::Topic}}\n  Q: {resource}\n")
    assert (caught.value.resource, caught.value.line) == ("Q", 5)
