"""The events of kit-testing, validated by the models of Powertools' parser: another reading of AWS's documents."""

from collections.abc import Mapping
from typing import Any

import pytest
from kit_testing import events

pytest.importorskip("pydantic")

ITEM = {"id": "1", "tags": {"a", "b"}, "more": {"n": 1, "list": [True, None]}}
EVENTS: list[tuple[str, dict[str, Any]]] = [
    ("SqsModel", events.sqs_event(["a", {"b": 1}], attributes={"x": "y"}, trace="Root=1-5759e988-bd862e3fe1be46a9")),
    ("SqsModel", events.sqs_event(["a"], groups=["g"])),
    ("KinesisDataStreamModel", events.kinesis_event([b"a", {"b": 1}])),
    ("DynamoDBStreamModel", events.dynamodb_event([ITEM])),
    ("DynamoDBStreamModel", events.dynamodb_event([(ITEM, ITEM), (None, ITEM)])),
    ("KinesisFirehoseModel", events.firehose_event([b"a", {"b": 1}])),
    ("KafkaMskEventModel", events.kafka_event(["a", {"b": 1}], key="k", headers={"h": b"v"})),
    ("KafkaSelfManagedEventModel", events.kafka_event(["a"], key="k", self_managed=True)),
    ("CloudWatchLogsModel", events.logs_event(["a", {"b": 1}])),
    ("SnsModel", events.sns_event(["a"], attributes={"x": "y"})),
    ("S3Model", events.s3_event(["a b"])),
    ("S3Model", events.s3_event(["a b"], name="ObjectRemoved:Delete")),
    ("S3EventNotificationEventBridgeModel", events.s3_eventbridge_event("a b")),
    ("S3EventNotificationEventBridgeModel", events.s3_eventbridge_event("a", detail_type="Object Deleted")),
    ("EventBridgeModel", events.eventbridge_event({"a": 1})),
    ("EventBridgeModel", events.schedule_event()),
    ("AlbModel", events.http_event("POST", version="alb", body={"a": 1}, query={"a": "b"})),
    ("APIGatewayProxyEventModel", events.http_event(version="1.0", authorizer={"a": "b"}, query={"a": "b"})),
    ("APIGatewayProxyEventV2Model", events.http_event(authorizer={"a": "b"}, query={"a": "b"}, cookies=["a=1"])),
    ("LambdaFunctionUrlModel", events.http_event(version="url", query={"a": "b"})),
    ("APIGatewayWebSocketConnectEventModel", events.websocket_event("$connect", query={"a": "b"})),
    ("APIGatewayWebSocketMessageEventModel", events.websocket_event("send", body={"a": 1})),
    ("APIGatewayWebSocketDisconnectEventModel", events.websocket_event("$disconnect")),
    ("ApiGatewayAuthorizerToken", events.authorizer_event("token", token="t")),
    ("ApiGatewayAuthorizerRequest", events.authorizer_event("1.0", token="t")),
    ("ApiGatewayAuthorizerRequestV2", events.authorizer_event("2.0", token="t")),
    ("CloudFormationCustomResourceCreateModel", events.custom_resource_event()),
    ("CloudFormationCustomResourceUpdateModel", events.custom_resource_event("Update")),
    ("CloudFormationCustomResourceDeleteModel", events.custom_resource_event("Delete")),
    ("CognitoPreSignupTriggerModel", events.cognito_event()),
    ("CognitoPostConfirmationTriggerModel", events.cognito_event("PostConfirmation_ConfirmSignUp")),
    ("CognitoCustomMessageTriggerModel", events.cognito_event("CustomMessage_SignUp", request={"codeParameter": "#"})),
]


@pytest.mark.parametrize(("model", "event"), EVENTS, ids=[f"{model}-{n}" for n, (model, _) in enumerate(EVENTS)])
def test_an_event_is_as_powertools_knows_it(model: str, event: Mapping[str, Any]) -> None:
    from aws_lambda_powertools.utilities.parser import models

    getattr(models, model).model_validate(event)
