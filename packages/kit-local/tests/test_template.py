import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from kit_local.errors import TemplateError, UnsupportedError
from kit_local.template import ApiStub, Template, load
from kit_local.template.parse import read

Load = Callable[..., Template]
HEAD = "Transform: AWS::Serverless-2016-10-31\n"


def written(tmp_path: Path, text: str, name: str = "template.yaml") -> Path:
    (tmp_path / name).write_text(text)
    return tmp_path


def test_short_forms_become_long_ones(tmp_path: Path) -> None:
    text = "Resources:\n  A:\n    B: [!Ref X, !GetAtt A.B.C, !Sub '${X}', !If [C, 1, 2], !Condition C]\n"
    assert read(written(tmp_path, text)).data["Resources"]["A"]["B"] == [
        {"Ref": "X"},
        {"Fn::GetAtt": ["A", "B.C"]},
        {"Fn::Sub": "${X}"},
        {"Fn::If": ["C", 1, 2]},
        {"Condition": "C"},
    ]


def test_dates_stay_text_and_aliases_and_merges_are_followed(tmp_path: Path) -> None:
    text = """\
AWSTemplateFormatVersion: 2010-09-09
Resources:
  A: &base
    Type: AWS::SQS::Queue
    Properties: {DelaySeconds: 1}
  B: *base
  C:
    <<: *base
    Properties: {DelaySeconds: 2}
"""
    source = read(written(tmp_path, text))
    assert source.data["AWSTemplateFormatVersion"] == "2010-09-09"
    assert source.data["Resources"]["B"] == source.data["Resources"]["A"]
    assert source.data["Resources"]["C"] == {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 2}}
    assert source.line("Resources", "C", "Properties", "DelaySeconds") == 9
    assert source.line("Resources", "C", "Properties", "Nothing") == 9
    assert source.line("Nothing") == 1


def test_a_template_in_json_is_read(tmp_path: Path) -> None:
    source = read(written(tmp_path, '{"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}', "template.json"))
    assert source.data["Resources"] == {"A": {"Type": "AWS::SNS::Topic"}}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("Resources:\n  A: {\n", 3, "not YAML"),
        ("Resources:\n  A: !Reff B\n", 2, "'!Reff'"),
        ("Resources:\n  A: &a [*a]\n", 2, "alias"),
        ("Resources:\n  A: !!python/name:os.system\n", 2, "not YAML"),
        ("Parameters: {}\n", 1, "no Resources"),
        ("Resources:\n  A: 5\n", 2, r"Resources\.A has to be a mapping"),
        ("Resources:\n  A: {}\nOutputs:\n  - B\n", 3, "Outputs has to be a mapping"),
    ],
)
def test_what_is_not_a_template_is_an_error_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(TemplateError, match=message) as caught:
        read(written(tmp_path, text))
    assert caught.value.line == line
    assert caught.value.file == tmp_path / "template.yaml"


def test_a_folder_without_a_template_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"no template\.yaml"):
        load(tmp_path)


def test_everything_unsupported_is_told_at_once(load_template: Load) -> None:
    text = """\
    Transform: AWS::Serverless-2016-10-31
    Globals:
      Function:
        Layers: [arn:layer]
    Hooks: {}
    Resources:
      Stream:
        Type: AWS::StepFunctions::StateMachine
      Queue:
        Type: AWS::SQS::Queue
        Properties:
          QueueName: !ImportValue Name
          Colour: blue
      Job:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.12
          Handler: a.b
          CodeUri: src
          InlineCode: pass
          Events:
            Daily:
              Type: AlexaSkill
              Properties: {SkillId: "1"}
            Queue:
              Type: SQS
              Properties: {Queue: !GetAtt Queue.Arn, Stream: x}
      Page: {Type: AWS::Serverless::Function, Properties: {Handler: a.b, Runtime: nodejs22.x}}
    """
    with pytest.raises(UnsupportedError) as caught:
        load_template(text)
    found = {(f.resource, f.property): (f.line, f.reason) for f in caught.value.findings}
    assert found == {
        ("(template)", "Hooks"): (5, "this section is not supported"),
        ("Globals", "Function.Layers"): (4, "this property is not supported"),
        ("Stream", ""): (8, "resources of the type AWS::StepFunctions::StateMachine are not supported"),
        ("Queue", "Colour"): (13, "this property is not supported"),
        ("Queue", "Fn::ImportValue"): (12, "this intrinsic function is not supported"),
        ("Job", "InlineCode"): (20, "this property is not supported"),
        ("Job", "Events.Daily"): (22, "events of the type AlexaSkill are not supported"),
        ("Job", "Events.Queue.Stream"): (27, "this property is not supported"),
        ("Page", "Runtime"): (28, "only functions in Python, packaged as a folder, are supported"),
    }
    assert "template.yaml:22: Job.Events.Daily: events of the type AlexaSkill" in str(caught.value)


def test_what_is_unsupported_can_be_left_out_with_a_warning(
    load_template: Load, caplog: pytest.LogCaptureFixture
) -> None:
    text = """\
    Resources:
      Stream: {Type: AWS::StepFunctions::StateMachine}
      Queue: {Type: AWS::SQS::Queue}
    """
    with caplog.at_level(logging.WARNING, logger="kit.local"):
        template = load_template(text, ignore_unsupported=True)
    assert list(template.resources) == ["Queue"]
    assert "template.yaml:2: Stream" in caplog.text


def test_a_condition_that_does_not_hold_takes_its_resource_away(load_template: Load) -> None:
    text = """\
    Parameters:
      Stage: {Type: String, Default: dev, AllowedValues: [dev, live]}
    Conditions:
      IsLive: !Equals [!Ref Stage, live]
    Resources:
      Always: {Type: AWS::SQS::Queue}
      Stream: {Type: AWS::StepFunctions::StateMachine, Condition: IsLive}
      Cache: {Type: AWS::ElastiCache::CacheCluster, Condition: IsLive}
    """
    template = load_template(text)
    assert list(template.resources) == ["Always"]
    assert not template.needs_redis
    with pytest.raises(UnsupportedError):
        load_template(text, parameters={"Stage": "live"})


def test_parameters_are_given_or_default_or_made_up(load_template: Load) -> None:
    text = """\
    Parameters:
      Given: {Type: Number, Default: 1}
      Default: {Type: String, Default: true}
      Subnets: {Type: "List<AWS::EC2::Subnet::Id>"}
      Vpc: {Type: "AWS::EC2::VPC::Id"}
      Names: {Type: CommaDelimitedList, Default: "a, b"}
    Resources:
      Queue: {Type: AWS::SQS::Queue}
    """
    values = load_template(text, parameters={"Given": "2"}).values
    assert {name: values[name] for name in ("Given", "Default", "Subnets", "Vpc", "Names")} == {
        "Given": "2",
        "Default": "true",
        "Subnets": ["subnet-00000001"],
        "Vpc": "vpc-00000001",
        "Names": ["a", "b"],
    }


@pytest.mark.parametrize(
    ("spec", "given", "message"),
    [
        ("{Type: String}", {}, "'P' has no value: pass --parameter P="),
        ("{Type: 'AWS::SSM::Parameter::Value<String>', Default: /a}", {}, "'P' has no value"),
        ("{Type: String, AllowedValues: [a]}", {"P": "b"}, "cannot be 'b', only one of a"),
        ("{Type: String, AllowedPattern: '[a-z]+'}", {"P": "A"}, "has to match"),
        ("{Type: String, AllowedPattern: '[a-z]+', NoEcho: true}", {"P": "A"}, "cannot be what was given"),
        ("{Type: String, Default: a}", {"Q": "b"}, "no parameter 'Q'"),
    ],
)
def test_a_parameter_without_a_fitting_value_is_named(
    load_template: Load, spec: str, given: dict[str, str], message: str
) -> None:
    with pytest.raises(TemplateError, match=message):
        load_template(f"Parameters:\n  P: {spec}\nResources:\n  Q: {{Type: AWS::SQS::Queue}}\n", parameters=given)


def test_the_code_of_each_function_is_a_folder(load_template: Load) -> None:
    text = """\
    Transform: AWS::Serverless-2016-10-31
    Globals: {Function: {Runtime: python3.12, Handler: a.b, CodeUri: src/}}
    Resources:
      One: {Type: AWS::Serverless::Function}
      Two: {Type: AWS::Serverless::Function, Properties: {CodeUri: .}}
      Three: {Type: AWS::Lambda::Function, Properties: {Code: src, Runtime: python3.12, Handler: a.b}}
    """
    template = load_template(text)
    folder = template.folder
    assert template.code == {"One": folder / "src", "Two": folder, "Three": folder / "src"}


def test_code_elsewhere_is_an_error(load_template: Load) -> None:
    text = """\
    Transform: AWS::Serverless-2016-10-31
    Resources:
      One:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: s3://bucket/key
          Runtime: python3.12
          Handler: a.b
    """
    with pytest.raises(TemplateError, match="a folder beside the template, not 's3://bucket/key'") as caught:
        load_template(text)
    assert (caught.value.resource, caught.value.line) == ("One", 6)


def test_apis_are_known_before_anything_exists(load_template: Load) -> None:
    text = """\
    Transform: AWS::Serverless-2016-10-31
    Globals: {Function: {Runtime: python3.12, Handler: a.b, CodeUri: src}}
    Resources:
      One:
        Type: AWS::Serverless::Function
        Properties:
          Events:
            A: {Type: Api, Properties: {Path: /, Method: get}}
            B: {Type: HttpApi, Properties: {Path: /, Method: get}}
      Socket: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: s, ProtocolType: WEBSOCKET}}
      Live: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: !Ref Socket, StageName: live}}
    """
    template = load_template(text)
    assert set(template.apis) == {
        ApiStub("ServerlessRestApi", "rest", "Prod"),
        ApiStub("ServerlessHttpApi", "http", "$default"),
        ApiStub("Socket", "websocket", "live"),
    }
    assert template.name == "shop"


@pytest.mark.parametrize(
    "properties", ["[1]", "{Events: 5}", "{Events: {A: 5}}", "{Events: {A: {Type: SQS, Properties: 5}}}"]
)
def test_a_shape_that_cannot_be_is_an_error_with_its_line(load_template: Load, properties: str) -> None:
    with pytest.raises(TemplateError, match="has to be a mapping") as caught:
        load_template(f"{HEAD}Resources:\n  A:\n    Type: AWS::Serverless::Function\n    Properties: {properties}\n")
    assert caught.value.line == 5
