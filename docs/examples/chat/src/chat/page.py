"""The page, which knows where the WebSocket API is."""

import os
from functools import cache
from html import escape
from pathlib import Path

from kit_handler import Response, route


@cache
def html() -> str:
    """Return the page with the API's address in it."""
    text = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
    return text.replace("SOCKET_URL", escape(os.environ["SOCKET_URL"]))


@route
def page() -> Response:
    """Answer with the page."""
    return Response.html(html())
