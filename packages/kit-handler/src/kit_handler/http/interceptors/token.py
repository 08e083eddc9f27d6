"""Tokens: a callable that checks them, or the signed question to a remote endpoint."""

from kit_handler._extras import require
from kit_handler.errors import ConfigurationError, ForbiddenError, ServiceUnavailableError, UnauthorizedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kit_handler.http.request import Request
    from kit_handler.http.types import Guard, Signer, Verifier

TOKEN_HEADER = "x-authorization-token"  # noqa: S105  (a name)
OTP_HEADER = "x-authorization-otp"
BEARER = "authorization"
URL_VARIABLE = "TOKEN_AUTHORIZATION_URL"

_SOURCES = (TOKEN_HEADER, OTP_HEADER, BEARER)
_MOST_CACHED = 1024


def token_guard(value: "bool | Verifier") -> "Guard":
    """Let pass requests whose token `value` accepts; True stands for `RemoteToken()`.

    No token is 401, a token that is not accepted 403. The token is read from X-Authorization-Token or
    X-Authorization-Otp, for a callable of one's own also from `Authorization: Bearer`, and for a Jwt from there alone.
    """
    verify = RemoteToken() if value is True else value
    if not callable(verify):
        raise TypeError(f"token= takes True or a callable (token, request) -> bool: {type(value).__qualname__!r}")
    sources = getattr(verify, "sources", _SOURCES)
    headers = {"WWW-Authenticate": "Bearer"} if sources == (BEARER,) else {}  # RFC 6750, 3

    def guard(request: "Request") -> None:
        token = _token_of(request, sources)
        if not token:
            raise UnauthorizedError("The token is missing", headers=headers)
        accepted: Any = verify(token, request)
        if hasattr(accepted, "__await__"):  # a coroutine is true, whatever it would say
            from kit_handler._coroutines import run

            accepted = run(accepted, context=request.context)
        if accepted is not True:
            raise ForbiddenError("The token is not valid")

    return guard


def _token_of(request: "Request", sources: "tuple[str, ...]") -> str:
    for name in sources:
        token: str = request.headers.get(name) or ""
        if token and name == BEARER:
            scheme, _, credentials = token.partition(" ")
            token = credentials.strip(" ") if scheme.lower() == "bearer" else ""
        if token:
            return token
    return ""


class RemoteToken:
    """Ask an endpoint behind IAM authorization whether a token is valid for the caller.

    It is sent `POST {"token", "profile_id"}`, signed by `kit_aws.get_signed_auth()` (extra `token`), where profile_id
    is the authorizer's. 200 means yes, 4xx no; anything else, or no answer in time, is 503 for the client.

    url: by default TOKEN_AUTHORIZATION_URL, read when first used
    timeout: seconds to connect, and to answer; less when the invocation has less left
    cache_seconds: how long a yes is remembered (never for a one-time password); 0 for not at all
    auth: the signer, in place of kit-aws

    Raises UnauthorizedError without an authorizer's context, ForbiddenError when that names no profile;
    ConfigurationError, when it is made, without kit-aws and `auth`.
    """

    sources = (TOKEN_HEADER, OTP_HEADER)

    def __init__(
        self,
        url: str | None = None,
        *,
        timeout: float = 3.0,
        cache_seconds: float = 30.0,
        auth: "Signer | None" = None,
    ) -> None:
        if auth is None:
            require("RemoteToken (token=True)", "token", ("kit_aws",))
        self._url = url
        self._cache_seconds = cache_seconds
        self._auth = auth
        self._known: dict[bytes, float] = {}
        from kit_handler.http.interceptors.remote import RemoteEndpoint

        self._endpoint = RemoteEndpoint("the token endpoint", timeout=timeout)

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
        accepted = self._ask(token, profile_id)
        if accepted and may_cache:
            self._remember(token, profile_id)
        return accepted

    def close(self) -> None:
        """Close the connections that are kept for the next question."""
        self._endpoint.close()

    def _ask(self, token: str, profile_id: "Any") -> bool:
        from kit_core.json import dumps

        url = self._url = self._url or _url_from_environment()
        body = dumps({"token": token, "profile_id": profile_id}).encode()
        headers = dict(self._signer().sign("POST", url, {"Content-Type": "application/json"}, body))
        status, _ = self._endpoint.ask("POST", url, headers, body)
        if status == 200:
            return True
        if 400 <= status < 500 and status != 429:
            return False
        self._endpoint.warn("answered %d", status)
        raise ServiceUnavailableError("The token can't be checked right now")

    def _signer(self) -> "Signer":
        if self._auth is None:
            from kit_aws import get_signed_auth

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
    """Return the cache's key of a token and caller: the tokens themselves are not kept."""
    from hashlib import sha256

    return sha256(repr((token, str(profile_id))).encode(errors="surrogatepass")).digest()


def _url_from_environment() -> str:
    import os

    url = os.environ.get(URL_VARIABLE, "")
    if not url.startswith(("https://", "http://")):
        raise ConfigurationError(f"token=True needs the URL of the endpoint in the environment as {URL_VARIABLE}")
    return url
