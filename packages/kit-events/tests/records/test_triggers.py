"""What is answered to sources that wait: by the names that their documentation has."""

from collections.abc import Callable
from typing import Any

import pytest
from kit_events import (
    AlexaTrigger,
    CreateAuthChallengeTrigger,
    CustomEmailSenderTrigger,
    CustomMessageTrigger,
    CustomSMSSenderTrigger,
    DefineAuthChallengeTrigger,
    LexV2Trigger,
    PostAuthenticationTrigger,
    PostConfirmationTrigger,
    PreAuthenticationTrigger,
    PreSignUpTrigger,
    PreTokenGenerationTrigger,
    PreTokenGenerationV2Trigger,
    RecordShapeError,
    UserMigrationTrigger,
    VerifyAuthChallengeTrigger,
)
from kit_testing.events import alexa_event, cognito_event, lex_event

Captured = Callable[[str], Any]


def read(captured: Captured, kind: Any) -> Any:
    [found] = kind.from_record(captured(f"cognito_{kind.__name__}"))
    return found


def test_a_sign_up_is_confirmed(captured: Captured) -> None:
    """PreSignUp: autoConfirmUser, autoVerifyEmail, autoVerifyPhone."""
    trigger = read(captured, PreSignUpTrigger)
    assert (trigger.user_name, trigger.client_id, trigger.user_attributes["email"]) == (
        "ada",
        "client",
        "ada@example.com",
    )
    assert (trigger.validation_data, trigger.client_metadata) == ({"captcha": "ok"}, {"campaign": "spring"})
    answer = trigger.confirm(verify_email=True).dump()
    assert answer["response"] == {"autoConfirmUser": True, "autoVerifyEmail": True, "autoVerifyPhone": False}
    assert answer["triggerSource"] == "PreSignUp_SignUp"


def test_triggers_without_an_answer_say_what_happened(captured: Captured) -> None:
    assert read(captured, PostConfirmationTrigger).dump()["response"] == {}
    assert read(captured, PreAuthenticationTrigger).user_not_found is True
    assert read(captured, PreAuthenticationTrigger).validation_data == {}
    assert read(captured, PostAuthenticationTrigger).new_device_used is True
    assert read(captured, CustomEmailSenderTrigger).code == "AYADeK8"
    assert read(captured, CustomSMSSenderTrigger).trigger_source == "CustomSMSSender_Authentication"


def test_the_id_tokens_claims_are_written(captured: Captured) -> None:
    """PreTokenGeneration, version 1: claimsOverrideDetails."""
    trigger = read(captured, PreTokenGenerationTrigger)
    assert trigger.group_configuration["groupsToOverride"] == ["officers"]
    trigger.id_token({"tenant": "acme"}, suppress=["email"]).groups(["admins"], preferred_role="arn")
    assert trigger.event["response"] == {
        "claimsOverrideDetails": {
            "claimsToAddOrOverride": {"tenant": "acme"},
            "claimsToSuppress": ["email"],
            "groupOverrideDetails": {"groupsToOverride": ["admins"], "iamRolesToOverride": [], "preferredRole": "arn"},
        }
    }


def test_both_tokens_claims_and_scopes_are_written(captured: Captured) -> None:
    """PreTokenGeneration, version 2: claimsAndScopeOverrideDetails."""
    trigger = read(captured, PreTokenGenerationV2Trigger)
    assert trigger.scopes == ["openid", "email"]
    trigger.id_token({"tenant": "acme"}).access_token(
        {"tenant": "acme"}, scopes=["loans/read"], suppress_scopes=["email"]
    )
    trigger.groups(["admins"], iam_roles=["role"])
    assert trigger.event["response"] == {
        "claimsAndScopeOverrideDetails": {
            "idTokenGeneration": {"claimsToAddOrOverride": {"tenant": "acme"}},
            "accessTokenGeneration": {
                "claimsToAddOrOverride": {"tenant": "acme"},
                "scopesToAdd": ["loans/read"],
                "scopesToSuppress": ["email"],
            },
            "groupOverrideDetails": {"groupsToOverride": ["admins"], "iamRolesToOverride": ["role"]},
        }
    }


def test_versions_of_a_trigger_are_told_apart(captured: Captured) -> None:
    third = {**captured("cognito_PreTokenGenerationV2Trigger"), "version": "3"}
    assert len(PreTokenGenerationV2Trigger.from_record(third)) == 1
    with pytest.raises(RecordShapeError, match="no event of Cognito's trigger TokenGeneration"):
        PreTokenGenerationTrigger.from_record(third)


def test_a_message_is_written(captured: Captured) -> None:
    """CustomMessage: emailSubject, emailMessage, smsMessage; what is None stays."""
    trigger = read(captured, CustomMessageTrigger)
    assert (trigger.code, trigger.user_name_parameter) == ("{####}", "{username}")
    response = trigger.message(email_subject="Hello", email=f"Your code: {trigger.code}").event["response"]
    assert response == {"emailSubject": "Hello", "emailMessage": "Your code: {####}", "smsMessage": None}


def test_the_next_challenge_is_defined(captured: Captured) -> None:
    """DefineAuthChallenge: challengeName, issueTokens, failAuthentication."""
    trigger = read(captured, DefineAuthChallengeTrigger)
    assert trigger.session[0]["challengeName"] == "SRP_A"
    response = trigger.challenge("PASSWORD_VERIFIER").event["response"]
    assert response == {"challengeName": "PASSWORD_VERIFIER", "issueTokens": False, "failAuthentication": False}
    assert trigger.issue_tokens().event["response"]["issueTokens"] is True
    assert trigger.fail().event["response"] | {"challengeName": None} == {
        "challengeName": None,
        "issueTokens": False,
        "failAuthentication": True,
    }


def test_a_challenge_is_created_and_verified(captured: Captured) -> None:
    """CreateAuthChallenge and VerifyAuthChallengeResponse: the parameters, challengeMetadata, answerCorrect."""
    created = read(captured, CreateAuthChallengeTrigger)
    assert created.challenge_name == "CUSTOM_CHALLENGE"
    assert created.challenge(public={"question": "6*7"}, private={"answer": "42"}, metadata="SUM").event[
        "response"
    ] == {
        "publicChallengeParameters": {"question": "6*7"},
        "privateChallengeParameters": {"answer": "42"},
        "challengeMetadata": "SUM",
    }
    verified = read(captured, VerifyAuthChallengeTrigger)
    correct = verified.challenge_answer == verified.private_parameters["answer"]
    assert verified.verify(correct).event["response"] == {"answerCorrect": True}


def test_a_user_is_migrated(captured: Captured) -> None:
    """UserMigration: userAttributes, finalUserStatus, messageAction, desiredDeliveryMediums, and two more."""
    trigger = read(captured, UserMigrationTrigger)
    assert trigger.password == "correct horse"
    trigger.migrate({"email": "ada@example.com"}, status="CONFIRMED", welcome=False, mediums=["EMAIL"], sms_mfa=False)
    assert trigger.event["response"] == {
        "userAttributes": {"email": "ada@example.com"},
        "finalUserStatus": "CONFIRMED",
        "messageAction": "SUPPRESS",
        "desiredDeliveryMediums": ["EMAIL"],
        "forceAliasCreation": None,
        "enableSMSMFA": False,
    }


def test_an_event_of_another_trigger_is_refused() -> None:
    with pytest.raises(RecordShapeError, match="PreSignUpTrigger: this is no event of Cognito's trigger PreSignUp"):
        PreSignUpTrigger.from_record(cognito_event("PostConfirmation_ConfirmSignUp"))


def test_lex_v2_is_answered(captured: Captured) -> None:
    event = captured("lex_v2")
    [turn] = LexV2Trigger.from_record(event)
    assert (turn.slot("amount"), turn.slot("term"), turn.slot("colour")) == ("1500", None, None)
    state = event["sessionState"]
    closed = turn.close("Done.")
    assert closed == {
        "sessionState": {
            "activeContexts": state["activeContexts"],
            "sessionAttributes": {"tries": "1"},
            "dialogAction": {"type": "Close"},
            "intent": {**state["intent"], "state": "Fulfilled"},
        },
        "messages": [{"contentType": "PlainText", "content": "Done."}],
        "requestAttributes": {"x-amz-lex:channels:platform": "Slack"},
    }
    assert turn.close(failed=True)["sessionState"]["intent"]["state"] == "Failed"
    asked = turn.elicit_slot("term", "How long?", session={"tries": "2"})["sessionState"]
    assert asked["dialogAction"] == {"type": "ElicitSlot", "slotToElicit": "term"}
    assert asked["sessionAttributes"] == {"tries": "2"}
    assert asked["intent"] == state["intent"]
    assert turn.confirm("Sure?")["sessionState"]["dialogAction"] == {"type": "ConfirmIntent"}
    assert turn.delegate()["sessionState"]["dialogAction"] == {"type": "Delegate"}
    assert "messages" not in turn.delegate()
    assert "intent" not in turn.elicit_intent("What?")["sessionState"]


def test_a_skill_speaks(captured: Captured) -> None:
    [request] = AlexaTrigger.from_record(captured("alexa"))
    assert (request.intent, request.slots, request.locale) == ("RequestLoan", {"amount": "1500", "term": None}, "en-GB")
    assert request.say("Done.") == {
        "version": "1.0",
        "sessionAttributes": {"amount": "1500"},
        "response": {"outputSpeech": {"type": "PlainText", "text": "Done."}, "shouldEndSession": True},
    }
    asked = request.ask("<speak>How long?</speak>", reprompt="Months?", session={})["response"]
    assert asked == {
        "outputSpeech": {"type": "SSML", "ssml": "<speak>How long?</speak>"},
        "shouldEndSession": False,
        "reprompt": {"outputSpeech": {"type": "PlainText", "text": "Months?"}},
    }
    assert request.delegate()["response"]["directives"] == [{"type": "Dialog.Delegate"}]


def test_events_made_for_tests_are_read() -> None:
    [launch] = AlexaTrigger.from_record(alexa_event())
    assert (launch.request_type, launch.intent) == ("LaunchRequest", None)
    [asked] = AlexaTrigger.from_record(alexa_event("RequestLoan", slots={"amount": "1", "term": None}))
    assert asked.slots == {"amount": "1", "term": None}
    [turn] = LexV2Trigger.from_record(lex_event("RequestLoan", slots={"amount": "1", "term": None}))
    assert (turn.slot("amount"), turn.slot("term")) == ("1", None)
    [token] = PreTokenGenerationV2Trigger.from_record(cognito_event("TokenGeneration_HostedAuth", version="2"))
    assert token.id_token({"a": 1}).event["response"]["claimsAndScopeOverrideDetails"]
    with pytest.raises(AttributeError, match="cannot be changed"):
        token.user_name = "eve"
