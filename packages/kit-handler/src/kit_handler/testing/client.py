"""A client that calls a handler as AWS would, in any payload."""

import json
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from kit_handler.http.headers import Headers
from kit_handler.testing.context import LambdaContext
from kit_handler.testing.http import http_event


class InvalidAnswerError(AssertionError):
    """Say why AWS would turn an answer into its own 502 or 500; `answer` is the answer."""

    def __init__(self, reason: str, answer: Any) -> None:
        super().__init__(f"{reason}: {answer!r}")
        self.answer = answer


class Answer:
    """Hold an answer as the client sees it: status, headers (in any case), set_cookies, content (bytes)."""

    def __init__(self, status: int, headers: Headers, set_cookies: list[str], content: bytes) -> None:
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


class Client:
    """Send requests to a handler: `Client(app).get("/loans/1", headers={...})`.

    version: the payload, as `http_event` knows it; authorizer, headers: what every request has; a request's own win.
    Cookies that an answer sets are sent from then on. An answer that AWS wouldn't take is an InvalidAnswerError.
    """

    def __init__(
        self,
        handler: Callable[..., Any],
        *,
        version: str = "2.0",
        headers: Mapping[str, str] | None = None,
        authorizer: Mapping[str, Any] | None = None,
        timeout: float = 30.0,
    ) -> None:
        self.handler = handler
        self.version = version
        self.headers = dict(headers or {})
        self.authorizer = authorizer
        self.timeout = timeout
        self.cookies: dict[str, str] = {}

    def request(
        self,
        method: str,
        path: str = "/",
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str | Sequence[str]] | None = None,
        path_params: Mapping[str, str] | None = None,
        body: Any = None,
        authorizer: Mapping[str, Any] | None = None,
        resource: str | None = None,
        source_ip: str = "203.0.113.7",
    ) -> Answer:
        """Send a request, with a context of its own, and return the answer.

        `path` is as in a URL without its encoding, and may end in a query that is encoded.
        """
        path, _, raw_query = path.partition("?")
        event = http_event(
            method.upper(),
            path,
            headers={**self.headers, **(headers or {})},
            query={**parse_qs(raw_query, keep_blank_values=True), **(query or {})},
            path_params=path_params,
            body=body,
            authorizer=self.authorizer if authorizer is None else authorizer,
            cookies=[f"{name}={value}" for name, value in self.cookies.items()],
            source_ip=source_ip,
            resource=resource,
            version=self.version,
        )
        answer = read(self.handler(event, LambdaContext(timeout=self.timeout)), version=self.version)
        self._keep(answer.set_cookies)
        return answer

    def get(self, path: str = "/", **options: Any) -> Answer:
        """Send GET; the options are those of `request`, as for the other methods."""
        return self.request("GET", path, **options)

    def head(self, path: str = "/", **options: Any) -> Answer:
        """Send HEAD."""
        return self.request("HEAD", path, **options)

    def options(self, path: str = "/", **options: Any) -> Answer:
        """Send OPTIONS."""
        return self.request("OPTIONS", path, **options)

    def post(self, path: str = "/", body: Any = None, **options: Any) -> Answer:
        """Send POST; a body that is neither text nor bytes goes as JSON."""
        return self.request("POST", path, body=body, **options)

    def put(self, path: str = "/", body: Any = None, **options: Any) -> Answer:
        """Send PUT."""
        return self.request("PUT", path, body=body, **options)

    def patch(self, path: str = "/", body: Any = None, **options: Any) -> Answer:
        """Send PATCH."""
        return self.request("PATCH", path, body=body, **options)

    def delete(self, path: str = "/", **options: Any) -> Answer:
        """Send DELETE."""
        return self.request("DELETE", path, **options)

    def _keep(self, cookies: list[str]) -> None:
        for cookie in cookies:
            pair, *attributes = (part.strip() for part in cookie.split(";"))
            name, _, value = pair.partition("=")
            if "max-age=0" in (attribute.lower() for attribute in attributes):
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value


_KEYS = {
    "2.0": {"statusCode", "headers", "cookies", "body", "isBase64Encoded"},
    "1.0": {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"},
    "alb": {"statusCode", "statusDescription", "headers", "body", "isBase64Encoded"},
    "alb-multi": {"statusCode", "statusDescription", "multiValueHeaders", "body", "isBase64Encoded"},
}
_KEYS |= {"url": _KEYS["2.0"], "lattice": _KEYS["alb"]}


def read(answer: Any, *, version: str) -> Answer:
    """Return what a client would see of a handler's answer; InvalidAnswerError for one that AWS wouldn't take."""
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
    content = b64decode(body, validate=True) if answer.get("isBase64Encoded") else body.encode()
    cookies = [value for name, value in fields if name.lower() == "set-cookie"] + list(answer.get("cookies") or ())
    headers = Headers((name, value) for name, value in fields if name.lower() != "set-cookie")
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
