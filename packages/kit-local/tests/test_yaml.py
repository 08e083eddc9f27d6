"""Templates in the forms that CloudFormation takes: YAML 1.1 with its readings of scalars, and JSON."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kit_local.check import check
from kit_local.errors import TemplateError
from kit_local.stack import Stack
from kit_local.template import Template
from kit_local.template.parse import read
from kit_local.template.source import Source

Load = Callable[..., Template]


def source(tmp_path: Path, text: str, name: str = "template.yaml") -> Source:
    (tmp_path / name).write_bytes(text.encode())
    return read(tmp_path)


def value(tmp_path: Path, text: str) -> Any:
    """Read one value, which the text has as the property `V`."""
    found = source(tmp_path, f"Resources:\n  A:\n    V: {text}\n").data["Resources"]["A"]
    assert list(found) == ["V"]
    return found["V"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes", True),
        ("No", False),
        ("on", True),
        ("OFF", False),
        ("y", "y"),
        ("TRUE", True),
        ("0755", 493),
        ("012345678901", "012345678901"),  # the digits 8 and 9 make it no octal number
        ("1:30", 90),
        ("1_000", 1000),
        ("0x1F", 31),
        ("1e3", "1e3"),
        ("2012-10-17", "2012-10-17"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
        ("=", "="),
        ('[{numeric: [">", 0, =, 5, <=, 9]}]', [{"numeric": [">", 0, "=", 5, "<=", 9]}]),
        ("!!str 12", "12"),
        ("!!int '5'", 5),
        ("! 12", 12),
        ("!<tag:yaml.org,2002:str> 12", "12"),
        ("!!map {a: !!seq [1]}", {"a": [1]}),
        ("arn:aws:x:::y", "arn:aws:x:::y"),
        ("[1, 2,]", [1, 2]),
        ("a\t\n    # a comment\t", "a"),
        ("&x a", "a"),
        ("!Sub 12", {"Fn::Sub": "12"}),
        ("!Ref yes", {"Ref": "yes"}),
        ("!GetAZs", {"Fn::GetAZs": ""}),
        ("!If [C, !Ref AWS::NoValue, b]", {"Fn::If": ["C", {"Ref": "AWS::NoValue"}, "b"]}),
        ("!Sub |\n      a\n       b", {"Fn::Sub": "a\n b\n"}),
        ("{'<<': 1}", {"<<": 1}),
        ("'🎉'", "🎉"),
    ],
)
def test_a_value_is_read_as_yaml_1_1(tmp_path: Path, text: str, expected: Any) -> None:
    found = value(tmp_path, text)
    assert (found, type(found)) == (expected, type(expected))


def test_tabs_stand_where_spaces_do(tmp_path: Path) -> None:
    text = "Resources:\t\n  A:\t\n    L:\t\n    - a\t\n    - {b:\t1}\t# a comment\n"
    assert source(tmp_path, text).data["Resources"]["A"] == {"L": ["a", {"b": 1}]}


@pytest.mark.parametrize(
    ("written", "meant"),
    [("true", None), ("yes", "true"), ("No", "false"), ("0755", "493"), ("5", None), ("1.10", None), ("~", None)],
)
def test_a_key_is_read_as_yaml_1_1(tmp_path: Path, written: str, meant: str | None) -> None:
    found = source(tmp_path, f"Resources:\n  A:\n    {written}: 1\n")
    assert found.data["Resources"]["A"] == {meant or written: 1}
    assert found.line("Resources", "A", meant or written) == 3
    told = f"the key {written!r} means {meant!r} in YAML 1.1; quotes keep it as it is"
    assert found.remarks == (((3, told),) if meant else ())


def test_a_key_in_quotes_stays(tmp_path: Path) -> None:
    found = source(tmp_path, "Resources:\n  A: {'yes': 1, \"0755\": 2}\n")
    assert (found.data["Resources"]["A"], found.remarks) == ({"yes": 1, "0755": 2}, ())


@pytest.mark.parametrize("kind", ["binary", "omap", "pairs", "set", "timestamp"])
def test_a_tag_that_cloudformation_does_not_take(tmp_path: Path, kind: str) -> None:
    content = {"omap": "[a: 1]", "pairs": "[a: 1]", "set": "{a}"}.get(kind, "2012-10-17")
    with pytest.raises(TemplateError, match=f"CloudFormation does not take the tag '!!{kind}'") as caught:
        value(tmp_path, f"!!{kind} {content}")
    assert caught.value.line == 3


DOUBLE = "Resources:\n  A: {Type: AWS::SNS::Topic}\n  A:\n    Type: AWS::SQS::Queue\n    Type: AWS::SNS::Topic\n"


def test_a_key_that_is_given_twice_has_its_last_value(
    tmp_path: Path, load_template: Load, caplog: pytest.LogCaptureFixture
) -> None:
    found = source(tmp_path, DOUBLE)
    assert found.data["Resources"] == {"A": {"Type": "AWS::SNS::Topic"}}
    told = "the key {!r} is given twice; CloudFormation takes the last one"
    assert found.remarks == ((3, told.format("A")), (5, told.format("Type")))
    assert (found.line("Resources", "A"), found.line("Resources", "A", "Type")) == (3, 5)
    assert [(problem.line, problem.text) for problem in check(tmp_path)] == list(found.remarks)
    caplog.set_level(logging.WARNING)
    load_template(DOUBLE)
    assert f"template.yaml:3: {told.format('A')}" in caplog.text


MERGES = """\
Resources:
  One: &one {A: 1, B: 1}
  Two: &two {B: 2, C: 2}
  Three: &three
    <<: *one
    A: 3
  Four: *three
  Five: {<<: [*one, *two], D: 5}
  Six: {<<: *three, C: 6}
  Seven: {A: 7, <<: *one}
"""


def test_merge_keys_and_aliases_of_them(tmp_path: Path) -> None:
    found = source(tmp_path, MERGES)
    assert found.remarks == ()
    assert found.data["Resources"] == {
        "One": {"A": 1, "B": 1},
        "Two": {"B": 2, "C": 2},
        "Three": {"A": 3, "B": 1},
        "Four": {"A": 3, "B": 1},
        "Five": {"A": 1, "B": 1, "C": 2, "D": 5},
        "Six": {"A": 3, "B": 1, "C": 6},
        "Seven": {"A": 7, "B": 1},
    }
    assert found.line("Resources", "Four", "A") == 6


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("Resources:\n  A: {<<: 5}\n", "only a mapping can be merged", 2),
        ("Resources:\n  A: &a\n    B: 1\n    <<: *a\n", "nested too deeply", None),
        ("Resources: {A: {V: " + "[" * 5000 + "]" * 5000 + "}}\n", "nested too deeply", None),
        ('{"Resources": ' + "[" * 100_000 + "]" * 100_000 + "}\n", "nested too deeply", None),
        ("Resources:\n  A:\n", r"Resources\.A is empty", 2),
        ("Parameters:\n  P:\nResources:\n  A: {}\n", r"Parameters\.P is empty", 2),
        ("Outputs:\n  O: ~\nResources:\n  A: {}\n", r"Outputs\.O is empty", 2),
        ("Resources: {A: {}}\n---\nResources: {A: {}}\n", "but found another document", 2),
        ("Resources: {A: {? [a] : b}}\n", "a key has to be text", 1),
    ],
)
def test_a_text_that_is_no_template(tmp_path: Path, text: str, message: str, line: int | None) -> None:
    with pytest.raises(TemplateError, match=message) as caught:
        source(tmp_path, text)
    assert caught.value.line == line


def test_empty_sections_and_properties_are_taken(load_template: Load) -> None:
    text = "Parameters:\nOutputs:\nGlobals:\nResources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties:\n"
    assert list(load_template(text).resources) == ["A"]


DOCUMENT = {
    "Resources": {
        "A": {
            "Type": "AWS::X::Y",
            "Text": "a/b \U0001f389 \x7f \ud83d 'q' \\ \"",
            "yes": [1, 2.5, -3, 1e3, True, False, None, {}, [], [[{}]]],
            "k" * 2000: {"Fn::GetAtt": ["A", "B"]},
            "Fn::Sub": "2012-10-17",
        }
    }
}


@pytest.mark.parametrize("options", [{}, {"indent": "\t"}, {"indent": 1}, {"separators": (",", ":")}], ids=str)
@pytest.mark.parametrize("name", ["template.json", "template.yaml"])
def test_json_is_read_as_json(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    text = json.dumps(DOCUMENT, **options).replace("a/b", "a\\/b")
    found = source(tmp_path, f"\ufeff \r\n{text}\n ", name)
    assert found.data == DOCUMENT
    assert found.remarks == ()


def test_the_lines_of_json(tmp_path: Path) -> None:
    text = '{\n\t"Resources": {\n\t\t"A": {\n\t\t\t"L": [\n1, {"B"\n:\n2}, []\n]\n, "L": 1,\t"M" : {}}}}'
    found = source(tmp_path, text, "template.json")
    assert found.data == {"Resources": {"A": {"L": 1, "M": {}}}}
    assert [found.line("Resources", "A", *path) for path in ((), ("L",), ("M",), ("N",))] == [3, 9, 9, 3]
    assert found.line("Resources", "A", "L", 1, "B") == 5
    assert found.remarks == ((9, "the key 'L' is given twice; CloudFormation takes the last one"),)


@pytest.mark.parametrize(
    "text", ["{Resources: {A: {Type: !Ref X}}}", "{'Resources': {A: {}}} # YAML", '{"Resources": {"A": NaN}}']
)
def test_yaml_may_begin_like_json(tmp_path: Path, text: str) -> None:
    if "NaN" in text:
        with pytest.raises(TemplateError, match="has to be a mapping"):
            source(tmp_path, text)
    else:
        assert list(source(tmp_path, text).data["Resources"]) == ["A"]


@pytest.mark.parametrize(
    ("spec", "given", "expected"),
    [
        ("{Type: String, AllowedValues: [true, false], Default: false}", {}, "false"),
        ("{Type: String, AllowedValues: [true, false], Default: false}", {"P": "true"}, "true"),
        ("{Type: String, AllowedValues: [yes, no], Default: yes}", {}, "true"),
        ("{Type: String, AllowedValues: ['yes', 'no'], Default: 'yes'}", {}, "yes"),
        ("{Type: Number, AllowedValues: [1, 2.5], Default: 2.5}", {}, "2.5"),
        ("{Type: Number, AllowedValues: [1, 2.5], Default: '1'}", {}, "1"),
        ("{Type: CommaDelimitedList, AllowedValues: [on, a], Default: 'true, a'}", {}, ["true", "a"]),
        ("{Type: String, AllowedPattern: '\\p{Alpha}+', Default: abc}", {}, "abc"),  # of Java alone
        ("{Type: String, AllowedPattern: 5, Default: 5}", {}, "5"),
    ],
)
def test_parameters_are_text(load_template: Load, spec: str, given: dict[str, str], expected: Any) -> None:
    template = load_template(
        f"Parameters:\n  P: {spec}\nResources:\n  A: {{Type: AWS::SNS::Topic}}\n", parameters=given
    )
    assert template.values["P"] == expected


@pytest.mark.parametrize(
    ("spec", "given", "message"),
    [
        ("{Type: String, AllowedValues: [true, false], Default: false}", {"P": "True"}, "only one of true, false"),
        ("{Type: String, Default: [a, b]}", {}, "can only have text as Default and AllowedValues"),
        ("{Type: String, Default: }", {}, "can only have text as Default and AllowedValues"),
        ("{Type: String, AllowedValues: [[a]], Default: a}", {}, "can only have text as Default and AllowedValues"),
    ],
)
def test_a_parameter_that_cannot_be(load_template: Load, spec: str, given: dict[str, str], message: str) -> None:
    with pytest.raises(TemplateError, match=message) as caught:
        load_template(f"Parameters:\n  P: {spec}\nResources:\n  A: {{Type: AWS::SNS::Topic}}\n", parameters=given)
    assert caught.value.line == 2


TEXTS = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Number: {Type: Number, Default: 3}
  Minute: {Type: String, Default: "60"}
  Enabled: {Type: String, Default: true, AllowedValues: [true, false]}
Globals: {Function: {Runtime: python3.12, CodeUri: src, Timeout: !Ref Number, MemorySize: "256"}}
Conditions: {Live: !Equals [!Ref Enabled, true]}
Mappings: {M: {true: {v: 1}, 5: {v: yes}}}
Resources:
  Dead: {Type: AWS::SQS::Queue, Condition: Live}
  Queue:
    Type: AWS::SQS::Queue
    Condition: Live
    DependsOn: [Dead]
    Properties:
      VisibilityTimeout: !Ref Minute
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: !Ref Number}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      ProvisionedThroughput: {ReadCapacityUnits: !Ref Number, WriteCapacityUnits: "3"}
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: !Ref Enabled}
  Parameter: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !FindInMap [M, 5, v]}}
  Work:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.run
      ReservedConcurrentExecutions: !Ref Number
      Environment:
        Variables:
          A: 1
          B: true
          C: 1.5
          D: !FindInMap [M, !Ref Enabled, v]
          E: !GetAtt Parameter.Value
      Events:
        Q:
          Type: SQS
          Properties:
            Queue: !GetAtt Queue.Arn
            BatchSize: !Ref Number
            Enabled: !Ref Enabled
            ScalingConfig: {MaximumConcurrency: !Ref Number}
Outputs: {O: {Value: 5}, P: {Value: yes}}
"""


def test_numbers_and_truth_values_may_be_text_and_the_reverse(provision_template: Callable[..., Stack]) -> None:
    stack = provision_template(TEXTS)
    [function], [queue] = stack.functions.values(), stack.queues
    assert (function.timeout, function.memory, function.reserved_concurrency) == (3.0, 256, 3)
    own = {name: text for name, text in function.environment.items() if len(name) == 1}
    assert own == {"A": "1", "B": "true", "C": "1.5", "D": "1", "E": "true"}
    assert (queue.batch_size, queue.maximum_concurrency, queue.enabled, queue.attempts) == (3, 3, True, 3)
    assert stack.outputs == {"O": "5", "P": "true"}
