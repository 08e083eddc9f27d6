"""Amazon Lex V2 ("AWS Lambda input event format for Lex V2", "… response format for Lex V2")."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

from kit_events.records.fields import Fields
from kit_events.records.record import Record


class LexV2Trigger(Record):
    """One turn of a conversation: `source` is DialogCodeHook or FulfillmentCodeHook.

    `slots` are as Lex has them; `slot(name)` is the interpreted value. The methods return the answers; each keeps the
    session's attributes, save where `session` is given, and its active contexts.
    """

    kind = "event of Lex V2"
    shown = ("session_id", "bot", "intent", "source")

    session_id: str
    bot: str
    intent: str
    source: str
    slots: dict[str, Any]
    confirmation: str
    text: str = ""
    session: dict[str, str] = {}  # noqa: RUF012  (copied)
    event: dict[str, Any] = {}  # noqa: RUF012

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say whether Lex V2 sent this."""
        return "sessionState" in raw and "bot" in raw

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the turn."""
        state = fields.part("sessionState")
        intent = state.part("intent")
        slots = intent.part("slots") if intent.find("slots", dict) else Fields(fields.record, {})
        for name in slots.value:
            _check_slot(slots, name)
        yield cls(
            session_id=fields.get("sessionId", str),
            bot=fields.part("bot").get("name", str),
            intent=intent.get("name", str),
            source=fields.get("invocationSource", str),
            slots=slots.value,
            confirmation=intent.find("confirmationState", str) or "None",
            text=fields.find("inputTranscript", str) or "",
            session=state.texts("sessionAttributes"),
            event=fields.value,
        )

    def slot(self, name: str) -> str | None:
        """Return the interpreted value of a slot, None if it has none yet."""
        value = (self.slots.get(name) or {}).get("value") or {}
        found: str | None = value.get("interpretedValue")
        return found

    def close(self, *texts: str, failed: bool = False, session: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the answer that ends the conversation: the intent is fulfilled, or has failed."""
        return self._answer({"type": "Close"}, texts, session, state="Failed" if failed else "Fulfilled")

    def elicit_slot(self, slot: str, *texts: str, session: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the answer that asks for a slot; slots that are changed in `self.slots` go along."""
        return self._answer({"type": "ElicitSlot", "slotToElicit": slot}, texts, session)

    def elicit_intent(self, *texts: str, session: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the answer that asks for the user's intent; Lex wants a text for it."""
        return self._answer({"type": "ElicitIntent"}, texts, session)

    def confirm(self, *texts: str, session: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the answer that asks the user to confirm the intent with its slots."""
        return self._answer({"type": "ConfirmIntent"}, texts, session)

    def delegate(self, *, session: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the answer that lets Lex decide by the bot's configuration."""
        return self._answer({"type": "Delegate"}, (), session)

    def _answer(
        self,
        action: dict[str, Any],
        texts: tuple[str, ...],
        session: Mapping[str, str] | None,
        *,
        state: str | None = None,
    ) -> dict[str, Any]:
        before = self.event["sessionState"]
        intent = {**before["intent"], "slots": self.slots, **({"state": state} if state else {})}
        after = {
            **({"activeContexts": before["activeContexts"]} if "activeContexts" in before else {}),
            "sessionAttributes": dict(self.session if session is None else session),
            "dialogAction": action,
            **({"intent": intent} if action["type"] != "ElicitIntent" else {}),
        }
        messages = [{"contentType": "PlainText", "content": text} for text in texts]
        requested = self.event.get("requestAttributes")
        answer = {"sessionState": after, **({"messages": messages} if messages else {})}
        return {**answer, "requestAttributes": requested} if requested else answer


def _check_slot(slots: Fields, name: str) -> None:
    """Raise `RecordShapeError` unless a slot is null, has a value that was interpreted, or a list of such."""
    if slots.find(name, dict) and slots.part(name).find("value", dict):
        slots.part(name).part("value").find("interpretedValue", str)
