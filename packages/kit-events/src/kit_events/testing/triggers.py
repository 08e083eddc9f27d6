"""The events of sources that wait for an answer, as AWS sends them.

Shapes: Cognito Developer Guide, "Customizing user pool workflows with Lambda triggers"; Lex V2 Developer Guide,
on the input event of Lambda functions; Alexa Skills Kit, "Request and Response JSON Reference".
"""

from collections.abc import Mapping
from typing import Any

from kit_events.testing.records import REGION

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
    """Return the event of a user pool's trigger; `request` adds to what it asks: `{"codeParameter": "{####}"}`."""
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


def lex_v2_event(
    intent: str = "intent",
    *,
    slots: Mapping[str, str | None] | None = None,
    text: str = "",
    source: str = "FulfillmentCodeHook",
    session: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return one turn of a conversation with a bot of Lex V2."""
    typed = {name: None if value is None else _slot(value) for name, value in (slots or {}).items()}
    intended = {"name": intent, "slots": typed, "state": "InProgress", "confirmationState": "None"}
    return {
        "messageVersion": "1.0",
        "invocationSource": source,
        "inputMode": "Text",
        "responseContentType": "text/plain; charset=utf-8",
        "sessionId": "ada",
        "inputTranscript": text,
        "bot": {"name": "bot", "id": "BOTID", "aliasId": "ALIASID", "localeId": "en_GB", "version": "DRAFT"},
        "interpretations": [{"intent": intended, "interpretationSource": "Lex", "nluConfidence": 1.0}],
        "sessionState": {"activeContexts": [], "sessionAttributes": dict(session or {}), "intent": intended},
    }


def alexa_event(
    intent: str | None = None,
    *,
    slots: Mapping[str, str | None] | None = None,
    session: Mapping[str, Any] | None = None,
    request_type: str | None = None,
) -> dict[str, Any]:
    """Return a request to a skill: an intent's, or without one the skill's launch, or another `request_type`."""
    who = {"application": {"applicationId": "amzn1.ask.skill.test"}, "user": {"userId": "amzn1.ask.account.test"}}
    asked = {name: {"name": name, **({"value": value} if value else {})} for name, value in (slots or {}).items()}
    request: dict[str, Any] = {
        "type": request_type or ("IntentRequest" if intent else "LaunchRequest"),
        "requestId": "amzn1.echo-api.request.test",
        "timestamp": "2026-03-01T12:30:45Z",
        "locale": "en-GB",
    }
    if intent:
        request["intent"] = {"name": intent, "confirmationStatus": "NONE", "slots": asked}
    session_id = "amzn1.echo-api.session.test"
    return {
        "version": "1.0",
        "session": {"new": session is None, "sessionId": session_id, "attributes": dict(session or {}), **who},
        "context": {"System": who},
        "request": request,
    }


def _slot(value: str) -> dict[str, Any]:
    return {"shape": "Scalar", "value": {"originalValue": value, "interpretedValue": value, "resolvedValues": [value]}}
