"""Tokens: a callable that checks them, or the signed question to a remote endpoint."""

from kit_handler import _loop
from kit_handler.errors import ConfigurationError, ForbiddenError, ServiceUnavailableError, UnauthorizedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from http.client import HTTPConnection
    from typing import Any

    from kit_handler._types import Guard, Signer, Verifier
    from kit_handler.request import Request

TOKEN_HEADER = "x-authorization-token"  # noqa: S105  (a name)
OTP_HEADER = "x-authorization-otp"
URL_VARIABLE = "TOKEN_AUTHORIZATION_URL"

_MOST_CACHED = 1024
_RESERVE = 0.5  # seconds of the invocation that are kept for answering
_MOST_READ = 65_536


def token_guard(value: "bool | Verifier") -> "Guard":
    """Let pass requests whose token `value` accepts; True stands for `RemoteToken()`.

    No token is 401, a token that is not accepted 403. The token is read from X-Authorization-Token or
    X-Authorization-Otp; for a callable of one's own also from `Authorization: Bearer`.
    """
    verify = RemoteToken() if value is True else value
    if not callable(verify):
        raise TypeError(f"token= takes True or a callable (token, request) -> bool: {type(value).__qualname__!r}")
    bearer = not isinstance(verify, RemoteToken)

    def guard(request: "Request") -> None:
        token = _token_of(request, bearer=bearer)
        if not token:
            raise UnauthorizedError("The token is missing")
        accepted: Any = verify(token, request)
        if hasattr(accepted, "__await__"):  # a coroutine is true, whatever it would say
            accepted = _loop.run(accepted)
        if accepted is not True:
            raise ForbiddenError("The token is not valid")

    return guard


def _token_of(request: "Request", *, bearer: bool) -> str:
    headers = request.headers
    token: str = headers.get(TOKEN_HEADER) or headers.get(OTP_HEADER) or ""
    if not token and bearer:
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        token = credentials.strip() if scheme.lower() == "bearer" else ""
    return token


class RemoteToken:
    """Ask an endpoint behind IAM authorization whether a token is valid for the caller.

    It is sent `POST {"token", "profile_id"}`, signed by `kit_aws.get_signed_auth()` (extra `token`), where profile_id
    is the authorizer's. 200 means yes, 4xx no; anything else, or no answer in time, is 503 for the client.

    url: by default TOKEN_AUTHORIZATION_URL, read when first used
    timeout: seconds to connect, and to answer; less when the invocation has less left
    cache_seconds: how long a yes is remembered (never for a one-time password); 0 for not at all
    auth: what signs, in place of kit-aws

    Raises UnauthorizedError without an authorizer's context, ForbiddenError when that names no profile.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        timeout: float = 3.0,
        cache_seconds: float = 30.0,
        auth: "Signer | None" = None,
    ) -> None:
        self._url = url
        self._timeout = timeout
        self._cache_seconds = cache_seconds
        self._auth = auth
        self._known: dict[bytes, float] = {}
        self._idle: list[HTTPConnection] = []

    def __call__(self, token: str, request: "Request") -> bool:
        """Return whether `token` is valid for the request's caller."""
        if request.authorizer is None:
            raise UnauthorizedError
        profile_id = request.authorizer.get("profile_id")
        if not profile_id:
            raise ForbiddenError("The caller has no profile")
        may_cache = self._cache_seconds > 0 and request.headers.get(TOKEN_HEADER) == token
        if may_cache and self._is_known(token, profile_id):
            return True
        accepted = self._ask(token, profile_id, _seconds_for(request, self._timeout))
        if accepted and may_cache:
            self._remember(token, profile_id)
        return accepted

    def close(self) -> None:
        """Close the connections that are kept for the next question."""
        while self._idle:
            self._idle.pop().close()

    def _ask(self, token: str, profile_id: "Any", timeout: float) -> bool:
        from kit_handler.payload import dumps

        url = self._url = self._url or _url_from_environment()
        body = dumps({"token": token, "profile_id": profile_id}).encode()
        headers = dict(self._signer().sign("POST", url, {"Content-Type": "application/json"}, body))
        status = self._post(url, headers, body, timeout)
        if status == 200:
            return True
        if 400 <= status < 500 and status != 429:
            return False
        _warn("the token endpoint answered %d", status)
        raise ServiceUnavailableError("The token can't be checked right now")

    def _post(self, url: str, headers: dict[str, str], body: bytes, timeout: float) -> int:
        from http.client import HTTPException

        try:
            if self._idle:
                try:
                    return self._exchange(self._idle.pop(), url, headers, body, timeout)
                except (ConnectionError, HTTPException):
                    pass  # it was closed while nobody used it; a fresh one decides
            return self._exchange(_connection(url, timeout), url, headers, body, timeout)
        except (OSError, HTTPException) as error:
            _warn("the token endpoint can't be reached: %s", type(error).__qualname__)
            raise ServiceUnavailableError("The token can't be checked right now") from error

    def _exchange(
        self, connection: "HTTPConnection", url: str, headers: dict[str, str], body: bytes, timeout: float
    ) -> int:
        from urllib.parse import urlsplit

        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        reusable = False
        try:
            connection.timeout = timeout
            if connection.sock is not None:
                connection.sock.settimeout(timeout)
            connection.request("POST", target, body, headers)
            answer = connection.getresponse()
            reusable = len(answer.read(_MOST_READ)) < _MOST_READ and not answer.will_close
            return answer.status
        finally:
            if reusable:
                self._idle.append(connection)
            else:
                connection.close()

    def _signer(self) -> "Signer":
        if self._auth is None:
            try:
                from kit_aws import get_signed_auth
            except ImportError as error:
                raise ConfigurationError("token=True needs the package kit-aws: install kit-handler[token]") from error
            self._auth = get_signed_auth()
        return self._auth

    def _is_known(self, token: str, profile_id: "Any") -> bool:
        import time

        return self._known.get(_digest(token, profile_id), 0.0) > time.monotonic()

    def _remember(self, token: str, profile_id: "Any") -> None:
        import time

        now = time.monotonic()
        if len(self._known) >= _MOST_CACHED:
            self._known = {key: until for key, until in self._known.items() if until > now}
            if len(self._known) >= _MOST_CACHED:
                self._known.clear()
        self._known[_digest(token, profile_id)] = now + self._cache_seconds


def _digest(token: str, profile_id: "Any") -> bytes:
    """Return what stands for token and caller in the cache: the tokens themselves are not kept."""
    from hashlib import sha256

    return sha256(repr((token, str(profile_id))).encode(errors="surrogatepass")).digest()


def _url_from_environment() -> str:
    import os

    url = os.environ.get(URL_VARIABLE, "")
    if not url.startswith(("https://", "http://")):
        raise ConfigurationError(f"token=True needs the URL of the endpoint in the environment as {URL_VARIABLE}")
    return url


def _seconds_for(request: "Request", timeout: float) -> float:
    left = getattr(request.context, "get_remaining_time_in_millis", None)
    return timeout if left is None else max(0.1, min(timeout, left() / 1000 - _RESERVE))


def _connection(url: str, timeout: float) -> "HTTPConnection":
    from http.client import HTTPConnection, HTTPSConnection
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=timeout)


def _warn(message: str, *args: object) -> None:
    import logging

    logging.getLogger("kit.handler").warning(message, *args)
