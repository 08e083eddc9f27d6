"""The events of sources that wait for an answer, and of WebSocket APIs.

Shapes: Cognito Developer Guide, "Customizing user pool workflows with Lambda triggers"; Lex V2 Developer Guide, "AWS
Lambda input event format"; API Gateway Developer Guide, "Lambda authorizers"; CloudFormation User Guide, "Custom
resource request objects"; EventBridge Scheduler User Guide.
"""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from kit_handler.testing._names import ACCOUNT, EPOCH_MS, REGION, TIME
from kit_handler.testing.http import http_event


def schedule_event(rule: str = "rule", *, scheduler: bool = False) -> dict[str, Any]:
    """Return the event of a rule's schedule, or of EventBridge Scheduler with its default input."""
    arn = (
        f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default"
        if scheduler
        else f"arn:aws:events:{REGION}:{ACCOUNT}:rule"
    )
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler" if scheduler else "aws.events",
        "account": ACCOUNT,
        "time": TIME,
        "region": REGION,
        "resources": [f"{arn}/{rule}"],
        "detail": "{}" if scheduler else {},
    }


def cognito_event(
    trigger_source: str = "PreSignUp_SignUp",
    *,
    attributes: Mapping[str, str] | None = None,
    request: Mapping[str, Any] | None = None,
    response: Mapping[str, Any] | None = None,
    user_name: str = "ada",
) -> dict[str, Any]:
    """Return the event of a user pool's trigger; `request` adds to what it asks, `response` is to be filled in."""
    if response is None:
        flags = ("autoConfirmUser", "autoVerifyEmail", "autoVerifyPhone")
        response = dict.fromkeys(flags, False) if trigger_source.startswith("PreSignUp") else {}
    return {
        "version": "1",
        "triggerSource": trigger_source,
        "region": REGION,
        "userPoolId": f"{REGION}_example",
        "userName": user_name,
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "client"},
        "request": {"userAttributes": dict(attributes or {"email": "ada@example.com"}), **(request or {})},
        "response": dict(response),
    }


def lex_event(
    intent: str = "Order",
    *,
    slots: Mapping[str, Any] | None = None,
    text: str = "",
    source: str = "FulfillmentCodeHook",
    bot: str = "bot",
) -> dict[str, Any]:
    """Return the event of a Lex V2 bot; source: DialogCodeHook or FulfillmentCodeHook."""
    intended = {"name": intent, "slots": dict(slots or {}), "state": "ReadyForFulfillment", "confirmationState": "None"}
    return {
        "sessionId": "session",
        "inputTranscript": text,
        "interpretations": [{"intent": intended, "interpretationSource": "Lex", "nluConfidence": 1.0}],
        "bot": {"name": bot, "id": "BOTID", "aliasId": "ALIASID", "localeId": "en_GB", "version": "DRAFT"},
        "responseContentType": "text/plain; charset=utf-8",
        "invocationSource": source,
        "messageVersion": "1.0",
        "sessionState": {"intent": intended, "sessionAttributes": {}, "originatingRequestId": str(uuid4())},
        "inputMode": "Text",
        "requestAttributes": {},
    }


def authorizer_event(
    kind: str = "2.0",
    *,
    token: str = "",
    method: str = "GET",
    path: str = "/",
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return what a Lambda authorizer is asked with.

    kind: "2.0" (HTTP API), "1.0" (REST API, or HTTP API set to it: REQUEST), "token" (REST API: TOKEN), "websocket"
    ($connect). token: sent as `Authorization`.
    """
    arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:api/test"
    if kind == "token":
        return {"type": "TOKEN", "authorizationToken": token, "methodArn": f"{arn}/{method}{path}"}
    fields = {**({"Authorization": token} if token else {}), **(headers or {})}
    if kind == "websocket":
        event = websocket_event("$connect", headers=fields, query=query)
        return {**event, "type": "REQUEST", "methodArn": f"{arn}/$connect"}
    if kind not in ("1.0", "2.0"):
        raise ValueError(f"kind is '2.0', '1.0', 'token' or 'websocket', not {kind!r}")
    event = http_event(method, path, headers=fields, query=query, version=kind)
    event.pop("isBase64Encoded")
    event.pop("body", None)
    if kind == "1.0":
        return {**event, "type": "REQUEST", "methodArn": f"{arn}/{method}{path}"}
    source = [token] if token else []
    return {**event, "type": "REQUEST", "routeArn": f"{arn}/{method}{path}", "identitySource": source}


def custom_resource_event(
    request_type: str = "Create",
    *,
    properties: Mapping[str, Any] | None = None,
    old_properties: Mapping[str, Any] | None = None,
    resource_type: str = "Custom::Test",
    response_url: str = "https://cloudformation-custom-resource-response.s3.amazonaws.com/example",
    physical_id: str | None = None,
) -> dict[str, Any]:
    """Return CloudFormation's request; request_type: Create, Update or Delete."""
    event = {
        "RequestType": request_type,
        "ServiceToken": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:test",
        "ResponseURL": response_url,
        "StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/test/51af3dc0-da77-11e4-872e-1234567db123",
        "RequestId": str(uuid4()),
        "LogicalResourceId": "Resource",
        "ResourceType": resource_type,
        "ResourceProperties": {"ServiceToken": "test", **(properties or {})},
    }
    if request_type != "Create":
        event["PhysicalResourceId"] = physical_id or "physical-1"
    if request_type == "Update":
        event["OldResourceProperties"] = {"ServiceToken": "test", **(old_properties or {})}
    return event


def websocket_event(
    route_key: str = "$default",
    *,
    body: str | None = None,
    connection_id: str = "connection-1",
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    authorizer: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the event of a WebSocket API: `$connect`, `$disconnect`, or a message of the route."""
    kinds = {"$connect": "CONNECT", "$disconnect": "DISCONNECT"}
    context: dict[str, Any] = {
        "routeKey": route_key,
        "eventType": kinds.get(route_key, "MESSAGE"),
        "extendedRequestId": str(uuid4()),
        "requestTime": "01/Jan/2025:00:00:00 +0000",
        "requestTimeEpoch": EPOCH_MS,
        "messageDirection": "IN",
        "stage": "test",
        "connectedAt": EPOCH_MS,
        "identity": {"sourceIp": "203.0.113.7", "userAgent": "test"},
        "requestId": str(uuid4()),
        "domainName": f"api.execute-api.{REGION}.amazonaws.com",
        "connectionId": connection_id,
        "apiId": "api",
    }
    if authorizer is not None:
        context["authorizer"] = {"principalId": "test", **authorizer}
    event: dict[str, Any] = {"requestContext": context, "isBase64Encoded": False}
    if route_key == "$connect":
        fields = {"Host": "api.example.com", **(headers or {})}
        event["headers"] = fields
        event["multiValueHeaders"] = {name: [value] for name, value in fields.items()}
        if query:
            event["queryStringParameters"] = dict(query)
            event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()}
    elif route_key not in kinds:
        context["messageId"] = str(uuid4())
        event["body"] = body if body is not None else ""
    return event
