"""Application load balancers whose target group has multi-value headers switched off, as it is by default.

Source: User Guide for Application Load Balancers, "Use Lambda functions as targets": names and values of the query
are not decoded, and of a name that comes more than once only the last value is there.
"""

from kit_handler._shape import body as body
from kit_handler._shape import mapping, text_values
from kit_handler.http.headers import Headers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from kit_handler._types import Event
    from kit_handler.http.response import Response

MOST_BYTES = 1_000_000  # "the maximum size of the response JSON that the Lambda function can send is 1 MB"


def recognises(event: "Event") -> bool:
    """Tell whether a load balancer has sent this, without lists."""
    return is_of_load_balancer(event) and "multiValueHeaders" not in event


def is_of_load_balancer(event: "Event") -> bool:
    """Tell whether a load balancer has sent this: its request context names a target group."""
    request_context = event.get("requestContext")
    return isinstance(request_context, dict) and "elb" in request_context


def method(event: "Event") -> str:
    """Return the method."""
    return str(event.get("httpMethod") or "GET").upper()


def path(event: "Event") -> str:
    """Return the path, encoded as it came."""
    return event.get("path") or "/"


def headers(event: "Event") -> "Iterable[tuple[str, str]]":
    """Return the header fields; of one that came more than once, the last."""
    return mapping(event, "headers").items()


def query(event: "Event") -> "dict[str, str]":
    """Return each name's value, decoded."""
    return {name: values[-1] for name, values in multi_query(event).items()}


def multi_query(event: "Event") -> "dict[str, list[str]]":
    """Return the one value of each name that the load balancer has kept, decoded."""
    values = text_values(event, "queryStringParameters")
    return decoded((name, [value]) for name, value in values.items()) if values else {}


def path_params(event: "Event") -> "dict[str, str]":
    """Return nothing: a load balancer has no path parameters."""
    return {}


def authorizer(event: "Event") -> "dict[str, Any] | None":
    """Return None: a load balancer names a caller in header fields, which have to be verified first."""
    return None


def identity(event: "Event") -> "dict[str, Any]":
    """Return sourceIp and userAgent.

    The address is the last one of X-Forwarded-For, the only one that the load balancer itself has written there.
    """
    return seen_by_proxy(Headers(headers(event)))


def cookies(event: "Event") -> "list[str]":
    """Return nothing: the cookies are in their header field only."""
    return []


def encode(response: "Response") -> "dict[str, Any]":
    """Return the answer. A field can only be there once, so each further cookie has a name in another case."""
    body, in_base64, fields, found = response.parts()
    for number, cookie in enumerate(found):
        fields[in_case("set-cookie", number)] = cookie
    return {"statusCode": response.status_code, "headers": fields, "body": body, "isBase64Encoded": in_base64}


def decoded(query: "Iterable[tuple[str, list[str]]]") -> "dict[str, list[str]]":
    """Return a query decoded whose names and values are still percent-encoded."""
    from urllib.parse import unquote_plus

    found: dict[str, list[str]] = {}
    for name, values in query:
        found.setdefault(unquote_plus(name), []).extend(map(unquote_plus, values))
    return found


def seen_by_proxy(fields: Headers) -> "dict[str, Any]":
    """Return sourceIp and userAgent as the header fields tell them."""
    address = fields.get("x-forwarded-for", "").rpartition(",")[2].strip()
    if address.startswith("["):  # with the client's port, where the load balancer is set to write it
        address = address[1:].partition("]")[0]
    elif address.count(":") == 1:
        address = address.partition(":")[0]
    return {"sourceIp": address or None, "userAgent": fields.get("user-agent")}


def in_case(name: str, number: int) -> str:
    """Return `name` with the bits of `number` as its capitals: another spelling of the same header field."""
    letters, bit = list(name), 1
    for position, letter in enumerate(letters):
        if letter.isalpha():
            if number & bit:
                letters[position] = letter.upper()
            bit <<= 1
    return "".join(letters)
