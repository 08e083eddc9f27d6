"""A request of any protocol, before it is signed."""

from typing import NamedTuple


class Prepared(NamedTuple):
    """Hold a request.

    path: encoded, as it is sent after the endpoint's own; "/" is the endpoint itself
    query: encoded, without the mark
    headers: all that are signed but the host, the time and the token, by their names in lower case
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
