"""An HTTP client that signs."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from kit_core.connections import Answer, Connections, Request
from kit_core.errors import HttpConnectionError

from kit_aws.auth import SignedAuth, strict_url
from kit_aws.errors import AwsConnectionError, SigningError
from kit_aws.version import VERSION

_AGENT = f"kit-aws/{VERSION}"


class SignedSession:
    """Send signed requests over connections that are kept open; one object serves many threads and hosts.

    A connection has to stand within `connect_timeout` seconds, the whole answer has to be there within
    `read_timeout`, or half a second before the current invocation ends. Nothing is repeated that could take effect
    twice, and redirects are not followed: a 3xx is an answer like any other, so that no other host sees the signature.
    Proxies of the environment are not used.
    """

    def __init__(
        self,
        service: str = "execute-api",
        region: str | None = None,
        credentials: Any = None,
        *,
        connect_timeout: float = 1,
        read_timeout: float = 5,
        max_idle: int = 10,
    ) -> None:
        self._auth = SignedAuth(service, region=region, credentials=credentials)
        self._read_timeout = read_timeout
        self._connections = Connections(connect_timeout=connect_timeout, most_idle=max_idle)

    def __enter__(self) -> Self:
        """Return the session."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | str = b"",
        *,
        timeout: float | None = None,
        repeatable: bool | None = None,
    ) -> Answer:
        """Sign and send a request, and return the answer's status, headers and body; no status is an error.

        `timeout` takes the place of the session's `read_timeout`. With `repeatable` a request may be sent twice when a
        kept connection has died, whatever its method; by default POST and PATCH may not. Raise `AwsConnectionError`
        when no answer came in time: it is not known then whether the request was carried out. Else
        `CredentialsError`, `RegionNotSetError`, or `SigningError` for a header with a line break.
        """
        content = body.encode() if isinstance(body, str) else body
        wire = strict_url(url)
        agent = {} if any(name.lower() == "user-agent" for name in headers or ()) else {"User-Agent": _AGENT}
        signed = self._auth.sign(method, wire, {**agent, **(headers or {})}, content)
        for name, value in signed.items():
            if "\r" in value or "\n" in value:
                # http.client would refuse it too, and show the value, which may be a token.
                raise SigningError(f"The header {name!r} has a line break in its value")
        limit = self._read_timeout if timeout is None else timeout
        try:
            return self._connections.send(Request(method.upper(), wire, signed, content, limit, repeatable))
        except HttpConnectionError as error:
            raise AwsConnectionError(
                str(error), code=error.cause, operation=error.method, resource=error.url
            ) from error

    def close(self) -> None:
        """Close the connections that are idle; the next request opens one again."""
        self._connections.close()
