"""Amazon Lex V1 ("Lambda Function Input Event and Response Format")."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

from kit_events.fields import Fields
from kit_events.record import Record


class LexV1Trigger(Record):
    """One turn of a conversation: `source` is DialogCodeHook or FulfillmentCodeHook.

    The methods return the answers; each keeps the session's attributes, save where `session` is given.
    """

    kind = "event of Lex V1"
    shown = ("bot", "intent", "source")

    bot: str
    intent: str
    source: str
    slots: dict[str, str | None]
    confirmation: str
    user_id: str
    text: str = ""
    session: dict[str, str] = {}  # noqa: RUF012  (copied)
    event: dict[str, Any] = {}  # noqa: RUF012

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say whether Lex V1 sent this."""
        return "currentIntent" in raw and "bot" in raw

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the turn."""
        intent = fields.part("currentIntent")
        slots = intent.part("slots")
        yield cls(
            bot=fields.part("bot").get("name", str),
            intent=intent.get("name", str),
            source=fields.get("invocationSource", str),
            slots={name: slots.find(name, str) for name in slots.value},
            confirmation=intent.find("confirmationStatus", str) or "None",
            user_id=fields.get("userId", str),
            text=fields.find("inputTranscript", str) or "",
            session=fields.texts("sessionAttributes"),
            event=fields.value,
        )

    def close(
        self, text: str | None = None, *, failed: bool = False, session: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Return the answer that ends the conversation: the intent is fulfilled, or has failed."""
        state = "Failed" if failed else "Fulfilled"
        return self._answer({"type": "Close", "fulfillmentState": state, **_message(text)}, session)

    def elicit_slot(
        self, slot: str, text: str | None = None, *, session: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Return the answer that asks for a slot; slots that are changed in `self.slots` go along."""
        action = {"type": "ElicitSlot", "intentName": self.intent, "slots": self.slots, "slotToElicit": slot}
        return self._answer({**action, **_message(text)}, session)

    def elicit_intent(self, text: str | None = None, *, session: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the answer that asks what the user wants."""
        return self._answer({"type": "ElicitIntent", **_message(text)}, session)

    def confirm(self, text: str | None = None, *, session: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the answer that asks the user to confirm the intent with its slots."""
        action = {"type": "ConfirmIntent", "intentName": self.intent, "slots": self.slots}
        return self._answer({**action, **_message(text)}, session)

    def delegate(self, *, session: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the answer that lets Lex decide by the bot's configuration."""
        return self._answer({"type": "Delegate", "slots": self.slots}, session)

    def _answer(self, action: dict[str, Any], session: Mapping[str, str] | None) -> dict[str, Any]:
        return {"sessionAttributes": dict(self.session if session is None else session), "dialogAction": action}


def _message(text: str | None) -> dict[str, Any]:
    return {} if text is None else {"message": {"contentType": "PlainText", "content": text}}
