"""The event of an HTTP function under `aws_lambda_handler`, and short ways to its most used parts."""

from kit_handler._shape import mapping
from kit_handler.http.headers import Headers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


class RequestContext(dict[str, "Any"]):
    """Hold an event's `requestContext`: a dict that knows where each payload keeps its values."""

    @property
    def request_id(self) -> str | None:
        """The id of the request."""
        value: str | None = self.get("requestId")
        return value

    @property
    def identity(self) -> "dict[str, Any]":
        """The caller's identity, of payload 1.0 and 2.0 alike."""
        return mapping(self, "identity") or mapping(self, "http")

    def get_source_ip(self) -> str | None:
        """Return the caller's address as AWS has seen it."""
        value: str | None = self.identity.get("sourceIp")
        return value


class LambdaEvent:
    """Hold an event: `LambdaEvent(**event)`.

    body: the raw text or None; headers: looked up in any case; requestContext: a `RequestContext`; everything else
    is in `_extra`. `null` is the same as nothing everywhere.
    """

    def __init__(
        self,
        /,
        *,
        body: str | None = None,
        headers: "Mapping[str, str] | None" = None,
        requestContext: "Mapping[str, Any] | None" = None,  # noqa: N803  (the event's own name)
        **extra: "Any",
    ) -> None:
        self.body = body
        self.headers = _headers(headers, extra.get("multiValueHeaders"))
        self.requestContext = RequestContext(requestContext if isinstance(requestContext, dict) else {})
        self._extra = extra

    def get_json_body(self) -> "Any":
        """Return the parsed body; None if it is empty or no JSON."""
        body: Any = self.body
        if not body:
            return None
        if not isinstance(body, str):  # an event made by hand, holding an object
            return body
        from kit_core.json import loads

        try:
            if self._extra.get("isBase64Encoded") or self._extra.get("is_base64_encoded"):  # VPC Lattice V1
                from binascii import a2b_base64

                body = a2b_base64(body).decode()
            return loads(body)
        except ValueError:
            return None


def get_body(event: "Mapping[str, Any] | LambdaEvent") -> "Any":
    """Return the parsed JSON body, out of base64 if it came so; None if it is empty or no JSON."""
    return _event(event).get_json_body()


def get_headers(event: "Mapping[str, Any] | LambdaEvent") -> Headers:
    """Return the header fields, looked up in any case."""
    if isinstance(event, LambdaEvent):
        return event.headers
    return _headers(event.get("headers"), event.get("multiValueHeaders")) if isinstance(event, dict) else Headers()


def get_source_ip(event: "Mapping[str, Any] | LambdaEvent") -> str | None:
    """Return the caller's address as AWS has seen it, or None."""
    if isinstance(event, LambdaEvent):
        return event.requestContext.get_source_ip()
    from kit_handler.http import payloads

    adapter = payloads.find(event)
    address = (adapter.identity(event) if adapter else {}).get("sourceIp")  # type: ignore[arg-type]
    return address or _event(event).requestContext.get_source_ip()


def _event(event: "Mapping[str, Any] | LambdaEvent") -> LambdaEvent:
    if isinstance(event, LambdaEvent):
        return event
    return (
        LambdaEvent(**{str(name): value for name, value in event.items()}) if isinstance(event, dict) else LambdaEvent()
    )


def _headers(single: "Any", multiple: "Any") -> Headers:
    return Headers(_fields(single) or _fields(multiple))


def _fields(headers: "Any") -> "Iterable[tuple[str, Any]]":
    """Return header fields as pairs, those of lists too."""
    if not headers or not hasattr(headers, "items"):
        return ()
    for value in headers.values():
        if type(value) is not str:
            break
    else:
        return headers.items()  # type: ignore[no-any-return]
    return [
        (name, value)
        for name, values in headers.items()
        for value in (values if isinstance(values, (list, tuple)) else (values,))
    ]
