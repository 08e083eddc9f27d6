"""The events of kit_handler.testing, held against somebody else's idea of them: the models of Powertools' parser."""

from typing import Any

import pytest
from kit_handler import testing

pytest.importorskip("pydantic")

EVENTS: list[tuple[str, dict[str, Any]]] = [
    ("SqsModel", testing.sqs_event(["a", {"b": 1}], attributes={"x": "y"})),
    ("SqsModel", testing.sqs_event(["a"], groups=["g"])),
    ("KinesisDataStreamModel", testing.kinesis_event([b"a", {"b": 1}])),
    ("DynamoDBStreamModel", testing.dynamodb_event([{"id": {"S": "1"}}])),
    ("DynamoDBStreamModel", testing.dynamodb_event([{"id": {"S": "1"}}], name="REMOVE")),
    ("SnsModel", testing.sns_event(["a"], attributes={"x": "y"})),
    ("S3Model", testing.s3_event(["a b"])),
    ("S3Model", testing.s3_event(["a b"], name="ObjectRemoved:Delete")),
    ("EventBridgeModel", testing.eventbridge_event({"a": 1})),
    ("EventBridgeModel", testing.schedule_event()),
    ("AlbModel", testing.http_event("POST", version="alb", body={"a": 1}, query={"a": "b"})),
    ("APIGatewayProxyEventModel", testing.http_event(version="1.0", authorizer={"a": "b"}, query={"a": "b"})),
    ("APIGatewayProxyEventV2Model", testing.http_event(authorizer={"a": "b"}, query={"a": "b"}, cookies=["a=1"])),
    ("LambdaFunctionUrlModel", testing.http_event(version="url", query={"a": "b"})),
    ("APIGatewayWebSocketConnectEventModel", testing.websocket_event("$connect")),
    ("APIGatewayWebSocketMessageEventModel", testing.websocket_event("send", body="{}")),
    ("ApiGatewayAuthorizerToken", testing.authorizer_event("token", token="t")),
    ("ApiGatewayAuthorizerRequest", testing.authorizer_event("1.0", token="t")),
    ("ApiGatewayAuthorizerRequestV2", testing.authorizer_event("2.0", token="t")),
    ("CloudFormationCustomResourceCreateModel", testing.custom_resource_event()),
    ("CloudFormationCustomResourceUpdateModel", testing.custom_resource_event("Update")),
    ("CloudFormationCustomResourceDeleteModel", testing.custom_resource_event("Delete")),
    ("CognitoPreSignupTriggerModel", testing.cognito_event()),
]


@pytest.mark.parametrize(("model", "event"), EVENTS, ids=[f"{model}-{n}" for n, (model, _) in enumerate(EVENTS)])
def test_an_event_is_as_powertools_knows_it(model: str, event: dict[str, Any]) -> None:
    from aws_lambda_powertools.utilities.parser import models

    getattr(models, model).model_validate(event)
