"""Payload 2.0: HTTP APIs of API Gateway.

Source: API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs".
"""

from kit_handler._shape import body as body
from kit_handler._shape import mapping, text_values, texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from kit_handler._types import Event
    from kit_handler.http.response import Response


def recognises(event: "Event") -> bool:
    """Tell whether this is payload 2.0: it has `requestContext.http`, and doesn't come from a Function URL."""
    if not is_shaped(event):
        return False
    domain = event["requestContext"].get("domainName")
    return not isinstance(domain, str) or ".lambda-url." not in domain  # a CDN, too, has to call a Function URL by that


def is_shaped(event: "Event") -> bool:
    """Tell whether this has the shape of payload 2.0, and isn't the event of an authorizer (`routeArn`)."""
    request_context = event.get("requestContext")
    return isinstance(request_context, dict) and type(request_context.get("http")) is dict and "routeArn" not in event


def method(event: "Event") -> str:
    """Return the method."""
    return str(event["requestContext"]["http"].get("method") or "GET").upper()


def path(event: "Event") -> str:
    """Return the path."""
    return event.get("rawPath") or event["requestContext"]["http"].get("path") or "/"


def headers(event: "Event") -> "Iterable[tuple[str, str]]":
    """Return the header fields; API Gateway has joined repeated ones."""
    return mapping(event, "headers").items()


def query(event: "Event") -> "dict[str, str]":
    """Return each name's last value.

    API Gateway joins the values of one name with a comma, so a value with a comma is read from the raw query.
    """
    values = text_values(event, "queryStringParameters")
    if any("," in value for value in values.values()):
        return {name: each[-1] for name, each in multi_query(event).items()}
    return values


def multi_query(event: "Event") -> "dict[str, list[str]]":
    """Return every value of every name."""
    raw = event.get("rawQueryString")
    if not raw or not isinstance(raw, str):
        return {name: [value] for name, value in text_values(event, "queryStringParameters").items()}
    found: dict[str, list[str]] = {}
    for pair in raw.split("&"):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if "%" in pair or "+" in pair:
            name, value = _decoded(name), _decoded(value)
        if name in found:
            found[name].append(value)
        else:
            found[name] = [value]
    return found


def _decoded(text: str) -> str:
    """Decode a name or value as `parse_qs` does, which takes several times as long for a short query."""
    text = text.replace("+", " ")
    if "%" in text:
        text = text.replace("%2C", ",")  # lists of names have nothing else to decode
    if "%" in text:
        from urllib.parse import unquote

        return unquote(text)
    return text


def path_params(event: "Event") -> "dict[str, str]":
    """Return the path parameters; HTTP APIs have decoded them."""
    return text_values(event, "pathParameters")


def authorizer(event: "Event") -> "dict[str, Any] | None":
    """Return the context of the Lambda, JWT or IAM authorizer, flat.

    `jwt.scopes` is left out: it is about the route's configuration; the token's own scopes are its claim `scope`.
    """
    said = mapping(event["requestContext"], "authorizer")
    if not said:
        return None
    return {**mapping(said, "iam"), **mapping(mapping(said, "jwt"), "claims"), **mapping(said, "lambda")} or None


def identity(event: "Event") -> "dict[str, Any]":
    """Return sourceIp and userAgent, and who has signed the request under IAM."""
    request_context = event["requestContext"]
    http = request_context["http"]
    iam = mapping(mapping(request_context, "authorizer"), "iam")
    return {**iam, "sourceIp": http.get("sourceIp"), "userAgent": http.get("userAgent")}


def cookies(event: "Event") -> "list[str]":
    """Return the cookies, each `name=value`."""
    found = event.get("cookies")
    return texts(found) if found else []


def encode(response: "Response") -> "dict[str, Any]":
    """Return the answer as payload 2.0 has it: cookies in a list of their own."""
    body, in_base64, fields, found = response.parts()
    answer = {"statusCode": response.status_code, "headers": fields, "body": body, "isBase64Encoded": in_base64}
    if found:
        answer["cookies"] = found
    return answer
