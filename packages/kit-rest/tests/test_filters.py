"""Every operator, on a real PostgreSQL."""

from urllib.parse import quote_plus

import pytest
from kit_rest import Api


def ids(rows):
    return sorted(row["id"] for row in rows)


@pytest.mark.parametrize(
    ("column", "condition", "expected"),
    [
        ("id", "eq.1", [1]),
        ("id", "neq.1", [2, 3]),
        ("id", "gt.1", [2, 3]),
        ("id", "gte.2", [2, 3]),
        ("id", "lt.2", [1]),
        ("id", "lte.2", [1, 2]),
        ("id", "not.eq.1", [2, 3]),
        ("id", "not.in.(1,2)", [3]),
        ("id", "eq(any).{1,3}", [1, 3]),
        ("id", "gt(all).{1,2}", [3]),
        ("id", "not.eq(any).{1,3}", [2]),
        ("title", "like.%ote%", [2]),
        ("title", "like.No*", [2]),
        ("title", "ilike.no*", [2]),
        ("title", "like(any).{*ote*,Eng*}", [1, 2]),
        ("title", "ilike(all).{%n%,%s}", [1, 2]),
        ("title", "match.^(E|N)", [1, 2]),
        ("title", "imatch.^e", [1]),
        ("pages", "is.null", [3]),
        ("pages", "is.not_null", [1, 2]),
        ("pages", "not.is.null", [1, 2]),
        ("pages", "isdistinct.300", [2, 3]),
        ("pages", "isdistinct.null", [1, 2]),
        ("tags", "cs.{a}", [1]),
        ("tags", "cd.{a,b}", [1, 2]),
        ("tags", "ov.{a,zz}", [1]),
        ("tags", 'cs.{"c,d"}', [3]),
        ("during", "cs.[2,3)", [1]),
        ("during", "cd.[0,4)", [1]),
        ("during", "ov.[3,5)", [1, 2]),
        ("during", "sl.[5,9)", [1]),
        ("during", "sr.[0,2)", [1, 2]),
        ("during", "nxr.[0,4)", [1]),
        ("during", "nxl.[4,9)", [2]),
        ("during", "adj.[6,9)", [2]),
        ("data", "cs.{}", [1, 2]),
        ("data->>k", "eq.2", [2]),
        ("data->k", "eq.2", [2]),
        ("data->deep->z->0", "eq.1", [1]),
        ("data->deep->z->>-1", "eq.2", [1]),
        ("data->>k", "in.(1,2)", [1, 2]),
        ("data->none", "is.null", [1, 2, 3]),
        ("words", "fts.engine", [1]),
        ("words", "plfts(english).the notes", [2]),
        ("words", "wfts(english).note -engine", [2]),
        ("title", "phfts(english).compilers", [3]),
        ("title", "not.fts(english).compiler", [1, 2]),
        ("price", "eq.1.1", [3]),
        ("or", "(id.eq.1,and(id.gt.1,pages.is.null))", [1, 3]),
        ("or", '(title.eq."Notes",tags.cs.{a})', [1, 2]),
        ("and", "(id.gt.1,not.or(id.eq.2,id.eq.9))", [3]),
        ("not.or", "(id.eq.1,id.eq.2)", [3]),
        ("not.and", "(id.gte.1,id.lte.2)", [3]),
        ("or", "(id.in.(1,2),data->>k.eq.9)", [1, 2]),
        ("or", "(id.not.in.(1,2))", [3]),
    ],
)
def test_operators(client, column, condition, expected):
    # Twice: the second request finds the plan of the first.
    for _ in range(2):
        assert ids(client.get(f"/books?select=id&{quote_plus(column)}={quote_plus(condition)}")) == expected


def test_one_plan_for_a_shape(client):
    assert [ids(client.get(f"/books?id=eq.{each}&title=like.*")) for each in (1, 2, 3)] == [[1], [2], [3]]
    assert [ids(client.get(f"/books?id=in.({each},2)")) for each in (1, 2, 3)] == [[1, 2], [2], [2, 3]]


def test_filters_on_embeds(client):
    rows = client.get("/authors?select=id,books(id)&books.id=eq.1&order=id")
    assert rows == [{"id": 1, "books": [{"id": 1}]}, {"id": 2, "books": []}, {"id": 3, "books": []}]
    assert client.get("/authors?select=id,b:books(id)&b.or=(id.eq.1,id.eq.3)&order=id&id=lt.3") == [
        {"id": 1, "b": [{"id": 1}]},
        {"id": 2, "b": [{"id": 3}]},
    ]


def test_presence_of_embeds(client):
    assert ids(client.get("/authors?select=id,books()&books=is.null")) == [3]
    assert ids(client.get("/authors?select=id,books()&books=not.is.null")) == [1, 2]
    assert ids(client.get("/authors?select=id,books()&books.id=eq.3&books=not.is.null")) == [2]
    assert ids(client.get("/authors?select=id,books()&or=(books.is.null,id.eq.1)")) == [1, 3]
    assert client("GET", "/authors?select=id,books()&books=eq.1").json["code"] == "PGRST120"


@pytest.mark.parametrize(
    "query",
    [
        "id=1",
        "id=xx.1",
        "id=is.maybe",
        "id=in.1,2",
        "id=eq(any).1",
        "id=eq(some).{1}",
        "or=id.eq.1",
        "or=()",
        "or=(id)",
        "data-%3E=eq.1",
        "data-%3E%3Ek-%3Ez=eq.1",
        "select=,",
        "select=a(b",
        "order=id.up",
        "order=id.asc.nullsfirst.x",
        "limit=-1",
        "limit=x",
        "offset=1.5",
        "select=id.median()",
        "select=...id",
    ],
)
def test_what_does_not_parse(client, query):
    answer = client("GET", f"/books?{query}")
    assert (answer.status, answer.json["code"]) in {(400, "PGRST100"), (400, "42703"), (400, "PGRST200")}


def test_patterns_are_off_unless_declared(client):
    assert client("GET", "/authors?name=match.x").json["code"] == "PGRST100"
    assert client("GET", "/authors?or=(name.imatch.x)").json["code"] == "PGRST100"


def test_limits(client):
    deep = "(id.eq.1)"
    for _ in range(9):
        deep = f"(and{deep})"
    assert client("GET", f"/books?or={deep}").status == 400
    many = "&".join(f"id=eq.{each}" for each in range(101))
    assert client("GET", f"/books?{many}").status == 400
    listed = ",".join(map(str, range(1001)))
    assert client("GET", f"/books?id=in.({listed})").status == 400
    embeds = ",".join(f"a{each}:author(id)" for each in range(21))
    assert client("GET", f"/books?select={embeds}").status == 400
    nested = "books(author(" * 3 + "id" + "))" * 3
    assert client("GET", f"/authors?select={nested}").status == 400


def test_the_number_of_plans_is_bounded(client, api: Api):
    for each in range(600):
        client("GET", f"/books?select=id,a{each}:title&limit=1")
    assert len(api.controller._database.plans._plans) <= 512
