"""JWTs, verified by PyJWT (extra `jwt`)."""

from kit_handler._extras import require
from kit_handler.errors import ConfigurationError, UnauthorizedError
from kit_handler.http.interceptors.jwks import KeySet, choose, keys_in
from kit_handler.http.interceptors.token import BEARER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from kit_handler.http.request import Request

_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP", "HS": "oct"}  # the key type of an algorithm
_ALGORITHMS = (
    *(f"{family}{size}" for family in ("RS", "PS", "ES", "HS") for size in (256, 384, 512)),
    "EdDSA",
)
_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_ALPHABET = frozenset(_CHARACTERS)
_INVALID = {"WWW-Authenticate": 'Bearer error="invalid_token"'}  # RFC 6750, 3


class Jwt:
    """Verify the token in `Authorization: Bearer`, as `token=` of a route; its claims become `request.authorizer`.

    issuer: the value of the claim `iss`
    audience: the value in `aud`, or one of several; a token without `aud` is judged by its `client_id`, as
    API Gateway does ("Control access to HTTP APIs with JWT authorizers"; Cognito's access tokens are like that)
    algorithms: the algorithms that the issuer signs with; a token of any other is refused
    jwks_url: where the issuer publishes its keys, see `KeySet`; or
    keys: the keys themselves: a key set, a public key in PEM, or, for HS256 and its like, the secret
    leeway: seconds that the issuer's clock may be wrong, for `exp` (which must be there), `nbf` and `iat`
    timeout: seconds for a question to jwks_url
    roles: the claim that holds the caller's roles for `role=`, for example "cognito:groups"

    The guard comes before `role=`, `scope=` and limits by caller. Without a valid token the answer is 401, when the
    keys can't be had 503. Raises ConfigurationError for settings that could not protect anything, such as "none", or
    a secret together with public keys, and without the extra's packages.
    """

    identifies = True
    sources = (BEARER,)

    def __init__(
        self,
        *,
        issuer: str,
        audience: "str | Iterable[str]",
        algorithms: "Iterable[str]" = ("RS256",),
        jwks_url: str | None = None,
        keys: "Mapping[str, Any] | str | bytes | None" = None,
        leeway: float = 10.0,
        timeout: float = 3.0,
        roles: str = "roles",
    ) -> None:
        algorithms = [algorithms] if isinstance(algorithms, str) else list(algorithms)
        signed = any(not str(each).startswith("HS") for each in algorithms)
        require("Jwt", "jwt", ("jwt", "cryptography") if signed else ("jwt",))
        self._issuer = issuer
        self._audience = frozenset([audience] if isinstance(audience, str) else audience)
        self._algorithms = algorithms
        self._leeway = leeway
        self._roles = roles
        if not issuer or not self._audience or not all(self._audience):
            raise ConfigurationError("Jwt needs an issuer and an audience")
        if (jwks_url is None) == (keys is None):
            raise ConfigurationError("Jwt needs jwks_url= or keys=, and not both")
        self._check_algorithms(published=jwks_url is not None)
        self._remote = None if jwks_url is None else KeySet(jwks_url, timeout=timeout)
        self._keys: list[dict[str, Any]] | str | bytes = [] if keys is None else self._given(keys)
        self._built: dict[tuple[str, Any], tuple[Any, Any]] = {}

    def __call__(self, token: str, request: "Request") -> bool:
        """Return True and set `request.authorizer` to the claims; raise UnauthorizedError for an invalid token."""
        claims = self._claims(token)
        if self._roles != "roles":  # another claim of that name says nothing then
            claims["roles"] = claims.get(self._roles)
        request.authorizer = claims
        return True

    def close(self) -> None:
        """Close the connections to jwks_url."""
        if self._remote:
            self._remote.close()

    def _claims(self, token: str) -> "dict[str, Any]":
        import jwt

        try:
            if not _is_compact(token):
                raise jwt.DecodeError("it has a character that is not base64url's, or padding")
            header = jwt.get_unverified_header(token)
            algorithm, kid = header.get("alg"), header.get("kid")
            if "crit" in header:  # RFC 7515, 4.1.11: who doesn't know an extension refuses the token
                raise jwt.InvalidTokenError("an extension that is not known")
            if algorithm not in self._algorithms:
                raise jwt.InvalidAlgorithmError(f"the algorithm {algorithm!r} is not allowed")
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key(jwt, algorithm, kid),
                algorithms=[algorithm],
                issuer=self._issuer,
                leeway=self._leeway,
                options={"require": ["exp", "iss"], "verify_aud": False, "enforce_minimum_key_length": True},
            )
            self._check_audience(jwt, claims)
        except (
            jwt.PyJWTError,
            ValueError,
            TypeError,
            OverflowError,
            RecursionError,
        ) as error:  # claims can be anything
            _log_refusal(error)
            raise UnauthorizedError("The token is not valid", headers=_INVALID) from error
        return claims

    def _key(self, jwt: "Any", algorithm: str, kid: "Any") -> "Any":
        if isinstance(self._keys, (str, bytes)):
            return self._keys
        kty = _TYPES[algorithm[:2]]
        found = self._remote.find(kid, kty) if self._remote else choose(self._keys, kid, kty)
        if found is None or found.get("alg", algorithm) != algorithm:
            raise jwt.InvalidKeyError(f"there is no key {kid!r} for {algorithm}")
        known = self._built.get((algorithm, kid))
        if known is None or known[0] is not found:
            known = self._built[algorithm, kid] = (found, jwt.PyJWK(found, algorithm))
        return known[1]

    def _check_audience(self, jwt: "Any", claims: "dict[str, Any]") -> None:
        named = claims.get("aud")
        if named is None:
            named = claims.get("client_id")
        values = [named] if isinstance(named, str) else named
        if not isinstance(values, list) or not any(isinstance(each, str) and each in self._audience for each in values):
            raise jwt.InvalidAudienceError("the token is for somebody else")

    def _check_algorithms(self, *, published: bool) -> None:
        unknown = [each for each in self._algorithms if each not in _ALGORITHMS]
        secret = [each.startswith("HS") for each in self._algorithms if each not in unknown]
        if unknown or not secret:
            raise ConfigurationError(f"algorithms= takes some of {', '.join(_ALGORITHMS)}: {self._algorithms!r}")
        if any(secret) and (published or not all(secret)):
            raise ConfigurationError("HS256 and its like take a secret, and can't stand beside public keys")

    def _given(self, keys: "Any") -> "list[dict[str, Any]] | str | bytes":
        if isinstance(keys, (str, bytes)):
            content = keys.encode() if isinstance(keys, str) else keys
            secret = self._algorithms[0].startswith("HS")
            if secret == (b"-----BEGIN" in content):
                raise ConfigurationError("keys= takes a secret for HS256 and its like, and a PEM for all others")
            shortest = max(int(each[2:]) for each in self._algorithms) // 8 if secret else 0  # RFC 7518, 3.2
            if len(content) < shortest:
                raise ConfigurationError(f"the secret has {len(content)} bytes, and needs {shortest}")
            return keys
        try:
            return keys_in(keys)
        except ValueError as error:
            raise ConfigurationError(f"keys= takes a key set, a PEM or a secret: {error}") from error


def _is_compact(token: str) -> bool:
    """Tell whether a token is as RFC 7515, 7.1 writes it: PyJWT looks over padding, white space and other characters.

    Otherwise one token would have any number of spellings, to get past a list of revoked tokens.
    """
    return all(_ALPHABET.issuperset(part) and _is_canonical(part) for part in token.split("."))


def _is_canonical(part: str) -> bool:
    """Tell whether the bits that the last character has too many of are zero."""
    spare = {2: 0b1111, 3: 0b11}.get(len(part) % 4, 0)
    return len(part) % 4 != 1 and not (spare and _CHARACTERS.index(part[-1]) & spare)


def _log_refusal(error: Exception) -> None:
    from kit_handler import _log

    _log.info("a token was refused: %s", type(error).__qualname__)
