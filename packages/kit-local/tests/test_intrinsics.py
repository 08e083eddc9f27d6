from typing import Any

import pytest
from kit_local.errors import TemplateError
from kit_local.template.intrinsics import FUNCTIONS, Resolver


def resolver() -> Resolver:
    attributes = {("Queue", "Arn"): "arn:queue", ("Cache", "RedisEndpoint.Address"): "127.0.0.1"}
    return Resolver(
        values={"Stage": "dev", "Subnets": ["a", "b"], "AWS::Region": "eu-west-1"},
        mappings={"Sizes": {"dev": {"memory": 128}}},
        conditions={
            "IsDev": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]},
            "IsLive": {"Fn::Not": [{"Condition": "IsDev"}]},
            "Either": {"Fn::Or": [{"Condition": "IsDev"}, {"Condition": "IsLive"}]},
            "Both": {"Fn::And": [{"Condition": "IsDev"}, {"Condition": "IsLive"}]},
            "Round": {"Fn::Not": [{"Condition": "Round"}]},
        },
        ref={"Queue": "https://queue"}.__getitem__,
        get_att=lambda name, attribute: attributes[name, attribute],
    )


CASES: list[tuple[Any, Any]] = [
    ({"Ref": "Stage"}, "dev"),
    ({"Ref": "Queue"}, "https://queue"),
    ({"Fn::GetAtt": ["Queue", "Arn"]}, "arn:queue"),
    ({"Fn::GetAtt": "Cache.RedisEndpoint.Address"}, "127.0.0.1"),
    ({"Fn::Sub": "${Stage}-${Queue.Arn}-${!Literal}-${ Stage }"}, "dev-arn:queue-${Literal}-dev"),
    ({"Fn::Sub": ["${Name}/${Stage}", {"Name": {"Ref": "Queue"}}]}, "https://queue/dev"),
    ({"Fn::Join": ["-", ["x", {"Ref": "Stage"}, 1]]}, "x-dev-1"),
    ({"Fn::Join": [",", {"Ref": "Subnets"}]}, "a,b"),
    ({"Fn::Select": [1, {"Ref": "Subnets"}]}, "b"),
    ({"Fn::Select": ["0", {"Fn::GetAZs": ""}]}, "eu-west-1a"),
    ({"Fn::Split": ["-", "a-b"]}, ["a", "b"]),
    ({"Fn::If": ["IsDev", 1, 2]}, 1),
    ({"Fn::If": ["IsLive", 1, 2]}, 2),
    ({"Fn::If": ["Either", 1, 2]}, 1),
    ({"Fn::If": ["Both", 1, 2]}, 2),
    ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "memory"]}, 128),
    ({"Fn::FindInMap": ["Sizes", "live", "memory", {"DefaultValue": 256}]}, 256),
    ({"Fn::Base64": "kit"}, "a2l0"),
    ({"a": {"Ref": "AWS::NoValue"}, "b": [{"Ref": "AWS::NoValue"}, 1]}, {"b": [1]}),
    ({"Fn::If": ["IsLive", "x", {"Ref": "AWS::NoValue"}]}, None),
]


@pytest.mark.parametrize(("value", "expected"), CASES, ids=lambda case: str(case)[:40])
def test_value_of_an_intrinsic_function(value: Any, expected: Any) -> None:
    assert resolver().resolve(value) == expected


def test_every_function_is_covered() -> None:
    covered = str(CASES) + str(resolver().conditions)
    assert [name for name in FUNCTIONS if name not in covered] == []


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"Fn::Sub": "${Subnets}"}, "Fn::Sub cannot be given"),
        ({"Fn::Select": [7, ["a"]]}, "Fn::Select cannot be given"),
        ({"Fn::Join": ["-", "text"]}, "Fn::Join cannot be given"),
        ({"Fn::FindInMap": ["Sizes", "live", "memory"]}, "holds nothing for 'live', 'memory'"),
        ({"Fn::If": ["Nothing", 1, 2]}, "there is no condition 'Nothing'"),
        ({"Fn::If": ["Round", 1, 2]}, "'Round' depends on itself"),
        ({"Fn::Cidr": ["10.0.0.0/8"]}, "Fn::Cidr is not supported"),
    ],
)
def test_what_cannot_be_resolved_is_named(value: Any, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        resolver().resolve(value)
