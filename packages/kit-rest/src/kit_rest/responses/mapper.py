"""Rows, as PostgreSQL has written them, as responses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from kit_handler import Response

from kit_rest.errors import RestError

if TYPE_CHECKING:
    from kit_rest.requests.mapper import Asked

_LONG = 4096


class Found(NamedTuple):
    """The answer of the database: objects joined with commas, their number, and values for the header fields."""

    body: str
    number: int
    total: int | None = None
    version: str | None = None
    next: str | None = None
    labels: list[str] = []  # noqa: RUF012  (read only)


def singular(found: Found, *, missing: RestError | None = None) -> str:
    """Return the one object; PGRST116 (406) if there are none or several."""
    if found.number == 1:
        return found.body
    if found.number == 0 and missing is not None:
        raise missing
    message = "Cannot coerce the result to a single JSON object"
    raise RestError(406, "PGRST116", message, details=f"The result contains {found.number} rows")


def content_range(offset: int, count: int, total: int | None) -> str:
    """Return the value of Content-Range: `0-24/573`, or `*/*` for no rows of an unknown number."""
    shown = "*" if total is None else str(total)
    return f"{offset}-{offset + count - 1}/{shown}" if count else f"*/{shown}"


def etag_of(body: str, version: str | None) -> str:
    """Return the ETag of a body: the row's version, if it has one, in front of a digest of the body.

    If-Match looks at the version alone, If-None-Match at all of it, as embedded rows change without the row.
    """
    digest = _digest(body.encode())
    return f'"{version}-{digest}"' if version is not None else f'"{digest}"'


def _load_digest(body: bytes) -> str:
    """Stand for `_digest` until the first body: hashlib loads the library of TLS, not free at a cold start."""
    global _digest
    from hashlib import blake2b, sha256

    def digest(body: bytes) -> str:
        # 72 bits tell one body from another. Processors have instructions for SHA-256, but its way to them is long.
        made = blake2b(body, digest_size=9) if len(body) < _LONG else sha256(body)
        return made.hexdigest()[:18]

    _digest = digest
    return digest(body)


_digest: Callable[[bytes], str] = _load_digest


def versions_of(if_match: str) -> list[str] | None:
    """Return the versions in If-Match, None for `*`."""
    if if_match.strip() == "*":
        return None
    tags = [each.strip() for each in if_match.split(",")]
    strong = [each.strip('"') for each in tags if not each.startswith("W/")]
    return [each.rpartition("-")[0] or each for each in strong]


def of_read(asked: Asked, found: Found, preferred: dict[str, str], *, by_key: bool = False) -> Response:
    """Return the answer to a read."""
    offset, total = asked.shape.offset, found.total
    if total is not None and found.number == 0 and offset > total and offset > 0:
        details = f"An offset of {offset} was requested, but there are only {total} rows."
        whole = {"Content-Range": f"*/{total}"}
        raise RestError(416, "PGRST103", "Requested range not satisfiable", details=details, headers=whole)
    media = asked.media
    missing = RestError(404, "PGRST116", "There is no such row") if by_key else None
    if media.kind == "csv":
        from kit_rest.responses.csv import csv_text

        text = csv_text(found.body, found.labels)
    elif media.singular or by_key:
        text = singular(found, missing=missing)
    else:
        text = f"[{found.body}]"
    tag = etag_of(text, found.version)
    partial = total is not None and found.number < total
    headers: dict[str, Any] = {
        "Content-Type": media.content_type,
        "Content-Range": content_range(offset, found.number, total),
        "ETag": tag,
        **preferred,
    }
    if found.next is not None:
        headers["Link"] = found.next
    if _none_match(dict.get(asked.request.headers, "if-none-match"), tag):
        del headers["Content-Type"]
        return Response(304, "", headers)
    return Response(206 if partial else 200, text, headers)


def _none_match(given: str | None, tag: str) -> bool:
    if not given:
        return False
    return given.strip() == "*" or tag in [each.strip().removeprefix("W/") for each in given.split(",")]


def of_write(
    asked: Asked, found: Found, preferred: dict[str, str], *, status: int, location: str | None = None
) -> Response:
    """Return the answer to a write; `status` is that of an answer with a body, or of a creation."""
    headers: dict[str, Any] = {**preferred}
    if asked.prefer.count is not None:
        headers["Content-Range"] = f"*/{found.total if found.total is not None else found.number}"
    if location is not None:
        headers["Location"] = location
    if asked.prefer.representation != "representation":
        if found.number == 1 and found.version is not None:
            headers["ETag"] = f'"{found.version}-"'
        return Response(status if asked.method == "POST" or status == 201 else 204, "", headers)
    if asked.media.kind == "csv":
        from kit_rest.responses.csv import csv_text

        text = csv_text(found.body, found.labels)
    else:
        text = singular(found) if asked.media.singular or asked.key is not None else f"[{found.body}]"
    if found.number == 1 and found.version is not None:
        headers["ETag"] = etag_of(text, found.version)
    headers["Content-Type"] = asked.media.content_type
    return Response(status, text, headers)
