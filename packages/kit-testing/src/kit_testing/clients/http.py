"""A client that sends requests to a handler, in every payload."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from kit_testing.clients.answer import Answer, read_answer
from kit_testing.context import LambdaContext
from kit_testing.events.http import http_event


class Client:
    """Send requests to a handler and read its answers as AWS does.

    handler: called with an event and a context, such as a `route` or a `Router` of kit-handler
    version: the payload, as for `http_event`
    headers, authorizer: of every request; a request's own take precedence
    timeout: the seconds that the context of each request has

    Cookies that an answer sets are sent from then on. An answer that AWS would refuse is an InvalidAnswerError.

    Example:
        >>> client = Client(lambda event, context: {"statusCode": 200, "body": event["rawPath"]})
        >>> client.get("/loans/1").text
        '/loans/1'
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

        `path` is not encoded; a query at its end is.
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
        answer = read_answer(self.handler(event, LambdaContext(timeout=self.timeout)), version=self.version)
        self._store(answer.set_cookies)
        return answer

    def get(self, path: str = "/", **options: Any) -> Answer:
        """Send GET; the options of every method are those of `request`."""
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

    def _store(self, cookies: list[str]) -> None:
        for cookie in cookies:
            pair, *attributes = (part.strip() for part in cookie.split(";"))
            name, _, value = pair.partition("=")
            if "max-age=0" in (attribute.lower() for attribute in attributes):
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
