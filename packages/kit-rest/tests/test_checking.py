"""`python -m kit_rest check`: each difference is named."""

import sys
from datetime import datetime
from typing import Any

import pytest
from kit_rest import Api, Claim, Function, ManyToMany, Resource
from kit_rest.__main__ import main
from kit_rest.checking import differences
from kit_schemas import BaseSchema


def test_the_library_is_as_declared(api):
    assert differences(api) == []


class Wrong(BaseSchema):
    id: str
    title: int
    price: datetime | None
    tags: str
    data: str | None
    words: str | None
    pages: int
    gone: int | None


class Book(BaseSchema):
    id: int
    title: str


class Loan(BaseSchema):
    uid: Any
    note: str | None
    tenant: str


class Cheap(BaseSchema):
    id: int


class Books(Resource):
    entity = Wrong
    table = "library.books"
    key = ("title", "id")
    relations = {
        "a": ManyToMany("books", {"id": "x"}, through="library.book_genres", then={"genre_id": "id"}),
        "b": ManyToMany("books", {"id": "x"}, through="library.nowhere", then={"genre_id": "id"}),
    }


class Loans(Resource):
    entity = Loan
    table = "library.loans"
    key = ("uid",)
    row_filters = {"tenant": Claim("tenant")}


class CheapBooks(Resource):
    entity = Cheap
    table = "library.cheap"
    methods = ("GET",)


class Nowhere(Resource):
    entity = Book
    table = "library.nowhere"


def test_differences(database):
    functions = [
        Function("nope"),
        Function("add", sql="library.add", parameters={"zz": "int"}),
        Function("touch", sql="library.touch", reads=True, returns="values"),
    ]
    made = Api([Books, Loans, CheapBooks, Nowhere], functions, database=database)
    found = differences(made)
    for part in (
        "Books: the column 'title' is text, which int does not describe",
        "'price' is numeric",
        "'data' is JSON",
        "'words' is tsvector",
        "'pages' may be null",
        "has no column 'gone'",
        "no unique index is on the key (title, id)",
        "has no column 'x'",
        "which is not there",
        "Loans: the column 'uid' is not JSON",
        "Loans: the column 'created_at' needs a value, and nobody sets it",
        "CheapBooks: a view has no xmin",
        'Nowhere: there is no table "public"'.replace("public", "library"),
        "there is no function nope",
        "no library.add has the parameters zz",
        "it is VOLATILE",
        "it returns no set",
    ):
        assert any(part in each for each in found), (part, found)


def test_partitioned_tables(database, client):
    database.execute("create table library.parts (id int primary key, title text not null) partition by range (id)")
    database.execute("create table library.part partition of library.parts default")

    class Parts(Resource):
        entity = Book
        table = "library.parts"

    assert "partitioned" in differences(Api([Parts], database=database))[0]
    Parts.version = None
    made = type(client)(Api([Parts], database=database))
    assert differences(made.api) == []
    merge = {"Prefer": "return=representation, resolution=merge-duplicates"}
    for _ in range(2):
        assert made("POST", "/parts", [{"id": 1, "title": "x"}], **merge).json == [{"id": 1, "title": "x"}]
    assert made("PATCH", "/parts/1", {"title": "y"}, **merge).json == {"id": 1, "title": "y"}
    assert made("GET", "/parts?select=_etag").status == 400


def test_the_command(tmp_path, monkeypatch, capsys, postgres_url):
    (tmp_path / "some_api.py").write_text(
        f"""
from kit_db import Database
from kit_rest import Api, Resource
from kit_schemas import BaseSchema
class Book(BaseSchema):
    id: int
    title: str
class Books(Resource):
    entity = Book
    table = "library.books"
api = Api([Books], database=Database.from_url({postgres_url!r}))
class Missing(Resource):
    entity = Book
other = Api([Missing], database=api.database)
number = 1
"""
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert main(["check", "some_api"]) == 0
    assert main(["check", "some_api:other"]) == 1
    assert "there is no table" in capsys.readouterr().out
    assert main(["openapi", "some_api:api"]) == 0
    assert '"/books"' in capsys.readouterr().out
    assert main(["check", "some_api:number"]) == 2
    assert main(["check", "nowhere"]) == 2
    sys.modules["some_api"].api.database.close()


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"key": ("zz",)}, "key names 'zz'"),
        ({"methods": ("TRACE",)}, "methods are among"),
        ({"readable": ("zz",)}, "readable names"),
        ({"created_at": "zz"}, "automatic names"),
        ({"version": "zz"}, "version names"),
        ({"if_match": "maybe"}, "if_match is"),
        ({"page_size": 0, "max_rows": 0}, "numbers of rows"),
        ({"row_filters": {"id": "tenant"}}, "row_filters are Claims"),
        ({"roles": {"FETCH": "x"}}, "by method"),
        ({"table": "x."}, "can't be a name"),
        ({"name": "batch"}, "no name of a resource"),
        ({"name": "a/b"}, "no name of a resource"),
        ({"relations": {"x": ManyToMany("nope", {"id": "a"}, through="t", then={"b": "id"})}}, "no resource"),
    ],
)
def test_wrong_declarations(attributes, message):
    from kit_rest import ResourceDefinitionError

    made = type("Books", (Resource,), {"entity": Book, **attributes})
    with pytest.raises(ResourceDefinitionError, match=message):
        Api([made])
