"""Refuses requests of foreign web pages.

The endpoint checks no signature. A page that a developer visits could read secrets and delete data through it: by
cross-origin requests, or under a name of its own that resolves to 127.0.0.1 (DNS rebinding). The headers are those of
the Fetch standard and of "Fetch Metadata Request Headers" (W3C).
"""

import re
from collections.abc import Sequence
from email.message import Message
from ipaddress import ip_address

_HOST = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([^\s/:@\[\]]+))(?::\d*)?")
_ORIGIN = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://([^\s/?#]+))(?:[/?#]\S*)?")  # also of a page's address
_SHOWN = 200  # characters of a header in a message


def refusal(host: str, headers: Message) -> str | None:
    """Return why a request is not answered, or None if it may be.

    host: the host that the request line or the `Host` header names
    headers: the request's headers

    The host has to be a loopback address, `localhost` or a name below it, and so has the host of the page that sent
    the request, if a browser names one.
    """
    for named in (host, *headers.get_all("Host", [])):
        if not _is_loopback(named):
            return f"the host {named[:_SHOWN]!r} is not a loopback address"
    pages: Sequence[str] = headers.get_all("Origin", []) or headers.get_all("Referer", [])
    for page in pages:
        origin = _ORIGIN.fullmatch(page.strip())
        if origin is None or not _is_loopback(origin[2]):
            shown = origin[1] if origin else page
            return f"the page {shown[:_SHOWN]!r} is not on a loopback address"
    if not pages and headers.get("Sec-Fetch-Site", "").strip().lower() == "cross-site":
        return "a page that hides its origin is not on a loopback address"
    return None


def _is_loopback(host: str) -> bool:
    found = _HOST.fullmatch(host.strip())
    if found is None:
        return False
    name = (found[1] or found[2]).lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, 6.3
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
