"""Answers of handlers, as the client sees them."""

import json
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kit_testing.errors import InvalidAnswerError


class AnswerHeaders(Mapping[str, str]):
    """Header fields, looked up in any case; a field that came several times is joined with ", " (RFC 9110, 5.3)."""

    def __init__(self, fields: Iterable[tuple[str, str]]) -> None:
        self._fields: dict[str, str] = {}
        for name, value in fields:
            before = self._fields.get(name.lower())
            self._fields[name.lower()] = value if before is None else f"{before}, {value}"

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"AnswerHeaders({self._fields!r})"


class Answer:
    """An answer as the client sees it: status, headers (in any case), set_cookies, content (bytes)."""

    def __init__(self, status: int, headers: AnswerHeaders, set_cookies: list[str], content: bytes) -> None:
        self.status = status
        self.headers = headers
        self.set_cookies = set_cookies
        self.content = content

    @property
    def text(self) -> str:
        """The content as text."""
        return self.content.decode()

    def json(self) -> Any:
        """Return the content, parsed."""
        return json.loads(self.content)

    def __repr__(self) -> str:
        return f"<Answer {self.status} {self.content[:200]!r}>"


_KEYS = {
    "2.0": {"statusCode", "headers", "cookies", "body", "isBase64Encoded"},
    "1.0": {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"},
    "alb": {"statusCode", "statusDescription", "headers", "body", "isBase64Encoded"},
    "alb-multi": {"statusCode", "statusDescription", "multiValueHeaders", "body", "isBase64Encoded"},
}
_KEYS |= {"url": _KEYS["2.0"], "lattice": _KEYS["alb"], "lattice-v1": _KEYS["alb"], "websocket": _KEYS["1.0"]}


def read_answer(answer: Any, *, version: str) -> Answer:
    """Return a handler's answer as the client of a payload sees it.

    version: as for `http_event`, or "websocket". Raise InvalidAnswerError for an answer that AWS would refuse.
    """
    if not isinstance(answer, dict) or type(answer.get("statusCode")) is not int:
        raise InvalidAnswerError("an answer has a statusCode that is a number", answer)
    if not 100 <= answer["statusCode"] <= 599:
        raise InvalidAnswerError("a statusCode is between 100 and 599", answer)
    unknown = set(answer) - _KEYS[version]
    if unknown:
        raise InvalidAnswerError(f"payload {version} knows no {sorted(unknown)}", answer)
    fields = _fields(answer)
    body = answer.get("body") or ""
    if not isinstance(body, str):
        raise InvalidAnswerError("a body is text", answer)
    try:
        content = b64decode(body, validate=True) if answer.get("isBase64Encoded") else body.encode()
    except ValueError as error:
        raise InvalidAnswerError(f"the body cannot be sent ({error})", answer) from error
    cookies = [value for name, value in fields if name.lower() == "set-cookie"] + list(answer.get("cookies") or ())
    headers = AnswerHeaders((name, value) for name, value in fields if name.lower() != "set-cookie")
    return Answer(answer["statusCode"], headers, cookies, content)


def _fields(answer: dict[str, Any]) -> list[tuple[str, str]]:
    fields = list((answer.get("headers") or {}).items())
    fields += [(name, value) for name, values in (answer.get("multiValueHeaders") or {}).items() for value in values]
    for name, value in fields:
        if not isinstance(name, str) or not isinstance(value, str):
            raise InvalidAnswerError("header fields are texts", answer)
        if "\r" in name + value or "\n" in name + value:
            raise InvalidAnswerError("header fields have no line breaks", answer)
    return fields
