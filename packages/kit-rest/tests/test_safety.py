"""What nobody may see, set or break."""

import json
import logging
import secrets
from urllib.parse import quote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit_db import Database
from kit_handler import NotFoundError
from kit_rest import Api, Claim, Resource, RowSecurity, ToMany, ToOne
from kit_schemas import BaseSchema
from marshmallow import ValidationError

HIDDEN = [
    ("GET", "/authors?select=secret", None),
    ("GET", "/authors?secret=eq.hidden", None),
    ("GET", "/authors?secret=is.null", None),
    ("GET", "/authors?or=(secret.eq.hidden)", None),
    ("GET", "/authors?order=secret", None),
    ("GET", "/authors?select=secret.count()", None),
    ("GET", "/authors?select=secret->a", None),
    ("GET", "/books?select=author(secret)", None),
    ("GET", "/books?select=author(id)&author.secret=eq.hidden", None),
    ("GET", "/books?select=author(id)&order=author(secret)", None),
    ("PATCH", "/authors?secret=eq.hidden", {"name": "x"}),
    ("DELETE", "/authors?secret=eq.hidden", None),
    ("POST", "/authors?select=secret", {"name": "x"}),
    ("POST", "/authors?columns=secret", [{"secret": "x"}]),
    ("POST", "/authors?on_conflict=secret", {"name": "x"}),
    ("POST", "/authors", {"name": "x", "secret": "y"}),
    ("PATCH", "/authors?id=eq.1", {"secret": "y"}),
]


@pytest.mark.parametrize(("method", "target", "body"), HIDDEN)
def test_a_hidden_column_answers_as_one_that_is_not_there(client, method, target, body):
    prefer = {"Prefer": "return=representation, resolution=merge-duplicates"}
    answer = client(method, target, body, **prefer)
    assert answer.status == 400
    other = json.loads(json.dumps(body).replace("secret", "absent"))
    absent = client(method, target.replace("secret", "absent"), other, **prefer)
    assert answer.text.replace("secret", "absent") == absent.text
    assert answer.status == absent.status


def test_the_table_between_and_other_tables_are_not_there(client):
    for name in ("book_genres", "library.books", "pg_class", "information_schema.tables"):
        assert client("GET", f"/{name}").json["code"] == "PGRST205"
        assert client("GET", f"/books?select={name}(*)").json["code"] in ("PGRST200", "42703")


@pytest.mark.parametrize(
    "body",
    [{"title": "Notes"}, {"title": None}, {"title": "forbidden"}, {"title": "x", "author_id": 9}, {"pages": "abc"}],
)
def test_no_error_has_content_of_rows(client, body):
    answer = client("POST", "/books", {"price": 4711.25, "title": "unique words", **body})
    assert answer.status in (400, 409)
    for part in ("4711", "unique words", "Failing row", "Key (", "abc", "forbidden", "Notes"):
        assert part not in answer.text


BAD = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(
    [
        "'; drop table library.books; --",
        '"',
        "\\",
        "%s",
        "%(body)s",
        "%",
        "{}",
        "{0}",
        ")",
        "(",
        "\x00",
        "::",
        "->>",
        "💣",
        "null",
    ]
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(column=BAD, value=BAD, alias=BAD)
def test_no_text_of_a_query_becomes_sql(client, database, column, value, alias):

    for target in (
        f"/books?{quote_plus(column) or 'x'}=eq.{quote_plus(value)}",
        f"/books?title=eq.{quote_plus(value)}",
        f"/books?select={quote_plus(alias)}:title&title=in.({quote_plus(value)})",
        f"/books?select=data->{quote_plus(value)}&order={quote_plus(column)}",
        f"/books?or=(title.eq.{quote_plus(value)},{quote_plus(column)}.eq.1)",
        f"/books?tags=cs.{{{quote_plus(value)}}}",
        f"/books?title=fts({quote_plus(value)}).x",
        f"/rpc/joined?texts={{{quote_plus(value)}}}",
        f"/books/{quote_plus(value) or 'x'}",
    ):
        assert client("GET", target).status < 500, target
    for body in ({column: value}, {"title": value}, {"data": {value: alias}}, {"tags": [value, alias]}):
        assert client("POST", "/books", body, Prefer="tx=rollback").status < 500
    assert database.execute("select count(*) as n from library.books") == [{"n": 3}]


def test_a_statement_has_the_declared_names_alone(client, caplog):
    with caplog.at_level(logging.ERROR):
        assert client("GET", "/books?select=%25(title)s:title&title=like.%25%25s").status == 200
    assert not caplog.records


class Loan(BaseSchema):
    id: int
    tenant: str
    owner: str | None
    note: str | None
    shelf_id: int | None


class Shelf(BaseSchema):
    id: int
    tenant: str
    name: str | None


class Loans(Resource):
    entity = Loan
    table = "loans"
    writable = ("id", "note", "shelf_id")
    row_filters = {"tenant": Claim("tenant")}
    relations = {"shelf": ToOne("shelves", {"shelf_id": "id"})}
    aggregates = True


class Shelves(Resource):
    entity = Shelf
    table = "shelves"
    writable = ("id", "name")
    row_filters = {"tenant": Claim("tenant")}
    relations = {"loans": ToMany("loans", {"id": "shelf_id"})}


class OpenLoans(Loans):
    name = "loans"
    row_filters = {}
    writable = ("id", "tenant", "note", "shelf_id")


class OpenShelves(Shelves):
    name = "shelves"
    row_filters = {}
    writable = ("id", "tenant", "name")


SECURED = """
create role {role} nologin;
grant {role} to current_user;
create table shelves (id int primary key, tenant text not null, name text);
create table loans (
    id int primary key, tenant text not null, owner text, note text, shelf_id int references shelves on delete cascade
);
"""
POLICIES = """
alter table shelves enable row level security;
alter table loans enable row level security;
grant select, insert, update, delete on shelves, loans to {role};
create policy own on shelves using (tenant = current_setting('request.jwt.claims', true)::json ->> 'tenant');
create policy own on loans using (tenant = current_setting('request.jwt.claims', true)::json ->> 'tenant');
"""
ROWS = """
insert into shelves values (1, 'north', 'n'), (2, 'south', 's');
insert into loans values (1, 'north', 'x', 'n1', 1), (2, 'south', 'y', 's1', 2), (3, 'south', 'y', 's2', 1);
"""


@pytest.fixture(params=["row filters", "row-level security"])
def tenants(request, client, postgres_url):
    """A client of an Api with two tenants, who are kept apart by one of the two; and its database."""
    role = f"kit_rest_{secrets.token_hex(6)}"
    database = Database.from_url(postgres_url)
    database.execute(SECURED.format(role=role))
    if request.param == "row filters":
        made = Api([Loans, Shelves], database=database, cursor_key="k" * 16)
    else:
        database.execute(POLICIES.format(role=role))
        security = RowSecurity(role=role)
        made = Api([OpenLoans, OpenShelves], database=database, cursor_key="k" * 16, row_security=security)
    yield type(client)(made), database
    database.execute(f"drop owned by {role}; drop role {role}")
    database.close()


OPERATIONS = st.sampled_from(
    [
        ("GET", "/loans?select=*,shelf(*)", None),
        ("GET", "/loans?id=in.(1,2,3)", None),
        ("GET", "/loans/2", None),
        ("GET", "/loans?note=like.s*", None),
        ("GET", "/loans?or=(tenant.eq.south,tenant.eq.north)", None),
        ("GET", "/shelves?select=*,loans(*)", None),
        ("GET", "/shelves?select=*,loans!inner(*)&loans.note=like.*", None),
        ("GET", "/shelves?select=*,...loans(note)", None),
        ("GET", "/loans?select=id,shelf!inner(id)&order=shelf(name)", None),
        ("GET", "/loans?select=note.max(),count()", None),
        ("GET", "/loans?cursor=&order=note", None),
        ("HEAD", "/loans", None),
        ("POST", "/loans?select=*,shelf(*)", {"id": 20, "note": "mine", "shelf_id": 2}),
        ("POST", "/loans", [{"id": 2, "note": "taken"}]),
        ("PUT", "/loans/2", {"note": "taken"}),
        ("PATCH", "/loans?id=gt.0", {"note": "changed"}),
        ("PATCH", "/loans", [{"id": 2, "note": "taken"}]),
        ("PATCH", "/loans/3", {"note": "taken"}),
        ("DELETE", "/loans?id=gt.0", None),
        ("DELETE", "/loans/2", None),
        ("DELETE", "/shelves?id=eq.2", None),
        (
            "POST",
            "/batch",
            {
                "operations": [
                    {"method": "GET", "path": "/loans"},
                    {"method": "PATCH", "path": "/loans?id=eq.2", "body": {"note": "b"}},
                ]
            },
        ),
    ]
)
PREFERS = st.sampled_from(
    ["return=representation", "return=minimal", "count=exact", "return=representation, resolution=merge-duplicates"]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(OPERATIONS, PREFERS), min_size=1, max_size=5))
def test_a_tenant_sees_and_touches_nothing_of_another(tenants, steps):
    client, database = tenants
    secured = client.api.row_security is not None
    database.execute(f"truncate loans, shelves; {ROWS}")
    before = database.execute("select * from loans where tenant = 'south' order by id")
    shelves = database.execute("select * from shelves where tenant = 'south' order by id")
    for (method, target, body), prefer in steps:
        if secured and isinstance(body, dict) and method == "POST" and "operations" not in body:
            body = {**body, "tenant": "north"}
        answer = client(method, target, body, Prefer=prefer)
        assert answer.status < 500, answer
        assert "south" not in answer.text.replace("tenant.eq.south", "")
        for part in ('"s1"', '"s2"', '"s"'):
            assert part not in answer.text
        if method == "HEAD" and "count" in prefer:
            own = database.execute("select count(*) as n from loans where tenant = 'north'")[0]["n"]
            assert answer.headers["content-range"].endswith(f"/{own}")
    assert database.execute("select * from loans where tenant = 'south' order by id") == before
    assert database.execute("select * from shelves where tenant = 'south' order by id") == shelves


def test_the_role_may_be_a_claim(client, postgres_url):
    role = f"kit_rest_{secrets.token_hex(6)}"
    database = Database.from_url(postgres_url)
    database.execute(SECURED.format(role=role) + POLICIES.format(role=role) + ROWS)
    security = RowSecurity(role_claim="db_role", roles=(role,))
    api = Api([OpenLoans, OpenShelves], database=database, row_security=security, idempotency="answers")
    database.execute(api.idempotency_schema())
    made = type(client)(api)
    made.claims = {"tenant": "south", "db_role": role}
    for replayed in (None, "true"):
        loan = {"id": 9, "tenant": "south"}
        answer = made("POST", "/loans", loan, Idempotency_Key="k", Prefer="return=representation")
        assert (answer.status, answer.headers.get("idempotency-replayed")) == (201, replayed)
    assert made("DELETE", "/loans/9").status == 204
    assert [row["id"] for row in made.get("/loans?order=id")] == [2, 3]
    for claims, status in (({"tenant": "south"}, 403), ({"tenant": "south", "db_role": "postgres"}, 403), (None, 401)):
        made.claims = claims
        assert made("GET", "/loans").status == status
    database.execute(f"drop owned by {role}; drop role {role}")
    database.close()


def test_without_claims_nothing_is_filtered_away_but_refused(client):
    client.claims = None
    answer = client("GET", "/loans")
    assert (answer.status, answer.json["code"]) == (401, "PGRST302")
    client.claims = {"sub": "x"}
    answer = client("GET", "/books?select=id,loans(uid)")
    assert (answer.status, answer.json["code"]) == (403, "42501")


def test_roles_and_scopes(client, database):
    class Author(BaseSchema):
        id: int
        name: str

    class Authors(Resource):
        entity = Author
        table = "library.authors"
        roles = {"*": "reader", "DELETE": "admin"}
        scopes = {"PATCH": "authors:write"}

    made = type(client)(Api([Authors], database=database), None)
    assert made("GET", "/authors").json["code"] == "PGRST302"
    made.claims = {"sub": "x", "roles": "reader"}
    assert made("GET", "/authors").status == made("HEAD", "/authors").status == 200
    assert made("PATCH", "/authors?id=eq.1", {"name": "x"}).json["code"] == "42501"
    assert made("DELETE", "/authors?id=eq.1").status == 403
    made.claims = {"sub": "x", "roles": "reader", "scope": "authors:write"}
    assert made("PATCH", "/authors?id=eq.1", {"name": "x"}).status == 204


def test_embedding_needs_the_right_to_read_what_is_embedded(client, database):
    class Author(BaseSchema):
        id: int
        name: str

    class Book(BaseSchema):
        id: int
        title: str
        author_id: int | None

    class Authors(Resource):
        entity = Author
        table = "library.authors"
        roles = {"GET": "admin"}

    class Books(Resource):
        entity = Book
        table = "library.books"
        relations = {"author": ToOne("authors", {"author_id": "id"})}

    made = type(client)(Api([Authors, Books], database=database))
    seen = {"Prefer": "return=representation"}
    for roles, allowed in (("admin", True), ("reader", False)):
        made.claims = {"sub": "x", "roles": roles}
        statuses = [
            made("GET", "/books?select=id,author(name)").status,
            made("GET", "/books?select=id,...author(name)").status,
            made("GET", "/books?select=id,author()&author=not.is.null").status,
            made("PATCH", "/books?id=eq.1&select=author(name)", {"author_id": 1}, **seen).status,
            made("POST", "/books?select=author(name)", {"title": roles, "author_id": 1}, **seen).status,
        ]
        assert all((status < 300) == allowed for status in statuses), statuses
        assert made("GET", "/books").status == 200


def test_nothing_is_set_behind_rds_proxy(client, postgres_url):
    database = Database.from_url(postgres_url, proxy=True)
    sent = []
    run = database.run
    database.run = lambda query, *rest, **options: (sent.append(query), run(query, *rest, **options))[1]
    kinds = [type(each.resource) for each in client.api.tables]
    made = type(client)(Api(kinds, database=database))
    assert made("GET", "/loans").status == 200
    assert made("GET", "/loans", Prefer="timezone=UTC").status == 200
    database.close()
    assert [query.count("set_config") for query in sent] == [0, 1]


def test_a_role_for_which_security_would_not_hold_is_refused(client, own_database, caplog):
    made = type(client)(Api([Loans, Shelves], database=own_database, row_security=RowSecurity()))
    own_database.execute("create table shelves (id int primary key, tenant text, name text)")
    own_database.execute("create table loans (id int primary key, tenant text, owner text, note text, shelf_id int)")
    with caplog.at_level(logging.ERROR):
        assert made("GET", "/loans").status == 500
    assert "row-level security is not enabled" in caplog.text


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (KeyError("row 4711"), 500, "KIT500"),
        (NotFoundError("No such shelf"), 404, "KIT404"),
        (ValidationError({"name": ["Too odd."]}), 400, "KIT400"),
    ],
)
def test_errors_of_hooks_are_in_the_same_vocabulary(client, database, caplog, error, status, code):
    class Author(BaseSchema):
        id: int
        name: str

    class Authors(Resource):
        entity = Author
        table = "library.authors"

        def before_read(self, request):
            raise error

    made = type(client)(Api([Authors], database=database))
    with caplog.at_level(logging.ERROR):
        answer = made("GET", "/authors")
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.json["message"]
    assert "4711" not in answer.text
    assert bool(caplog.records) == (status == 500)
