"""The names inside of properties that kit-local reads itself: a misspelt one would be left out without a word.

The members of other properties are refused by SAM, or by the service that they go to.
"""

from collections.abc import Mapping
from typing import Union

Tree = Mapping[str, Union["Tree", None]]  # None: anything is below it; lists are their items

_VARIABLES: Tree = {"Variables": None}
_QUEUE_FILTERS: Tree = {"Filters": {"Pattern": None}}
_ON_FAILURE: Tree = {"OnFailure": {"Destination": None, "Type": None}}
_CONCURRENCY: Tree = {"MaximumConcurrency": None}
_KEYS: Tree = {"S3Key": {"Rules": {"Name": None, "Value": None}}}
_SOURCE: Tree = {
    "DestinationConfig": _ON_FAILURE,
    "FilterCriteria": _QUEUE_FILTERS,
    "ScalingConfig": _CONCURRENCY,
}
_CORS: Tree = dict.fromkeys(
    ("AllowCredentials", "AllowHeaders", "AllowMethods", "AllowOrigins", "ExposeHeaders", "MaxAge")
)

TYPES: Mapping[str, Tree] = {
    "AWS::Serverless::Function": {
        "DeadLetterQueue": {"TargetArn": None, "Type": None},
        "Environment": _VARIABLES,
    },
    "AWS::Serverless::HttpApi": {"CorsConfiguration": _CORS},
    "AWS::Serverless::WebSocketApi": {
        "Auth": dict.fromkeys(("AuthArn", "AuthType", "IdentitySource", "InvokeRole", "Name")),
    },
    "AWS::Serverless::SimpleTable": {"PrimaryKey": {"Name": None, "Type": None}},
    "AWS::Lambda::Function": {"DeadLetterConfig": {"TargetArn": None}, "Environment": _VARIABLES},
    "AWS::Lambda::EventSourceMapping": _SOURCE,
    "AWS::ApiGatewayV2::Api": {"CorsConfiguration": _CORS},
    "AWS::SQS::Queue": {"RedrivePolicy": {"deadLetterTargetArn": None, "maxReceiveCount": None}},
    "AWS::S3::Bucket": {
        "CorsConfiguration": {"CorsRules": None},
        "NotificationConfiguration": {
            "EventBridgeConfiguration": {"EventBridgeEnabled": None},
            "LambdaConfigurations": {"Event": None, "Filter": _KEYS, "Function": None},
            "QueueConfigurations": {"Event": None, "Filter": _KEYS, "Queue": None},
            "TopicConfigurations": {"Event": None, "Filter": _KEYS, "Topic": None},
        },
    },
}
EVENTS: Mapping[str, Tree] = {
    "DynamoDB": _SOURCE,
    "Kinesis": _SOURCE,
    "S3": {"Filter": _KEYS},
    "SQS": _SOURCE,
}
RESOURCE: Tree = {
    **dict.fromkeys(("Type", "Properties", "DependsOn", "Condition", "Metadata")),
    **dict.fromkeys(("CreationPolicy", "DeletionPolicy", "UpdatePolicy", "UpdateReplacePolicy")),
    **dict.fromkeys(("Connectors", "IgnoreGlobals")),  # SAM's
}
EVENT: Tree = {"Type": None, "Properties": None}
PARAMETER: Tree = {
    **dict.fromkeys(("Type", "Default", "AllowedPattern", "AllowedValues", "ConstraintDescription", "Description")),
    **dict.fromkeys(("MaxLength", "MaxValue", "MinLength", "MinValue", "NoEcho")),
}
OUTPUT: Tree = dict.fromkeys(("Value", "Description", "Export", "Condition"))
GLOBALS = frozenset(
    """Api CapacityProvider Function HttpApi LayerVersion SimpleTable StateMachine WebSocketApi""".split()  # noqa: SIM905
)


def websocket_route_id(api: str, key: str) -> str:
    """Return the logical id that SAM gives to a route of an AWS::Serverless::WebSocketApi."""
    return f"{api}{key.replace('$', '').capitalize()}Route"
