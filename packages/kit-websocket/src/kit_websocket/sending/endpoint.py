"""The URL of the management API (`@connections`) that messages are sent through."""

import os
import re

from kit_websocket import current
from kit_websocket.errors import EndpointNotSetError

# Requests have to be signed for the API's region, which may not be the function's.
_REGION = re.compile(r"\.execute-api\.([a-z0-9-]+)\.amazonaws\.com")
_OWN = ("KIT_WEBSOCKET_ENDPOINT", "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI")


def endpoint(argument: str | None = None) -> str:
    """Return the URL of the management API, without a slash at its end. Raise EndpointNotSetError if nothing names it.

    In this order: the argument; the API of the event that is being handled; KIT_WEBSOCKET_ENDPOINT;
    AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI; AWS_ENDPOINT_URL. The first two variables win over an event from AWS where
    they hold a plain `http://` URL, which no API on AWS has: a test with a captured event then stays on its machine.
    """
    found = argument or _of_event()
    if not found:
        found = next(filter(None, map(os.environ.get, (*_OWN, "AWS_ENDPOINT_URL"))), None)
    if not found:
        raise EndpointNotSetError
    return found.rstrip("/")


def region_of(endpoint_url: str) -> str | None:
    """Return the region in one of API Gateway's own host names, None for any other."""
    found = _REGION.search(endpoint_url)
    return found[1] if found else None


def _of_event() -> str | None:
    context = current.request_context()
    domain, stage = context.get("domainName"), context.get("stage")
    if not isinstance(domain, str) or not domain:
        return None
    if ":" in domain:  # a port, which no domain on AWS has: a gateway on this machine
        return f"http://{domain}/{stage}" if stage else f"http://{domain}"
    configured = [url for url in map(os.environ.get, _OWN) if url]
    for url in configured:
        # A custom domain maps a path to a stage, which the event does not tell.
        if url.startswith("http://") or url.partition("://")[2].partition("/")[0] == domain:
            return url
    return f"https://{domain}/{stage}" if ".execute-api." in domain and stage else f"https://{domain}"
