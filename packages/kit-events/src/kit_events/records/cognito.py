"""The triggers of Cognito user pools ("Customizing user pool workflows with Lambda triggers").

Each class knows its trigger's request and writes its response, by the names that its page in that chapter has.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Generic, Self, TypeVar, overload

from kit_events.records.fields import Fields
from kit_events.records.record import Record

T = TypeVar("T")


class _Asked(Generic[T]):
    """A member of the trigger's request: empty if it is not there, and checked when the event is read."""

    def __init__(self, name: str, kind: type[T]) -> None:
        self.name = name
        self.kind = kind

    @overload
    def __get__(self, trigger: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, trigger: "CognitoTrigger", owner: Any = None) -> T: ...
    def __get__(self, trigger: Any, owner: Any = None) -> Any:
        """Return the member of the request."""
        return self if trigger is None else trigger.event["request"].get(self.name) or self.kind()


class CognitoTrigger(Record):
    """Be the base class of the triggers; `event` is Cognito's own, and the answer is written into its `response`.

    The methods that answer return the trigger, so that a function may end with `return trigger.…(…)`; for kit-handler's
    `@trigger` returning nothing is the same. Without that, return `trigger.event`.
    """

    shown = ("trigger_source", "user_pool_id")
    source: ClassVar[str] = ""

    trigger_source: str
    user_pool_id: str
    user_name: str | None
    client_id: str | None
    event: dict[str, Any]

    user_attributes = _Asked("userAttributes", dict[str, Any])
    client_metadata = _Asked("clientMetadata", dict[str, str])

    def __init_subclass__(cls) -> None:
        """Name the trigger in errors."""
        super().__init_subclass__()
        cls.kind = f"event of Cognito's trigger {cls.source}"

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say whether this is an event of the trigger."""
        source = raw.get("triggerSource")
        return isinstance(source, str) and source.partition("_")[0] == cls.source and "userPoolId" in raw

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the trigger."""
        request = fields.part("request")
        for member in (getattr(cls, name) for name in dir(cls)):
            if isinstance(member, _Asked):
                request.find(member.name, getattr(member.kind, "__origin__", member.kind))
        if fields.find("response", dict) is None:
            fields.value["response"] = {}
        yield cls(
            trigger_source=fields.get("triggerSource", str),
            user_pool_id=fields.get("userPoolId", str),
            user_name=fields.find("userName", str),
            client_id=fields.part("callerContext").find("clientId", str),
            event=fields.value,
        )

    def dump(self) -> dict[str, Any]:
        """Return the event, with the response as far as it is written."""
        return self.event

    def _answer(self, **response: Any) -> Self:
        """Write the given members into the response."""
        self.event["response"].update({name: value for name, value in response.items() if value is not None})
        return self


class PreSignUpTrigger(CognitoTrigger):
    """Somebody signs up: raise an error to refuse. `validation_data` is sent by the client for that."""

    source = "PreSignUp"
    validation_data = _Asked("validationData", dict[str, str])

    def confirm(self, *, verify_email: bool = False, verify_phone: bool = False) -> Self:
        """Confirm the user at once, without a code; an address that is used to sign in has to be verified."""
        return self._answer(autoConfirmUser=True, autoVerifyEmail=verify_email, autoVerifyPhone=verify_phone)


class PostConfirmationTrigger(CognitoTrigger):
    """Somebody has confirmed the sign-up, or a forgotten password's code. There is nothing to answer."""

    source = "PostConfirmation"


class PreAuthenticationTrigger(CognitoTrigger):
    """Somebody signs in: raise an error to refuse. There is nothing to answer.

    `user_not_found`: there is no such user, where the client is set to keep that to itself.
    """

    source = "PreAuthentication"
    validation_data = _Asked("validationData", dict[str, str])
    user_not_found = _Asked("userNotFound", bool)


class PostAuthenticationTrigger(CognitoTrigger):
    """Somebody has signed in, perhaps with a device that is new. There is nothing to answer."""

    source = "PostAuthentication"
    new_device_used = _Asked("newDeviceUsed", bool)


class PreTokenGenerationTrigger(CognitoTrigger):
    """Tokens are made: version 1 of the trigger's event, which knows the ID token."""

    source = "TokenGeneration"
    group_configuration = _Asked("groupConfiguration", dict[str, Any])
    _versions: ClassVar[tuple[str, ...]] = ("1",)
    _details: ClassVar[str] = "claimsOverrideDetails"

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say whether this is an event of the trigger, in this version."""
        return super().recognises(raw) and raw.get("version", "1") in cls._versions

    def id_token(self, claims: Mapping[str, Any] | None = None, *, suppress: Iterable[str] = ()) -> Self:
        """Add claims to the ID token, or replace them, and leave others out."""
        self._override().update(_claims(claims, suppress))
        return self

    def groups(
        self, groups: Iterable[str], *, iam_roles: Iterable[str] = (), preferred_role: str | None = None
    ) -> Self:
        """Replace the groups and roles that the tokens name; those so far are in `group_configuration`."""
        details: dict[str, Any] = {"groupsToOverride": list(groups), "iamRolesToOverride": list(iam_roles)}
        if preferred_role is not None:
            details["preferredRole"] = preferred_role
        self._override()["groupOverrideDetails"] = details
        return self

    def _override(self) -> dict[str, Any]:
        response = self.event["response"]
        found: dict[str, Any] = response.get(self._details) or {}
        response[self._details] = found
        return found


class PreTokenGenerationV2Trigger(PreTokenGenerationTrigger):
    """Tokens are made: versions 2 and 3 of the trigger's event, which know the access token, too."""

    scopes = _Asked("scopes", list[str])
    _versions = ("2", "3")
    _details = "claimsAndScopeOverrideDetails"

    def id_token(self, claims: Mapping[str, Any] | None = None, *, suppress: Iterable[str] = ()) -> Self:
        """Add claims to the ID token, or replace them, and leave others out."""
        self._override().setdefault("idTokenGeneration", {}).update(_claims(claims, suppress))
        return self

    def access_token(
        self,
        claims: Mapping[str, Any] | None = None,
        *,
        suppress: Iterable[str] = (),
        scopes: Iterable[str] = (),
        suppress_scopes: Iterable[str] = (),
    ) -> Self:
        """Add claims and scopes to the access token, or replace them, and leave others out."""
        lists = {"scopesToAdd": list(scopes), "scopesToSuppress": list(suppress_scopes)}
        chosen = {**_claims(claims, suppress), **{name: value for name, value in lists.items() if value}}
        self._override().setdefault("accessTokenGeneration", {}).update(chosen)
        return self


def _claims(claims: Mapping[str, Any] | None, suppress: Iterable[str]) -> dict[str, Any]:
    chosen = {"claimsToAddOrOverride": dict(claims or {}), "claimsToSuppress": list(suppress)}
    return {name: value for name, value in chosen.items() if value}


class CustomMessageTrigger(CognitoTrigger):
    """Cognito sends a message, whose text may be yours.

    It has to hold `code`, which stands for the code, and an invitation also `user_name_parameter`.
    """

    source = "CustomMessage"
    code = _Asked("codeParameter", str)
    user_name_parameter = _Asked("usernameParameter", str)

    def message(self, *, email_subject: str | None = None, email: str | None = None, sms: str | None = None) -> Self:
        """Write the message; a part that is None stays as it is configured."""
        return self._answer(emailSubject=email_subject, emailMessage=email, smsMessage=sms)


class DefineAuthChallengeTrigger(CognitoTrigger):
    """A sign-in with challenges of your own: which one comes next?

    `session` holds those so far: `challengeName`, `challengeResult`, and perhaps `challengeMetadata`.
    """

    source = "DefineAuthChallenge"
    session = _Asked("session", list[dict[str, Any]])
    user_not_found = _Asked("userNotFound", bool)

    def challenge(self, name: str = "CUSTOM_CHALLENGE") -> Self:
        """Go on with a challenge: one of your own, or as PASSWORD_VERIFIER one of Cognito's."""
        return self._answer(challengeName=name, issueTokens=False, failAuthentication=False)

    def issue_tokens(self) -> Self:
        """Let the user in."""
        return self._answer(issueTokens=True, failAuthentication=False)

    def fail(self) -> Self:
        """Refuse the user."""
        return self._answer(issueTokens=False, failAuthentication=True)


class CreateAuthChallengeTrigger(CognitoTrigger):
    """A challenge of your own is to be made."""

    source = "CreateAuthChallenge"
    challenge_name = _Asked("challengeName", str)
    session = _Asked("session", list[dict[str, Any]])
    user_not_found = _Asked("userNotFound", bool)

    def challenge(self, *, public: Mapping[str, str], private: Mapping[str, str], metadata: str | None = None) -> Self:
        """Make it: `public` goes to the client, `private` verifies the answer, `metadata` names it in the session."""
        parameters = {"publicChallengeParameters": dict(public), "privateChallengeParameters": dict(private)}
        return self._answer(**parameters, challengeMetadata=metadata)


class VerifyAuthChallengeTrigger(CognitoTrigger):
    """A challenge was answered: is it right? `private_parameters` are those of its creation."""

    source = "VerifyAuthChallengeResponse"
    private_parameters = _Asked("privateChallengeParameters", dict[str, str])
    challenge_answer = _Asked("challengeAnswer", str)
    user_not_found = _Asked("userNotFound", bool)

    def verify(self, correct: bool) -> Self:
        """Say whether it is right."""
        return self._answer(answerCorrect=bool(correct))


class UserMigrationTrigger(CognitoTrigger):
    """A user who is not in the pool signs in, or has forgotten the password: raise an error to refuse.

    `password` is the one that was entered, empty where it was forgotten.
    """

    source = "UserMigration"
    password = _Asked("password", str)
    validation_data = _Asked("validationData", dict[str, str])

    def migrate(
        self,
        attributes: Mapping[str, str],
        *,
        status: str | None = None,
        welcome: bool = True,
        mediums: Iterable[str] = (),
        force_alias: bool | None = None,
        sms_mfa: bool | None = None,
    ) -> Self:
        """Take the user over, with attributes.

        status: CONFIRMED (the password is taken over, too) or RESET_REQUIRED. welcome: False sends no invitation, which
        goes by `mediums` otherwise: EMAIL, SMS. force_alias: takes an alias from another user. sms_mfa: a code by SMS.
        """
        return self._answer(
            userAttributes=dict(attributes),
            finalUserStatus=status,
            messageAction=None if welcome else "SUPPRESS",
            desiredDeliveryMediums=list(mediums) or None,
            forceAliasCreation=force_alias,
            enableSMSMFA=sms_mfa,
        )


class CustomEmailSenderTrigger(CognitoTrigger):
    """A mail is to be sent, by you. There is nothing to answer.

    `code` is in base64, encrypted by the AWS Encryption SDK with the pool's key; empty where there is none.
    """

    source = "CustomEmailSender"
    code = _Asked("code", str)


class CustomSMSSenderTrigger(CustomEmailSenderTrigger):
    """A short message is to be sent, by you. There is nothing to answer; `code` is as with mails."""

    source = "CustomSMSSender"
