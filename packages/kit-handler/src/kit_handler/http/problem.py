"""Errors as application/problem+json."""

from http import HTTPStatus

from kit_handler.http.fields import with_defaults
from kit_handler.http.response import Response


def problem(response: Response) -> Response:
    """Return an error in the form of RFC 9457: the members of the body, `errors` among them, stay beside its own."""
    errors = response.body.get("errors") if isinstance(response.body, dict) else None
    if not isinstance(errors, list):
        return response
    try:
        title = HTTPStatus(response.status_code).phrase
    except ValueError:
        title = "Error"
    detail = errors[0].get("message") if len(errors) == 1 and isinstance(errors[0], dict) else None
    body = {"type": "about:blank", "title": title, "status": response.status_code}
    body |= {"detail": detail} if detail else {}
    headers = with_defaults({"Content-Type": "application/problem+json"}, response.headers)
    return Response(response.status_code, {**body, **response.body}, headers, cookies=response.cookies)
