"""An HTTP request, independent of its payload."""

from kit_handler.errors import BadRequestError
from kit_handler.http.headers import Headers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from functools import cached_property as lazy
    from typing import Any

    from kit_handler._types import Event
    from kit_handler.http.adapters.adapter import Adapter
else:

    class lazy:  # noqa: N801  (reads like the decorator that it is)
        """Do the same as `functools.cached_property`, without its lock (Python 3.11) and its import."""

        def __init__(self, function):
            self.function = function
            self.name = function.__name__
            self.__doc__ = function.__doc__

        def __get__(self, instance, owner=None):
            if instance is None:
                return self
            value = instance.__dict__[self.name] = self.function(instance)
            return value


_UNPARSED = "The request body is not valid JSON"


class Request:
    """Hold one HTTP request; the parts of the event are parsed when they are first asked for.

    In a test, make one from keywords: `Request(method="POST", path="/loans", body={"amount": "10"})`. `body` is
    taken as it is given, a handler sees the same.

    event: the Lambda event, `{}` if there is none; context: the Lambda context or None
    method: in capitals
    path: as the payload holds it: HTTP APIs decode it, REST APIs and Function URLs don't
    route: the path of the route that a Router has chosen, `/users/{id}`, or None
    """

    # What every request is asked for; the rest, and what interceptors add, is in `__dict__`, which takes longer.
    __slots__ = (
        *("__dict__", "__weakref__", "_adapter", "_cors_methods", "_outcome"),
        *("context", "event", "method", "path", "route"),
    )

    __kit_request__ = True  # for annotations: told without importing this module

    event: "Event"
    context: "Any"
    method: str
    path: str
    route: str | None
    _adapter: "Adapter"
    _cors_methods: "list[str]"
    _outcome: "Any"

    def __init__(
        self,
        *,
        method: str = "GET",
        path: str = "/",
        headers: "Mapping[str, str] | None" = None,
        query: "Mapping[str, str] | None" = None,
        path_params: "Mapping[str, str] | None" = None,
        body: "Any" = "",
        authorizer: "Mapping[str, Any] | None" = None,
        identity: "Mapping[str, Any] | None" = None,
        source_ip: str | None = None,
        user_agent: str | None = None,
        cookies: "Mapping[str, str] | None" = None,
        event: "Event | None" = None,
        context: "Any" = None,
    ) -> None:
        self.event = event or {}
        self.context = context
        self.method = method.upper()
        self.path = path
        self.headers = Headers((headers or {}).items())
        self.query = dict(query or {})
        self.multi_query = {name: [value] for name, value in self.query.items()}
        self.path_params = dict(path_params or {})
        self.body = self.exact_body = body
        self.authorizer = None if authorizer is None else dict(authorizer)
        self.identity = dict(identity or {})
        self.source_ip = source_ip
        self.user_agent = user_agent
        self.cookies = dict(cookies or {})
        self.raw_body = _bytes_of(body)
        self.route = None

    @classmethod
    def from_event(cls, event: "Event", context: "Any" = None, *, adapter: "Adapter") -> "Request":
        """Return the request that `event` carries, read through its payload's adapter."""
        request = cls.__new__(cls)
        request.event = event
        request.context = context
        request.method = adapter.method(event)
        request.path = adapter.path(event)
        request.route = None
        request._adapter = adapter
        return request

    @lazy
    def headers(self) -> Headers:
        """The header fields, looked up in any case."""
        return Headers(self._adapter.headers(self.event))

    @lazy
    def query(self) -> "dict[str, str]":
        """The decoded query; of a name that came more than once, the last value."""
        return self._adapter.query(self.event)

    @lazy
    def multi_query(self) -> "dict[str, list[str]]":
        """The decoded query with every value of every name."""
        return self._adapter.multi_query(self.event)

    @lazy
    def path_params(self) -> "dict[str, str]":
        """The path parameters, decoded once."""
        return self._adapter.path_params(self.event)

    @lazy
    def converted(self) -> "dict[str, Any]":
        """The path parameters as the converters of a Router's path have read them: `{id:int}` is an int."""
        return {}

    @lazy
    def authorizer(self) -> "dict[str, Any] | None":
        """The authorizer's context, flat (context, JWT or Cognito claims, IAM), or None."""
        return self._adapter.authorizer(self.event)

    @lazy
    def identity(self) -> "dict[str, Any]":
        """The caller's connection as the payload holds it: sourceIp, userAgent and, under IAM, who has signed."""
        return self._adapter.identity(self.event)

    @lazy
    def source_ip(self) -> str | None:
        """The caller's address as AWS has seen it; never taken from a header."""
        address: str | None = self.identity.get("sourceIp")
        return address

    @lazy
    def user_agent(self) -> str | None:
        """The caller's User-Agent."""
        agent: str | None = self.identity.get("userAgent") or self.headers.get("user-agent")
        return agent

    @lazy
    def cookies(self) -> "dict[str, str]":
        """The cookies; of a name that came more than once, the first, whose path is the longest (RFC 6265, 5.4)."""
        jar: dict[str, str] = {}
        for line in self._adapter.cookies(self.event) or [self.headers.get("cookie", "")]:
            for pair in line.split(";"):
                name, found, value = pair.partition("=")
                if found:
                    jar.setdefault(name.strip(), value.strip())
        return jar

    @property
    def query_params(self) -> "dict[str, str]":
        """The same as `query`."""
        return self.query

    @lazy
    def params(self) -> "dict[str, str]":
        """Query and path parameters together; the path wins."""
        return {**self.query, **self.path_params}

    @lazy
    def raw_body(self) -> bytes:
        """The body's bytes, out of base64 if they came so."""
        body, in_base64 = self._adapter.body(self.event)
        if not in_base64:
            try:
                return _bytes_of(body)
            except UnicodeEncodeError:
                raise BadRequestError("The request body is not valid text in UTF-8") from None
        from binascii import Error, a2b_base64

        try:
            return a2b_base64(body)
        except (Error, ValueError):
            raise BadRequestError("The request body is not valid base64") from None

    @lazy
    def body(self) -> "Any":
        """The body: parsed if it says or looks like JSON, else text, or bytes that are not UTF-8; "" if there is none.

        Raises BadRequestError (400) when the Content-Type says JSON and the body is something else, or holds NaN, an
        infinity or a number that is read as one (1e999).
        """
        return self._parse_body(None)

    @lazy
    def exact_body(self) -> "Any":
        """The body like `body`, but with numbers that keep the digits of their text: `Decimal(str(number))` is exact.

        They are floats all the same: `kit_core.json.ExactFloat`. A parameter that is annotated with Decimal has them.
        """
        from kit_core.json import ExactFloat

        return self._parse_body(ExactFloat)

    def _parse_body(self, parse_float: "Callable[[str], Any] | None") -> "Any":
        text, in_base64 = self._adapter.body(self.event)
        if in_base64:
            text = self.raw_body
        elif not isinstance(text, str):  # an event made by hand, holding an object
            return text
        if not text:
            return ""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        claims_json = kind == "application/json" or kind.endswith("+json")
        return _parsed(text, claims_json, parse_float)

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.path}>"


def _parsed(body: str | bytes, claims_json: bool, parse_float: "Callable[[str], Any] | None") -> "Any":
    from kit_core.json import loads

    try:
        text = body if isinstance(body, str) else body.decode()
    except UnicodeDecodeError:
        if claims_json:
            raise BadRequestError(_UNPARSED) from None
        return body
    if not claims_json and not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return loads(text, parse_float=parse_float)
    except ValueError:
        if claims_json:
            raise BadRequestError(_UNPARSED) from None
        return text


def _bytes_of(body: "Any") -> bytes:
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    from kit_core.json import dumps

    return dumps(body).encode()
