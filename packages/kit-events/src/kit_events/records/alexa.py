"""Alexa skills ("Request Types Reference", "Request and Response JSON Reference" of the Alexa Skills Kit)."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Self

from kit_events.records.fields import Fields
from kit_events.records.record import Record


class AlexaTrigger(Record):
    """One request to a skill: `request_type` is as in LaunchRequest, IntentRequest, SessionEndedRequest.

    `slots` hold the spoken value of each, None for nothing. `say` and `ask` make the answers.
    """

    kind = "request of Alexa"
    shown = ("request_id", "request_type", "intent")

    request_id: str
    request_type: str
    application_id: str
    at: datetime
    intent: str | None = None
    slots: dict[str, str | None] = {}  # noqa: RUF012  (copied)
    locale: str = ""
    user_id: str = ""
    session: dict[str, Any] = {}  # noqa: RUF012
    event: dict[str, Any] = {}  # noqa: RUF012

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say whether this is a request of Alexa."""
        return isinstance(raw.get("request"), dict) and isinstance(raw.get("context") or raw.get("session"), dict)

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the request."""
        request = fields.part("request")
        session = fields.part("session") if fields.find("session", dict) is not None else None
        where = session or fields.part("context").part("System")
        intent = request.part("intent") if request.find("intent", dict) is not None else None
        yield cls(
            request_id=request.get("requestId", str),
            request_type=request.get("type", str),
            application_id=where.part("application").get("applicationId", str),
            at=request.time("timestamp"),
            intent=intent.get("name", str) if intent else None,
            slots=_slots(intent) if intent else {},
            locale=request.find("locale", str) or "",
            user_id=where.part("user").get("userId", str),
            session=(session.find("attributes", dict) if session else None) or {},
            event=fields.value,
        )

    def say(self, text: str, *, end: bool = True, session: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the answer that says `text`, SSML if it begins with `<speak>`, and ends the session, or not.

        session: the attributes of the session from now on; the present ones, if None.
        """
        kept = dict(self.session if session is None else session)
        answer = {"outputSpeech": _speech(text), "shouldEndSession": end}
        return {"version": "1.0", "sessionAttributes": kept, "response": answer}

    def ask(
        self, text: str, *, reprompt: str | None = None, session: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the answer that says `text` and waits for the user, who hears `reprompt` (or `text`) after a while."""
        answer = self.say(text, end=False, session=session)
        answer["response"]["reprompt"] = {"outputSpeech": _speech(reprompt or text)}
        return answer

    def delegate(self) -> dict[str, Any]:
        """Return the answer that lets Alexa ask for the next slot, by the skill's dialog model."""
        answer = {"directives": [{"type": "Dialog.Delegate"}], "shouldEndSession": False}
        return {"version": "1.0", "sessionAttributes": dict(self.session), "response": answer}


def _slots(intent: Fields) -> dict[str, str | None]:
    slots = intent.part("slots") if intent.find("slots", dict) else None
    return {name: slots.part(name).find("value", str) for name in slots.value} if slots else {}


def _speech(text: str) -> dict[str, str]:
    return {"type": "SSML", "ssml": text} if text.startswith("<speak>") else {"type": "PlainText", "text": text}
