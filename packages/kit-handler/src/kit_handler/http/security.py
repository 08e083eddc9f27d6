"""Header fields that tell browsers to be careful with an answer."""

from kit_handler.http.fields import with_defaults
from kit_handler.http.response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kit_handler.http.request import Request
    from kit_handler.http.types import AnswerStep

# OWASP, "REST Security Cheat Sheet": what holds for every answer, also for HTML.
_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


def security_fields(option: "Any") -> "AnswerStep":
    """Return a step that adds the fields of `security_headers=` to an answer without them."""
    fields = _SECURITY_HEADERS if option is True else dict(option)
    if not all(isinstance(text, str) for field in fields.items() for text in field):
        raise TypeError(f"security_headers= takes True or a mapping of header fields: {option!r}")

    def with_fields(response: Response, request: "Request") -> Response:
        return response.with_headers(with_defaults(response.headers, fields))

    return with_fields
