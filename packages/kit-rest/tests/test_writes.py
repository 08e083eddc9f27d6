"""POST, PUT, PATCH and DELETE, upserts, automatic columns, hooks and validators."""

import json
from uuid import UUID

import pytest
from kit_rest import Api, Resource, ResourceDefinitionError, RestError
from kit_schemas import BaseSchema

SEEN = {"Prefer": "return=representation"}


def test_post_one_and_many(client):
    (row,) = client("POST", "/authors", {"name": "x", "born": "2000-02-29"}, **SEEN).json
    assert (row["name"], row["born"]) == ("x", "2000-02-29")
    rows = client("POST", "/authors", [{"name": "y"}, {"name": "z"}], **SEEN).json
    assert [row["name"] for row in rows] == ["y", "z"]


def test_digits_stay(client):
    data = '{"n": 12345678901234567890.123456789, "big": 123456789012345678901}'
    body = f'{{"title": "t", "price": 1234567890.10, "data": {data}}}'
    answer = client("POST", "/books?select=price,data", body, Content_Type="application/json", **SEEN)
    assert answer.text == f'[{{"price":1234567890.10,"data":{data}}}]'


def test_headers_only(client):
    answer = client("POST", "/authors", {"name": "x"}, Prefer="return=headers-only")
    assert (answer.status, answer.text) == (201, "")
    assert client.get(answer.headers["location"])[0]["name"] == "x"


def test_representation_with_embeds(client):
    answer = client("POST", "/books?select=title,author(name)", {"title": "t", "author_id": 2}, **SEEN)
    assert answer.json == [{"title": "t", "author": {"name": "Grace"}}]


def test_csv_and_forms(client):
    answer = client(
        "POST", "/authors?select=name,born", "name,born\na,NULL\nb,2001-01-01\n", Content_Type="text/csv", **SEEN
    )
    assert answer.json == [{"name": "a", "born": None}, {"name": "b", "born": "2001-01-01"}]
    answer = client(
        "POST", "/authors?select=name", "name=a+b", Content_Type="application/x-www-form-urlencoded", **SEEN
    )
    assert answer.json == [{"name": "a b"}]
    assert client("POST", "/authors", "x", Content_Type="text/plain").status == 415
    assert client("POST", "/authors", "name,born\na\n", Content_Type="text/csv").json["code"] == "PGRST102"


def test_empty_rows(client, database):
    database.execute("alter table library.authors alter name set default 'nobody'")
    for body, number in (({}, 1), ([{}], 1), ([{}, {}], 2)):
        answer = client("POST", "/authors?select=name", body, **SEEN)
        assert answer.json == [{"name": "nobody"}] * number


def test_rows_of_different_keys(client):
    assert client("POST", "/authors", [{"name": "a"}, {"born": None}]).json["code"] == "PGRST102"


def test_upserts(client):
    merge = {"Prefer": "resolution=merge-duplicates, return=representation"}
    rows = [{"id": 1, "name": "A"}, {"id": 50, "name": "B"}]
    answer = client("POST", "/authors?select=id,name", rows, **merge)
    assert (answer.status, answer.json) == (201, rows)
    answer = client("POST", "/authors?select=name", [{"id": 1, "name": "C"}], **merge)
    assert (answer.status, answer.json) == (200, [{"name": "C"}])
    ignore = {"Prefer": "resolution=ignore-duplicates, return=representation"}
    answer = client("POST", "/authors?select=name", [{"id": 1, "name": "D"}, {"id": 51, "name": "E"}], **ignore)
    assert answer.json == [{"name": "E"}]
    assert client.get("/authors?id=eq.1&select=name") == [{"name": "C"}]


def test_on_conflict(client):
    target = "/books?on_conflict=title&select=id,pages"
    merge = {"Prefer": "resolution=merge-duplicates, return=representation"}
    assert client("POST", target, {"title": "Notes", "pages": 5}, **merge).json == [{"id": 2, "pages": 5}]
    assert client("POST", "/books?on_conflict=pages", {"title": "x"}, **merge).json["code"] == "42P10"
    assert client("POST", "/authors?on_conflict=secret", {"name": "x"}, **merge).json["code"] == "42703"


def test_put(client):
    answer = client("PUT", "/authors?id=eq.60", {"id": 60, "name": "P"})
    assert answer.status == 201
    answer = client("PUT", "/authors?id=eq.60&select=name", {"id": 60, "name": "Q"}, **SEEN)
    assert (answer.status, answer.json) == (200, [{"name": "Q"}])
    assert client("PUT", "/authors/61", {"name": "R"}).status == 201
    assert client.get("/authors/61?select=name") == {"name": "R"}


@pytest.mark.parametrize(
    ("target", "body", "code"),
    [
        ("/authors?id=eq.1", {"id": 2, "name": "x"}, "PGRST115"),
        ("/authors?id=gt.1", {"id": 2, "name": "x"}, "PGRST105"),
        ("/authors", {"id": 2, "name": "x"}, "PGRST105"),
        ("/authors?id=eq.1&name=eq.x", {"id": 1, "name": "x"}, "PGRST105"),
        ("/authors?id=eq.1&limit=1", {"id": 1, "name": "x"}, "PGRST114"),
        ("/authors?id=eq.1", [{"id": 1}, {"id": 2}], "PGRST102"),
    ],
)
def test_puts_that_are_none(client, target, body, code):
    assert client("PUT", target, body).json["code"] == code


def test_patch_and_delete(client):
    assert client("PATCH", "/books?id=eq.1", {"pages": None}, **SEEN).json[0]["pages"] is None
    assert client("PATCH", "/books?id=eq.1", [{"pages": 4}], **SEEN).json[0]["pages"] == 4
    assert client("PATCH", "/books/1", {"pages": 5}, **SEEN).json["pages"] == 5
    assert client("PATCH", "/books?id=eq.9", {"pages": 5}, **SEEN).json == []
    assert client("PATCH", "/books/9", {"pages": 5}).status == 404
    assert client("PATCH", "/books?id=eq.1", {}, **SEEN).json == []
    assert client("DELETE", "/books/1", **SEEN).json["id"] == 1
    assert client("DELETE", "/books/1").status == 404


def test_one_row_comes_back_as_several_do(client):
    """One row, of an insert or by its key, is returned by another statement than several are."""
    select = "select=name,shout,born,books(id)"
    one = client("POST", f"/authors?{select}", {"name": "Eve", "born": None}, **SEEN)
    many = client("POST", f"/authors?{select}", [{"name": "Eve", "born": None}], **SEEN)
    assert one.text == many.text == '[{"name":"Eve","shout":"EVE","born":null,"books":[]}]'
    assert client("PATCH", f"/authors?id=eq.1&{select}", {"name": "Ada L"}, **SEEN).json == [
        {"name": "Ada L", "shout": "ADA L", "born": client.get("/authors/1")["born"], "books": [{"id": 1}, {"id": 2}]}
    ]
    accept = {"Accept": "application/vnd.pgrst.object+json;nulls=stripped"}
    answer = client("PATCH", "/books/1?select=id,data,author(name)", {"data": None}, **SEEN, **accept)
    assert answer.json == {"id": 1, "author": {"name": "Ada L"}}
    version = client("GET", "/books/1").headers["etag"].partition("-")[0]
    assert answer.headers["etag"].partition("-")[0] == version
    deleted = client("DELETE", "/books/1?select=id,author(name)", **SEEN)
    assert deleted.json == {"id": 1, "author": {"name": "Ada L"}}
    gone = client("DELETE", "/books?id=eq.1&select=id", **SEEN)
    assert (gone.status, gone.text) == (200, "[]")


def test_filters_of_embeds_on_writes(client):
    target = "/books?select=id,author!inner(name)&author.name=eq.Ada&id=gt.0"
    assert [row["id"] for row in client("PATCH", target, {"pages": 1}, **SEEN).json] == [1, 2]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("target", ["/books", "/books?select=id", "/books?limit=5", "/books?order=id"])
def test_the_whole_table_is_guarded(client, method, target):
    answer = client(method, target, {"pages": 1})
    assert (answer.status, answer.json["code"]) == (400, "KIT400")
    assert len(client.get("/books")) == 3


def test_max_affected(client):
    for method in ("PATCH", "DELETE"):
        answer = client(method, "/books?id=lt.3", {"pages": 1}, Prefer="handling=strict, max-affected=1")
        assert (answer.status, answer.json["code"]) == (400, "PGRST124")
    assert [row["pages"] for row in client.get("/books?order=id")] == [300, 120, None]
    answer = client("PATCH", "/books?id=lt.3", {"pages": 1}, Prefer="handling=strict, max-affected=2")
    assert (answer.status, answer.headers["preference-applied"]) == (204, "handling=strict, max-affected=2")


def test_rollback(client, database):
    answer = client("POST", "/authors", {"name": "gone"}, Prefer="tx=rollback, return=representation")
    assert (answer.status, answer.json[0]["name"]) == (201, "gone")
    assert client.get("/authors?name=eq.gone") == []
    closed = type(client)(Api([], database=database))
    assert closed("POST", "/authors", {}).status == 404


def test_a_rollback_that_is_not_enabled_is_refused(client, database):
    class Author(BaseSchema):
        id: int
        name: str

    class Authors(Resource):
        entity = Author
        table = "library.authors"

    made = type(client)(Api([Authors], database=database))
    answer = made("POST", "/authors", {"name": "x"}, Prefer="tx=rollback")
    assert (answer.status, answer.json["code"]) == (400, "PGRST122")
    assert made.get("/authors?name=eq.x") == []


def test_strict_handling(client):
    answer = client("GET", "/books", Prefer="handling=strict, nonsense=1")
    assert (answer.status, answer.json["code"]) == (400, "PGRST122")
    assert client("GET", "/books", Prefer="nonsense=1").status == 200


def test_automatic_columns(client):
    (row,) = client("POST", "/loans", {"note": "a"}, **SEEN).json
    assert UUID(row["uid"]).version == 7
    assert row["tenant"] == "north"
    assert row["creator_uid"] == row["last_updater_uid"] == "user-1"
    assert row["created_at"] == row["last_updated_at"]
    client.claims = {"sub": "user-2", "tenant": "north"}
    changed = client("PATCH", f"/loans/{row['uid']}", {"note": "b"}, **SEEN).json
    assert (changed["creator_uid"], changed["last_updater_uid"], changed["note"]) == ("user-1", "user-2", "b")
    rows = client("POST", "/loans", [{"note": "c"}, {"note": "d"}], **SEEN).json
    assert rows[0]["uid"] < rows[1]["uid"] or rows[0]["uid"][:13] == rows[1]["uid"][:13]
    assert len({each["uid"] for each in rows}) == 2


@pytest.mark.parametrize("name", ["created_at", "last_updated_at", "creator_uid", "last_updater_uid", "tenant", "uid"])
def test_no_body_sets_them(client, name):
    answer = client("POST", "/loans", {"note": "a", name: "0190a0a0-0000-7000-8000-000000000000"})
    assert (answer.status, answer.json["code"]) == (400, "PGRST204")


def test_put_takes_the_clients_uid(client):
    uid = "0190a0a0-0000-7000-8000-000000000000"
    assert client("PUT", f"/loans/{uid}", {"note": "x"}).status == 201
    assert client("PUT", f"/loans?uid=eq.{uid}", {"uid": uid, "note": "y"}).status == 204
    row = client.get(f"/loans/{uid}")
    assert (row["note"], row["creator_uid"]) == ("y", "user-1")
    assert client("PATCH", f"/loans/{uid}", {"creator_uid": "z"}).json["code"] == "PGRST204"


def test_validators_of_the_entity(client):
    answer = client("POST", "/authors", [{"name": "ok"}, {"name": "x" * 51}])
    assert (answer.status, answer.json["code"]) == (400, "KIT400")
    assert answer.json["errors"] == [{"field": "1.name", "message": "Longer than maximum length 50."}]
    assert client("PATCH", "/authors?id=eq.1", {"name": "x" * 51}).json["errors"][0]["field"] == "name"


def test_sizes(client, database):
    from kit_rest import Api

    tables = client.api.tables
    kinds = [type(each.resource) for each in tables]
    small = type(client)(Api(kinds, database=database, most_bytes=50, most_rows=1))
    assert small("POST", "/authors", {"name": "x" * 60}).json["code"] == "KIT413"
    assert small("POST", "/authors", [{"name": "a"}, {"name": "b"}]).status == 413


def test_hooks(client, database):
    calls = []

    class Author(BaseSchema):
        id: int
        name: str
        born: str | None

    class Authors(Resource):
        entity = Author
        table = "library.authors"

        def before_create(self, rows, request):
            if any(row["name"] == "no" for row in rows):
                raise RestError(409, "KIT409", "No such name")
            return [{**row, "name": row["name"].upper()} for row in rows]

        def after_create(self, rows, request):
            calls.append(("created", rows))
            if rows[0]["name"] == "LATE":
                raise RestError(409, "KIT409", "Too late")

        def before_read(self, request):
            calls.append(("read", request.path))

        def before_update(self, changes, request):
            return {**changes, "name": changes["name"] + "!"}

        def after_update(self, rows, request):
            calls.append(("updated", [row["name"] for row in rows]))

        def before_delete(self, request):
            calls.append(("deleting", request.method))

        def after_delete(self, rows, request):
            calls.append(("deleted", [row["name"] for row in rows]))

    made = type(client)(Api([Authors], database=database))
    assert made("POST", "/authors?select=name", {"id": 7, "name": "a"}, **SEEN).json == [{"name": "A"}]
    assert made("POST", "/authors", {"name": "no"}).status == 409
    assert made("POST", "/authors", {"name": "late"}).status == 409
    assert made("PATCH", "/authors?id=eq.7", {"name": "b"}).status == 204
    assert made("DELETE", "/authors?id=eq.7").status == 204
    assert [row["name"] for row in made.get("/authors?order=id")] == ["Ada", "Grace", "Nobody"]
    assert calls[0] == ("created", [{"id": 7, "name": "A", "born": None}])
    assert calls[2:] == [
        ("updated", ["b!"]),
        ("deleting", "DELETE"),
        ("deleted", ["b!"]),
        ("read", "/authors"),
    ]


def test_events_are_published_in_the_transaction(client, database):
    published = []

    class Outbox:
        def publish_many(self, events):
            assert database.in_transaction
            published.extend(events)

    class Author(BaseSchema):
        id: int
        name: str

    class Authors(Resource):
        entity = Author
        table = "library.authors"

        def events(self, action, rows, request):
            return [(action, row["name"]) for row in rows]

    made = type(client)(Api([Authors], database=database, outbox=Outbox()))
    made("POST", "/authors", [{"id": 8, "name": "a"}, {"id": 9, "name": "b"}])
    made("PATCH", "/authors?id=eq.8", {"name": "c"})
    made("DELETE", "/authors?id=gte.8")
    assert published[:3] == [("created", "a"), ("created", "b"), ("updated", "c")]
    assert sorted(published[3:]) == [("deleted", "b"), ("deleted", "c")]
    with pytest.raises(ResourceDefinitionError, match="outbox"):
        Api([Authors], database=database)


def test_functions(client):
    assert client("POST", "/rpc/add", {"a": 1, "b": 2}).json == 3
    assert client("POST", "/rpc/add", {"a": "5"}).json == 6
    assert client.get("/rpc/add?a=4") == 5
    assert client("GET", "/rpc/add").json["code"] == "PGRST202"
    assert client("POST", "/rpc/joined", {"texts": ["a,b", None, 'c"']}).json == 'a,b+c"'
    assert client("POST", "/rpc/series", {"n": 3}).json == [1, 2, 3]
    assert client("POST", "/rpc/first_book?select=id", {}).json == {"id": 1}
    assert client.get("/rpc/written?author=1&select=id,author(name)&order=id.desc&limit=1") == [
        {"id": 2, "author": {"name": "Ada"}}
    ]
    answer = client("POST", "/rpc/written?select=id", {"author": 1}, Accept="text/csv")
    assert answer.text == "id\n1\n2\n"
    assert client("POST", "/rpc/written", {"author": 1}, Accept="application/vnd.pgrst.object+json").status == 406
    assert client("HEAD", "/rpc/written?author=1", Prefer="count=exact").headers["content-range"] == "0-1/2"
    answer = client("POST", "/rpc/written", {"author": 1}, Prefer="handling=strict, max-affected=1")
    assert answer.json["code"] == "PGRST124"


def test_arguments_that_are_claims(client, database):
    assert client("POST", "/rpc/whoami", {"texts": ["x"]}).json["code"] == "PGRST202"
    answer = client("POST", "/rpc/refuse", {})
    assert "secret" not in answer.text


def test_a_patch_of_rows(client):
    rows = client.get("/books?select=id,_etag&order=id")
    changes = [{"id": 1, "pages": 11}, {"id": 2, "pages": 22}]
    answer = client("PATCH", "/books?select=id,pages&order=id", changes, **SEEN)
    assert sorted(json.dumps(row) for row in answer.json) == sorted(map(json.dumps, changes))
    tagged = [{"id": 3, "pages": 33, "_etag": rows[2]["_etag"]}, {"id": 1, "pages": 0, "_etag": rows[0]["_etag"]}]
    client("PATCH", "/books/1", {"title": "other"})
    fresh = client.get("/books/1?select=_etag")
    answer = client("PATCH", "/books", [tagged[0], {**tagged[1], "_etag": "1"}])
    assert (answer.status, answer.json["code"]) == (412, "KIT412")
    assert client.get("/books/3?select=pages") == {"pages": None}
    assert client("PATCH", "/books", [tagged[0], {**tagged[1], **fresh}]).status == 204
    assert client.get("/books?select=pages&order=id") == [{"pages": 0}, {"pages": 22}, {"pages": 33}]
    assert client("PATCH", "/books", [{"id": 1, "pages": 1}, {"id": 77, "pages": 1}]).status == 404
    assert client("PATCH", "/books", [{"id": 1, "pages": 1}, {"id": 1, "pages": 2}]).status == 400
    assert client("PATCH", "/books", [{"pages": 1}, {"pages": 1}]).status == 400
    assert client("PATCH", "/books", changes, If_Match="*").json["code"] == "KIT400"
    assert client("PATCH", "/books?limit=1", changes).status == 400


def test_claims_become_the_columns_type(client, database):
    from datetime import datetime

    from kit_rest import Claim

    tenant, who = "0190a0a0-0000-7000-8000-000000000001", "0190a0a0-0000-7000-8000-000000000002"
    database.execute(
        "create table notes (tenant uuid, number int, text text, by uuid, at timestamptz, primary key (tenant, number))"
    )

    class Note(BaseSchema):
        tenant: UUID
        number: int
        text: str | None
        by: UUID | None
        at: datetime | None

    class Notes(Resource):
        entity = Note
        table = "notes"
        key = ("tenant", "number")
        row_filters = {"tenant": Claim("org")}
        last_updater_uid = "by"
        last_updated_at = "at"
        actor = Claim("person")

    made = type(client)(Api([Notes], database=database), {"org": tenant, "person": who})
    (row,) = made("POST", "/notes?select=tenant,number,by", {"number": 1}, **SEEN).json
    assert row == {"tenant": tenant, "number": 1, "by": who}
    rows = [{"number": 2}, {"number": 3, "text": "x"}]
    assert made("POST", "/notes", rows, Prefer="missing=default").status == 201
    merge = {"Prefer": "resolution=merge-duplicates, return=representation"}
    assert made("POST", "/notes?select=number,text", {"number": 3, "text": "y"}, **merge).json == [
        {"number": 3, "text": "y"}
    ]
    assert made("PATCH", f"/notes/{tenant},3", {"text": "z"}).status == 204
    assert made.get(f"/notes/{tenant},3?select=text") == {"text": "z"}
    assert made("GET", "/notes/3").status == 404
