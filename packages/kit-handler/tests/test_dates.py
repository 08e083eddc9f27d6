"""Dates and times: the forms of RFC 3339, with an offset where OpenAPI says date-time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Annotated, Any

import annotated_types as at
import pytest
from kit_handler import AssumeUtc, Body, Cookie, Header, Response, Router, route
from kit_handler.openapi import openapi
from kit_testing.clients import Client


def bound_to(annotation: Any, text: str) -> Any:
    """Return the value that a parameter and a field get of a text; None where both are a 400."""
    seen: list[Any] = []

    def find(value: Any, body: Any) -> Response:
        seen.append((value, body))
        return Response.no_content()

    find.__annotations__.update(value=annotation, body=Annotated[annotation, Body("value")])
    answer = Client(route(find)).post("/", query={"value": text}, body={"value": text})
    if answer.status == 204:
        assert seen[0][0] == seen[0][1]
        return seen[0][0]
    assert answer.status == 400
    assert [each["field"] for each in answer.json()["errors"]] == ["value", "value"]
    return None


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DATETIMES = [
    ("2026-01-01T12:00:00Z", NOON),
    ("2026-01-01t12:00:00z", NOON),
    ("2026-01-01T13:00:00+01:00", NOON.astimezone(timezone(timedelta(hours=1)))),
    ("2026-01-01T12:00:00-00:00", NOON),
    ("2026-01-01T12:00:00.5Z", NOON + timedelta(microseconds=500_000)),
    ("2026-01-01T12:00:00.123456789Z", NOON + timedelta(microseconds=123_456)),
    ("2026-01-01T12:00:00", None),
    ("2026-W01-1T12:00:00Z", None),
    ("2026-001T12:00:00Z", None),
    ("2026-01-01T12:00Z", None),
    ("2026-01-01T12", None),
    ("20260101T120000Z", None),
    ("20260101T12", None),
    ("2026-01-01 12:00:00Z", None),
    ("2026-01-01T120000Z", None),
    ("2026-01-01T12:00:00,5Z", None),
    ("2026-01-01T12:00:00.Z", None),
    ("2026-01-01T12:00:00+0100", None),
    ("2026-01-01T12:00:00+01", None),
    ("2026-01-01T12:00:00+01:00:30", None),
    ("2026-01-01T12:00:00+24:00", None),
    ("2026-01-01T24:00:00Z", None),
    ("2026-02-30T12:00:00Z", None),
    ("2026-01-01", None),
    ("２０２６-01-01T12:00:00Z", None),
    ("2026-01-01T12:00:00Z\n", None),
    ("", None),
    ("0001-01-01T00:00:00+01:00", None),  # in UTC the year would be 0
    ("9999-12-31T23:59:59-01:00", None),
    ("9999-12-31T23:59:59+01:00", datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=1)))),
]
DATES = [
    ("2030-01-31", date(2030, 1, 31)),
    ("20300131", None),
    ("2030-W05-4", None),
    ("2030-031", None),
    ("2030-02-30", None),
    ("2030-01-31T00:00:00Z", None),
]
TIMES = [
    ("12:30:00", time(12, 30)),
    ("12:30:00.25", time(12, 30, 0, 250_000)),
    ("12:30:00Z", time(12, 30, tzinfo=UTC)),
    ("12:30:00+01:00", time(12, 30, tzinfo=timezone(timedelta(hours=1)))),
    ("12:30", None),
    ("12", None),
    ("T12", None),
    ("T12:30:00", None),
    ("123000", None),
    ("24:00:00", None),
    ("12:30:00+0100", None),
    ("12:30:00,5", None),
]


@pytest.mark.parametrize(
    ("annotation", "text", "expected"),
    [
        *((datetime, *case) for case in DATETIMES),
        *((date, *case) for case in DATES),
        *((time, *case) for case in TIMES),
    ],
)
def test_the_forms_of_rfc_3339_and_no_others(annotation: Any, text: str, expected: Any) -> None:
    value = bound_to(annotation, text)
    assert value == expected
    assert getattr(value, "tzinfo", None) == getattr(expected, "tzinfo", None)


def test_utc_is_assumed_where_the_annotation_says_so() -> None:
    assert bound_to(Annotated[datetime, AssumeUtc], "2026-01-01T12:00:00") == NOON
    assert bound_to(Annotated[datetime, AssumeUtc()], "2026-01-01T13:00:00+01:00") == NOON
    assert bound_to(Annotated[datetime, AssumeUtc], "2026-01-01T12:00") is None
    assert bound_to(Annotated[time, AssumeUtc], "12:00:00") == time(12, tzinfo=UTC)
    assert repr(AssumeUtc()) == "AssumeUtc()"

    @dataclass
    class Booking:
        at: Annotated[datetime, AssumeUtc, at.Gt(NOON)]

    @route
    def book(
        booking: Booking,
        since: Annotated[datetime, Header("X-Since"), AssumeUtc],
        seen: Annotated[datetime | None, AssumeUtc, Cookie()] = None,
    ) -> Response:
        return Response.ok([booking.at > since, seen])

    client = Client(book)
    headers = {"X-Since": "2026-01-01T12:00:00", "Cookie": "seen=2026-01-01T12:00:00"}
    answer = client.post("/", body={"at": "2026-01-01T12:00:01"}, headers=headers)
    assert answer.json()["data"] == [True, "2026-01-01T12:00:00Z"]
    assert client.post("/", body={"at": "2026-01-01T12:00:00"}, headers=headers).status == 400


def test_annotated_types_says_which_offset_there_is() -> None:
    naive, aware = Annotated[datetime, at.Timezone(None)], Annotated[datetime, at.Timezone(...)]
    assert bound_to(naive, "2026-01-01T12:00:00") == datetime(2026, 1, 1, 12)  # noqa: DTZ001
    assert bound_to(naive, "2026-01-01T12:00:00Z") is None
    assert bound_to(Annotated[naive, at.Lt(datetime(2026, 1, 1))], "2026-01-01T12:00:00") is None  # noqa: DTZ001
    assert bound_to(aware, "2026-01-01T12:00:00Z") == NOON
    assert bound_to(aware, "2026-01-01T12:00:00") is None
    assert bound_to(Annotated[time, at.Timezone(...)], "12:00:00") is None
    assert bound_to(Annotated[time, at.Timezone(None)], "12:00:00Z") is None
    assert bound_to(Annotated[time, at.Timezone(None)], "12:00:00") == time(12)


def test_openapi_says_the_same() -> None:
    app = Router()

    @app.get("/")
    def find(
        a: datetime,
        b: Annotated[datetime, AssumeUtc],
        c: Annotated[datetime, at.Timezone(None)],
        d: date,
        e: time,
        f: Annotated[time, at.Timezone(...)],
        g: Annotated[time, at.Timezone(None)],
    ) -> Response:
        return Response.ok()

    parameters = openapi(app)["paths"]["/"]["get"]["parameters"]
    formats = [each["schema"].get("format") for each in parameters]
    assert formats == ["date-time", "date-time", "date-time-local", "date", None, "time", "time-local"]
    assert parameters[4]["schema"]["pattern"] == r"^[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})?$"
