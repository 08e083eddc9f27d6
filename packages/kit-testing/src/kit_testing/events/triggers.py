"""The events of sources that wait for an answer.

Shapes: Amazon Cognito Developer Guide, "Customizing user pool workflows with Lambda triggers"; Amazon Lex V2 Developer
Guide, "AWS Lambda input event format"; Alexa Skills Kit, "Request and Response JSON Reference"; Amazon API Gateway
Developer Guide, "Lambda authorizers"; AWS CloudFormation User Guide, "Custom resource request objects".
"""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from kit_testing.events._values import ACCOUNT, REGION, TIME
from kit_testing.events.http import http_event
from kit_testing.events.websocket import websocket_event

_RESPONSES = {
    "PreSignUp": ("autoConfirmUser", "autoVerifyEmail", "autoVerifyPhone"),
    "TokenGeneration": ("claimsOverrideDetails",),
    "CustomMessage": ("smsMessage", "emailMessage", "emailSubject"),
    "DefineAuthChallenge": ("challengeName", "issueTokens", "failAuthentication"),
    "CreateAuthChallenge": ("publicChallengeParameters", "privateChallengeParameters", "challengeMetadata"),
    "VerifyAuthChallengeResponse": ("answerCorrect",),
    "UserMigration": (
        "userAttributes",
        "finalUserStatus",
        "messageAction",
        "desiredDeliveryMediums",
        "forceAliasCreation",
    ),
}


def cognito_event(
    trigger_source: str = "PreSignUp_SignUp",
    *,
    attributes: Mapping[str, str] | None = None,
    request: Mapping[str, Any] | None = None,
    version: str = "1",
    user_name: str = "ada",
) -> dict[str, Any]:
    """Return the event of a user pool's trigger, with the members of its response to be filled in.

    request: members of the request beside `userAttributes`, such as `{"codeParameter": "{####}"}`; version: of the
    trigger, "2" or "3" for later forms of TokenGeneration.
    """
    kind = trigger_source.partition("_")[0]
    names = _RESPONSES.get(kind, ())
    if kind == "TokenGeneration" and version != "1":
        names = ("claimsAndScopeOverrideDetails",)
    return {
        "version": version,
        "triggerSource": trigger_source,
        "region": REGION,
        "userPoolId": f"{REGION}_example",
        "userName": user_name,
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "client"},
        "request": {"userAttributes": dict(attributes or {"email": "ada@example.com"}), **(request or {})},
        "response": dict.fromkeys(names, False if kind == "PreSignUp" else None),
    }


def lex_event(
    intent: str = "intent",
    *,
    slots: Mapping[str, str | None] | None = None,
    text: str = "",
    source: str = "FulfillmentCodeHook",
    session: Mapping[str, str] | None = None,
    bot: str = "bot",
) -> dict[str, Any]:
    """Return one turn of a conversation with a bot of Lex V2.

    slots: the interpreted value of each slot, None for an empty one; source: DialogCodeHook or FulfillmentCodeHook;
    session: the session attributes.
    """
    typed = {name: None if value is None else _slot(value) for name, value in (slots or {}).items()}
    state = "ReadyForFulfillment" if source == "FulfillmentCodeHook" else "InProgress"
    intended = {"name": intent, "slots": typed, "state": state, "confirmationState": "None"}
    return {
        "messageVersion": "1.0",
        "invocationSource": source,
        "inputMode": "Text",
        "responseContentType": "text/plain; charset=utf-8",
        "sessionId": "ada",
        "inputTranscript": text,
        "bot": {"name": bot, "id": "BOTID", "aliasId": "ALIASID", "localeId": "en_GB", "version": "DRAFT"},
        "interpretations": [{"intent": intended, "interpretationSource": "Lex", "nluConfidence": 1.0}],
        "sessionState": {
            "activeContexts": [],
            "sessionAttributes": dict(session or {}),
            "intent": intended,
            "originatingRequestId": str(uuid4()),
        },
        "requestAttributes": {},
    }


def _slot(value: str) -> dict[str, Any]:
    return {"shape": "Scalar", "value": {"originalValue": value, "interpretedValue": value, "resolvedValues": [value]}}


def alexa_event(
    intent: str | None = None,
    *,
    slots: Mapping[str, str | None] | None = None,
    session: Mapping[str, Any] | None = None,
    request_type: str | None = None,
) -> dict[str, Any]:
    """Return a request to a skill: of an intent, else the skill's launch, or another `request_type`.

    session: the session attributes; without them the session is new.
    """
    parties = {"application": {"applicationId": "amzn1.ask.skill.test"}, "user": {"userId": "amzn1.ask.account.test"}}
    filled = {name: {"name": name, **({"value": value} if value else {})} for name, value in (slots or {}).items()}
    request: dict[str, Any] = {
        "type": request_type or ("IntentRequest" if intent else "LaunchRequest"),
        "requestId": "amzn1.echo-api.request.test",
        "timestamp": TIME,
        "locale": "en-GB",
    }
    if intent:
        request["intent"] = {"name": intent, "confirmationStatus": "NONE", "slots": filled}
    session_id = "amzn1.echo-api.session.test"
    return {
        "version": "1.0",
        "session": {"new": session is None, "sessionId": session_id, "attributes": dict(session or {}), **parties},
        "context": {"System": parties},
        "request": request,
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
    """Return the event of a Lambda authorizer.

    kind: "2.0" (HTTP API), "1.0" (REST API, or HTTP API with that format: REQUEST), "token" (REST API: TOKEN),
    "websocket" (`$connect`)
    token: the value of the field `Authorization`
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
    """Return CloudFormation's request for a custom resource; request_type: Create, Update or Delete."""
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
