"""Actions of Bedrock agents ("Configure Lambda functions to send information … an Amazon Bedrock agent elicits")."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

from kit_core.json import dumps

from kit_events.records.content import parsed
from kit_events.records.fields import Fields
from kit_events.records.record import Record


class BedrockTrigger(Record):
    """One action that an agent takes: a `function`, or the operation `method` and `path` of an API.

    `parameters` and `body` hold values of the types that the agent names: str, int, float, bool, or JSON. The methods
    return the answers; each keeps the attributes of the session, save where `session` is given.
    """

    kind = "action of a Bedrock agent"
    shown = ("session_id", "action_group", "function", "method", "path")

    session_id: str
    action_group: str
    agent: str
    function: str | None = None
    method: str | None = None
    path: str | None = None
    parameters: dict[str, Any] = {}  # noqa: RUF012  (copied)
    body: dict[str, Any] = {}  # noqa: RUF012
    text: str = ""
    session: dict[str, Any] = {}  # noqa: RUF012
    prompt_session: dict[str, Any] = {}  # noqa: RUF012
    event: dict[str, Any] = {}  # noqa: RUF012

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say whether a Bedrock agent sent this."""
        return "actionGroup" in raw and "agent" in raw and ("function" in raw or "apiPath" in raw)

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the action."""
        function = fields.find("function", str)
        yield cls(
            session_id=fields.get("sessionId", str),
            action_group=fields.get("actionGroup", str),
            agent=fields.part("agent").get("name", str),
            function=function,
            method=None if function else fields.get("httpMethod", str),
            path=None if function else fields.get("apiPath", str),
            parameters=_values(fields, "parameters"),
            body=_body(fields),
            text=fields.find("inputText", str) or "",
            session=fields.find("sessionAttributes", dict) or {},
            prompt_session=fields.find("promptSessionAttributes", dict) or {},
            event=fields.value,
        )

    def answer(
        self, body: Any = None, *, status: int = 200, session: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the answer with this body: text as it is, anything else as JSON."""
        return self._answer(body, None, status, session)

    def fail(self, text: str, *, status: int = 400, session: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the answer that says why the action has failed: a FAILURE of a function, a status of an API."""
        return self._answer(text, "FAILURE", status, session)

    def reprompt(self, text: str, *, status: int = 400, session: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the answer that lets the agent ask again: a REPROMPT of a function, a status of an API."""
        return self._answer(text, "REPROMPT", status, session)

    def _answer(self, body: Any, state: str | None, status: int, session: Mapping[str, Any] | None) -> dict[str, Any]:
        content = {"body": body if isinstance(body, str) else dumps(body)}
        response: dict[str, Any] = {"actionGroup": self.action_group}
        if self.function is not None:
            said = {**({"responseState": state} if state else {}), "responseBody": {"TEXT": content}}
            response |= {"function": self.function, "functionResponse": said}
        else:
            response |= {"apiPath": self.path, "httpMethod": self.method, "httpStatusCode": status}
            response["responseBody"] = {"application/json": content}
        return {
            "messageVersion": self.event.get("messageVersion", "1.0"),
            "response": response,
            "sessionAttributes": dict(self.session if session is None else session),
            "promptSessionAttributes": dict(self.prompt_session),
        }


def _body(fields: Fields) -> dict[str, Any]:
    if fields.find("requestBody", dict) is None:
        return {}
    content = fields.part("requestBody").part("content")
    return {name: value for kind in content.value for name, value in _values(content.part(kind), "properties").items()}


def _values(fields: Fields, name: str) -> dict[str, Any]:
    """Return the values of a list of names, types and texts."""
    items = fields.parts(name) if fields.find(name, list) else []
    return {item.get("name", str): _value(item) for item in items}


def _value(item: Fields) -> Any:
    kind, text = item.find("type", str), item.value.get("value")
    if not isinstance(text, str) or kind in (None, "string"):
        return text
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    try:
        if kind in ("integer", "number"):
            return int(text) if kind == "integer" else float(text)
    except ValueError:
        raise item.error("value", f"is no {kind}") from None
    return parsed(text)
