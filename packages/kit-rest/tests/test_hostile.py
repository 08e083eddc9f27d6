"""Requests that try to get around the rules."""

import json
from urllib.parse import quote_plus

import pytest
from kit_db import Database
from kit_rest import Api, Claim, Function, Resource, RowSecurity
from kit_schemas import BaseSchema

SEEN = {"Prefer": "return=representation"}


def test_a_number_of_a_json_path_is_no_comment(client):
    # The step would begin a comment, which the line break in the value would end.
    stolen = "(select (select string_agg(secret, chr(44)) from library.authors) as id)"
    value = f"\n1) is null or true limit 1) p2, lateral {stolen} r3 --"
    for step in ('"--5"', '"---5"', '"--1"'):
        answer = client("GET", f"/books?select=id&{quote_plus(f'data->{step}')}=eq.{quote_plus(value)}")
        assert answer.status == 400, answer
        assert answer.json["code"] == "22P02"
        assert client.get(f"/books?select=id,x:{quote_plus(f'data->{step}')}&id=eq.1") == [{"id": 1, "x": None}]
    assert client.get("/books?select=x:data->deep->z->-1&id=eq.1") == [{"x": 2}]


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("/books?select=data->٣", {}, 200),
        ('/books?select=data->""', {}, 200),
        ("/books?id=" + "not." * 1500 + "eq.1", {}, 400),
        ("/books?id=not.not.eq.1", {}, 400),
        ("/books", {"Range": "0-" + "9" * 5000}, 416),
        ("/books", {"Range": "9" * 5000 + "-"}, 200),
        ("/books?cursor=&limit=0", {}, 200),
        ("/rpc/written?author=1&select=_etag", {}, 400),
        ("/books?or=(" + ",".join(f"id.eq.{at}" for at in range(101)) + ")", {}, 400),
        ("/books?or=(" + ",".join(f"id.eq.{at}" for at in range(100)) + ")", {}, 200),
    ],
)
def test_an_odd_query_is_answered(client, target, headers, status):
    path, _, query = target.partition("?")
    name, found, value = query.partition("=")
    answer = client("GET", f"{path}?{name}={quote_plus(value, safe='&=')}" if found else path, **headers)
    assert answer.status == status, answer


def test_aggregates_that_are_off_are_so_under_a_label_that_comes_twice(client):
    for target in ("/books?select=author(id.sum()),author(id)", "/books?select=author(id),author(id.sum())"):
        assert client("GET", target).json["code"] == "PGRST123"


def test_a_batch_in_a_batch_is_refused_however_it_is_written(client):
    inner = {"operations": [{"method": "GET", "path": "/books"}]}
    for path in ("/batch", "/%62atch", "/batch%2F", "//batch/"):
        answer = client("POST", "/batch", {"operations": [{"method": "POST", "path": path, "body": inner}]})
        assert (answer.status, answer.json["code"]) == (400, "PGRST102")


def test_a_path_of_a_batch_has_a_length(client):
    path = "/books?id=in.(" + "1," * 10_000 + "1)"
    answer = client("POST", "/batch", {"operations": [{"method": "GET", "path": path}]})
    assert (answer.status, answer.json["code"]) == (413, "KIT413")


def test_a_batch_writes_after_a_call_that_only_reads(client):
    operations = [
        {"method": "GET", "path": "/rpc/written?author=1"},
        {"method": "GET", "path": "/rpc/add?a=1"},
        {"method": "POST", "path": "/authors", "body": {"name": "Later"}},
    ]
    answer = client("POST", "/batch", {"operations": operations})
    assert [each["status"] for each in answer.json["results"]] == [200, 200, 201]
    assert client.get("/authors?name=eq.Later&select=name") == [{"name": "Later"}]


def test_a_call_that_only_reads_does_not_write_in_a_batch(database, client):
    database.execute("create function library.sly() returns int language sql as 'delete from library.loans; select 1'")
    kinds = [type(each.resource) for each in client.api.tables]
    made = type(client)(Api(kinds, [Function("sly", sql="library.sly", reads=True)], database=database))
    answer = made("POST", "/batch", {"operations": [{"method": "GET", "path": "/rpc/sly"}]})
    assert (answer.status, answer.json["code"]) == (405, "25006")


def test_a_patch_does_not_set_the_identifier(client):
    row = client("POST", "/loans", {"note": "a"}, **SEEN).json[0]
    other = "0190a0a0-0000-7000-8000-000000000000"
    for target in (f"/loans?uid=eq.{row['uid']}", f"/loans/{row['uid']}", f"/loans?columns=uid&uid=eq.{row['uid']}"):
        answer = client("PATCH", target, {"uid": other})
        assert (answer.status, answer.json["code"]) == (400, "PGRST204")
    assert client.get("/loans?select=uid") == [{"uid": row["uid"]}]


def test_put_with_if_match_is_validated(client):
    answer = client("PUT", "/authors/1", {"name": "x" * 60}, If_Match="*")
    assert (answer.status, answer.json["code"]) == (400, "KIT400")
    assert client.get("/authors/1?select=name") == {"name": "Ada"}


def test_put_with_columns_writes_the_row_of_its_key(client):
    assert client("PUT", "/authors/1?columns=name", {"name": "Countess", "born": "2000-01-01"}).status == 204
    assert client.get("/authors?select=id,name,born&name=eq.Countess") == [
        {"id": 1, "name": "Countess", "born": "1815-12-10"}
    ]


class Member(BaseSchema):
    branch: str
    id: int
    name: str | None


class Members(Resource):
    entity = Member
    table = "members"
    key = ("branch", "id")
    row_filters = {"branch": Claim("tenant")}
    if_match = "required"


class EasyMembers(Members):
    name = "members"
    if_match = "optional"


MEMBERS = """
create table members (branch text, id int, name text, primary key (branch, id));
insert into members values ('north', 1, 'n'), ('south', 1, 's');
"""


def test_put_with_the_tenant_in_the_key(client, database):
    database.execute(MEMBERS)
    made = type(client)(Api([EasyMembers], database=database))
    assert made("PUT", "/members/north,1", {"name": "x"}).status == 204
    assert made("PUT", "/members/north,2", {"name": "y"}).status == 201
    assert made("PUT", "/members/north,2", {"name": "z", "branch": "north"}, If_Match="*").status == 204
    for name in ("/members/south,1", "/members/south,2", "/members?branch=eq.south&id=eq.1"):
        assert made("PUT", name, {"name": "x"}).json["code"] == "42501"
    rows = database.execute("select * from members order by branch, id")
    assert [tuple(each.values()) for each in rows] == [("north", 1, "x"), ("north", 2, "z"), ("south", 1, "s")]


def test_an_upsert_is_no_way_around_if_match(client, database):
    database.execute(MEMBERS)
    made = type(client)(Api([Members], database=database))
    body = {"id": 1, "name": "lost"}
    assert made("POST", "/members", body, Prefer="resolution=merge-duplicates").status == 428
    assert made("POST", "/members", body, Prefer="resolution=ignore-duplicates").status == 201
    assert made("PUT", "/members/north,1", {"name": "x"}).status == 428
    assert made("PUT", "/members/north,1", {"name": "x"}, If_None_Match="*").status == 412
    assert made("PUT", "/members/north,3", {"name": "x"}, If_None_Match="*").status == 201
    assert made.get("/members/north,1?select=name") == {"name": "n"}


class Stamped(BaseSchema):
    id: int
    at: str


class Stamps(Resource):
    entity = Stamped
    table = "stamps"
    version = "at"


def test_a_version_may_have_dashes(client, database):
    database.execute("create table stamps (id int primary key, at text); insert into stamps values (1, '2026-11-30')")
    made = type(client)(Api([Stamps], database=database))
    (row,) = made.get("/stamps?select=id,_etag")
    assert made("PATCH", "/stamps", [{**row, "at": "2026-12-01"}]).status == 204
    assert made("PATCH", "/stamps", [{**row, "at": "2026-12-02"}]).status == 412
    tag = made("GET", "/stamps/1").headers["etag"]
    assert made("PATCH", "/stamps", [{"id": 1, "_etag": tag, "at": "2026-12-03"}]).status == 204


@pytest.fixture
def secured(own_database: Database):
    """A table with row-level security, a role for it, and the database."""
    import secrets

    role = f"kit_rest_{secrets.token_hex(6)}"
    own_database.execute(
        f"""
        create role {role} nologin; grant {role} to current_user;
        create table notes (id int primary key, tenant text not null, text text);
        alter table notes enable row level security;
        grant select, insert on notes to {role};
        create policy own on notes using (tenant = current_setting('request.jwt.claims', true)::json ->> 'tenant');
        insert into notes values (1, 'south', 's');
        """
    )
    yield own_database, role
    own_database.execute(f"drop owned by {role}; drop role {role}")


class Note(BaseSchema):
    id: int
    tenant: str
    text: str | None


class Notes(Resource):
    entity = Note


def test_a_caller_without_a_role_does_not_get_the_logins(client, secured):
    database, role = secured
    made = type(client)(Api([Notes], database=database, row_security=RowSecurity(role_claim="role", roles=(role,))))
    made.claims = {"sub": "x", "tenant": "north", "role": role}
    assert made.get("/notes") == []
    for claims, status in (({"sub": "x", "tenant": "north"}, 403), (None, 401), ({"role": "postgres"}, 403)):
        made.claims = claims
        answer = made("GET", "/notes")
        assert answer.status == status, answer
    default = RowSecurity(role=role, role_claim="role", roles=(role,))
    made = type(client)(Api([Notes], database=database, row_security=default), {"sub": "x", "tenant": "south"})
    assert [each["id"] for each in made.get("/notes")] == [1]


def test_answers_are_kept_though_the_callers_role_may_not_write_them(client, secured):
    database, role = secured
    made = Api([Notes], database=database, row_security=RowSecurity(role=role), idempotency="answers")
    database.execute(made.idempotency_schema())
    write = type(client)(made)
    body = {"id": 2, "tenant": "north"}
    first, again = (write("POST", "/notes", body, Idempotency_Key="k", **SEEN) for _ in range(2))
    assert (first.status, again.status, again.text) == (201, 201, first.text)
    assert again.headers["idempotency-replayed"] == "true"


def test_parameters_from_claims_are_not_told(client):
    answer = client("POST", "/rpc/whoami", {"texts": ["x"]})
    assert (answer.status, answer.json["hint"]) == (404, "Its parameters: none")
    assert "texts" not in json.dumps(answer.json["hint"])


class HiddenKey(Members):
    name = "members"
    readable = ("name",)
    if_match = "optional"


def test_a_cursor_does_not_tell_a_hidden_key(client, database):
    database.execute(MEMBERS)
    made = type(client)(Api([HiddenKey], database=database, cursor_key="k" * 16))
    assert made.get("/members?limit=1") == [{"name": "n"}]
    answer = made("GET", "/members?cursor=&limit=1")
    assert (answer.status, answer.json["code"]) == (400, "PGRST100")
    assert "link" not in answer.headers
