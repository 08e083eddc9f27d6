"""The signature of AWS Signature Version 4, over a request in its canonical form."""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from hmac import digest
from typing import NamedTuple

ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY_HASH = sha256(b"").hexdigest()


class Credentials(NamedTuple):
    """Hold an access key; its repr shows no secret."""

    access_key: str
    secret_key: str
    token: str | None = None

    def __repr__(self) -> str:
        """Show the access key's id alone."""
        return f"Credentials(access_key={self.access_key!r})"


def hash_of(body: bytes) -> str:
    """Return a body's SHA-256."""
    return sha256(body).hexdigest() if body else EMPTY_HASH


def authorization(
    credentials: Credentials,
    timestamp: str,
    scope: str,
    request: tuple[str, str, str],
    headers: Mapping[str, str],
    body_hash: str,
) -> str:
    """Return the header that signs a request.

    timestamp, scope: as `20260102T030405Z` and `20260102/eu-west-1/sqs/aws4_request`
    request: the method, and the path and the query in their canonical forms
    headers: all that are signed, by their names in lower case
    """
    names = sorted(headers)
    lines = "".join([f"{name}:{' '.join(headers[name].split())}\n" for name in names])
    signed = ";".join(names)
    method, path, query = request
    text = f"{method}\n{path}\n{query}\n{lines}\n{signed}\n{body_hash}"
    signature = signature_of(credentials.secret_key, timestamp, scope, text)
    return f"{ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={signed}, Signature={signature}"


def signature_of(secret_key: str, timestamp: str, scope: str, canonical_request: str) -> str:
    """Return the signature of a request in its canonical form."""
    hashed = sha256(canonical_request.encode()).hexdigest()
    return keyed(secret_key, scope, f"{ALGORITHM}\n{timestamp}\n{scope}\n{hashed}")


def keyed(secret_key: str, scope: str, text: str) -> str:
    """Return the HMAC of a text by the key of a scope."""
    return digest(signing_key(secret_key, scope), text.encode(), "sha256").hex()


@lru_cache(maxsize=32)
def signing_key(secret: str, scope: str) -> bytes:
    """Derive the key of a day, region and service."""
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = digest(key, part.encode(), "sha256")
    return key


def normalised(path: str) -> str:
    """Remove dot segments (RFC 3986, section 5.2.4) and empty ones."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment and segment != ".":
            kept.append(segment)
    if not kept:
        return "/"
    return "/" + "/".join(kept) + ("/" if path.endswith("/") else "")
