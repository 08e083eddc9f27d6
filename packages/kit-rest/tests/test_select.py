"""select, order and pages."""

import json

import pytest


def test_columns_casts_aliases_and_paths(client):
    target = "/books?select=number:id::text,title,k:data->k,data->>s,data->deep->z->0,pages::int8&id=eq.1"
    assert client.get(target) == [{"number": "1", "title": "Engines", "k": 1, "s": "x,y", "z": 1, "pages": 300}]


def test_values_are_as_postgresql_writes_them(client):
    answer = client("GET", "/books?select=price,tags,during,data&id=eq.1")
    assert '"price":9.50' in answer.text
    assert json.loads(answer.text) == [
        {"price": 9.5, "tags": ["a", "b"], "during": "[2,4)", "data": {"k": 1, "s": "x,y", "deep": {"z": [1, 2]}}}
    ]


def test_nothing_is_selected(client):
    assert client.get("/books?select=&limit=2") == [{}, {}]
    assert client.get("/books/1?select=") == {}


def test_two_columns_of_one_label(client):
    answer = client("GET", "/books?select=a:id,a:title&id=eq.1")
    assert answer.text == '[{"a":1,"a":"Engines"}]'
    assert client("GET", "/books?select=a:id,...author(a:name)&id=eq.1").status == 200


def test_to_one_to_many_and_many_to_many(client):
    target = "/books?select=id,author(name),genres(name)&genres.order=name.desc&order=id"
    assert client.get(target) == [
        {"id": 1, "author": {"name": "Ada"}, "genres": [{"name": "math"}, {"name": "history"}]},
        {"id": 2, "author": {"name": "Ada"}, "genres": []},
        {"id": 3, "author": {"name": "Grace"}, "genres": [{"name": "math"}]},
    ]


def test_nested_embeds(client):
    assert client.get("/genres?select=name,books(title,author(name,books(id)))&id=eq.2") == [
        {
            "name": "history",
            "books": [{"title": "Engines", "author": {"name": "Ada", "books": [{"id": 1}, {"id": 2}]}}],
        }
    ]


def test_embeds_by_target_by_hint_and_by_column(client):
    for name in ("author", "authors", "authors!books_author_id_fkey", "writer:authors!author_id", "author_id"):
        target = f"/books?select={name}(id)&id=eq.1"
        label = name.partition(":")[0].partition("!")[0]
        assert client.get(target) == [{label: {"id": 1}}]


def test_pages_of_embeds(client):
    target = "/authors?select=id,books(id)&books.order=id.desc&books.limit=1&id=eq.1"
    assert client.get(target) == [{"id": 1, "books": [{"id": 2}]}]
    assert client.get(target + "&books.offset=1") == [{"id": 1, "books": [{"id": 1}]}]


def test_inner(client):
    assert client.get("/authors?select=id,books!inner(id)&books.id=eq.3") == [{"id": 2, "books": [{"id": 3}]}]
    assert client.get("/books?select=id,author!inner(name)&author.name=eq.Grace") == [
        {"id": 3, "author": {"name": "Grace"}}
    ]
    answer = client(
        "GET", "/authors?select=id,books!inner(genres!inner())&books.genres.name=eq.math", Prefer="count=exact"
    )
    assert answer.headers["content-range"] == "0-1/2"


def test_spreads(client):
    assert client.get("/books?select=id,...author(writer:name,born)&id=eq.1") == [
        {"id": 1, "writer": "Ada", "born": "1815-12-10"}
    ]
    assert client.get("/authors?select=id,...books(titles:title,pages)&order=id&books.order=id") == [
        {"id": 1, "titles": ["Engines", "Notes"], "pages": [300, 120]},
        {"id": 2, "titles": ["Compilers"], "pages": [None]},
        {"id": 3, "titles": [], "pages": []},
    ]


def test_computed_columns(client):
    assert client.get("/authors?select=id,shout&shout=eq.ADA") == [{"id": 1, "shout": "ADA"}]
    assert client.get("/authors/1?select=shout,books(id)") == {"shout": "ADA", "books": [{"id": 1}, {"id": 2}]}


def test_aggregates(client):
    target = "/books?select=author_id,total:price.sum(),count(),pages.max()::text&order=author_id"
    assert client.get(target) == [
        {"author_id": 1, "total": 29.5, "count": 2, "max": "300"},
        {"author_id": 2, "total": 1.1, "count": 1, "max": None},
    ]
    assert client.get("/books?select=count()") == [{"count": 3}]
    assert client.get("/authors?select=id,books(count())&order=id&id=lt.3") == [
        {"id": 1, "books": [{"count": 2}]},
        {"id": 2, "books": [{"count": 1}]},
    ]
    assert client("GET", "/books?select=count(),author(name)").json["code"] == "PGRST127"


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("id.desc", [3, 2, 1]),
        ("pages", [2, 1, 3]),
        ("pages.desc", [3, 1, 2]),
        ("pages.desc.nullslast", [1, 2, 3]),
        ("pages.asc.nullsfirst", [3, 2, 1]),
        ("author_id.desc,id.desc", [3, 2, 1]),
        ("data->k.desc.nullslast", [2, 1, 3]),
        ("title", [3, 1, 2]),
    ],
)
def test_orders(client, order, expected):
    assert [row["id"] for row in client.get(f"/books?select=id&order={order}")] == expected


def test_order_by_a_related_row(client):
    rows = client.get("/books?select=id,author(name)&order=author(name).desc,id")
    assert [row["id"] for row in rows] == [3, 1, 2]
    assert client("GET", "/books?select=id&order=author(name)").json["code"] == "PGRST108"


def test_pages_are_bounded(client):
    client("POST", "/authors", [{"name": f"n{each}"} for each in range(600)])
    assert len(client.get("/authors?limit=5000")) == 603
    client("POST", "/books", [{"title": f"t{each}"} for each in range(600)])
    assert len(client.get("/books?limit=5000")) == 500
    assert client("GET", "/books", Prefer="count=estimated").headers["content-range"].startswith("0-499/")


def test_an_ambiguous_embed(client, database):
    from kit_rest import Api, Resource, ToOne
    from kit_schemas import BaseSchema

    class Author(BaseSchema):
        id: int
        name: str

    class Book(BaseSchema):
        id: int
        author_id: int | None
        pages: int | None

    class Writers(Resource):
        entity = Author
        table = "library.authors"
        readable = ("id", "name")

    class Works(Resource):
        entity = Book
        table = "library.books"
        relations = {"a": ToOne("writers", {"author_id": "id"}), "b": ToOne("writers", {"pages": "id"})}

    client = type(client)(Api([Writers, Works], database=database))
    answer = client("GET", "/works?select=writers(id)")
    assert (answer.status, answer.json["code"]) == (300, "PGRST201")
    assert client.get("/works?select=writers!author_id(id)&id=eq.1") == [{"writers": {"id": 1}}]
    assert client.get("/works?select=a(id),b(id)&id=eq.1") == [{"a": {"id": 1}, "b": None}]


def test_a_timezone(client):
    client("POST", "/loans", {"note": "x"})
    row = client("GET", "/loans", Prefer="timezone=America/Los_Angeles")
    assert row.headers["preference-applied"] == "timezone=America/Los_Angeles"
    assert row.json[0]["created_at"][-6:] in ("-07:00", "-08:00")
    assert client.get("/loans")[0]["created_at"].endswith("+00:00")
    assert client("GET", "/loans", Prefer="timezone=Nowhere/Land").status == 400


def test_key_in_the_path(client):
    assert client.get("/books/2?select=id") == {"id": 2}
    assert client("GET", "/books/9").status == 404
    assert client("GET", "/books/x").json["code"] == "22P02"
