"""What a server has to answer; the numbers are those of the record of both published clients."""

import json

import pytest
from kit_db import Database


def test_01_arrays_unless_an_object_is_asked_for(client):
    assert isinstance(client.get("/books?id=eq.1"), list)
    assert client("POST", "/rpc/written", {"author": 2}).json[0]["id"] == 3


def test_02_bodies_are_json(client):
    assert client("POST", "/rpc/joined", {"texts": ["a", "b"]}).text == '"a+b"'
    assert client("GET", "/books?select=id,title&order=id", Accept="text/csv").text == (
        "id,title\n1,Engines\n2,Notes\n3,Compilers\n"
    )


def test_02_csv_keeps_digits_and_quotes(client):
    answer = client("GET", "/books?select=price,tags,data,pages&id=in.(1,3)&order=id", Accept="text/csv")
    assert answer.headers["content-type"].startswith("text/csv")
    lines = answer.text.splitlines()
    assert lines[0] == "price,tags,data,pages"
    assert lines[1].startswith('9.50,"[""a"",""b""]","{""k"":1,')
    assert lines[2] == '1.10,"[""c,d""]",,'


def test_03_no_rows(client):
    assert client.get("/books?id=eq.99") == []
    assert client("DELETE", "/books?id=eq.99").status == 204
    assert client("POST", "/rpc/touch", {}).status == 204
    answer = client("POST", "/authors", [], Prefer="return=representation")
    assert (answer.status, answer.json) == (201, [])


@pytest.mark.parametrize(
    ("target", "status", "expected"),
    [
        ("/books?limit=1&order=id", 206, "0-0/3"),
        ("/books", 200, "0-2/3"),
        ("/books?id=eq.9", 200, "*/0"),
        ("/books?limit=0", 206, "*/3"),
    ],
)
def test_04_counts(client, target, status, expected):
    answer = client("GET", target, Prefer="count=exact")
    assert (answer.status, answer.headers["content-range"]) == (status, expected)
    head = client("HEAD", target, Prefer="count=exact")
    assert (head.status, head.headers["content-range"], head.text) == (status, expected, "")


def test_04_without_a_count_the_total_is_unknown(client):
    assert client("GET", "/books?limit=1").headers["content-range"] == "0-0/*"


@pytest.mark.parametrize("count", ["planned", "estimated"])
def test_04_other_counts(client, database, count):
    database.execute("analyze library.books")
    answer = client("GET", "/books?limit=1", Prefer=f"count={count}")
    assert answer.headers["content-range"] == "0-0/3"
    assert answer.headers["preference-applied"] == f"count={count}"


def test_04_counts_of_writes(client):
    answer = client("DELETE", "/books?id=in.(1,2)", Prefer="count=exact")
    assert (answer.status, answer.headers["content-range"]) == (204, "*/2")
    answer = client("PATCH", "/authors?id=lt.3", {"name": "x"}, Prefer="count=exact, return=representation")
    assert (answer.status, answer.headers["content-range"]) == (200, "*/2")


@pytest.mark.parametrize(
    ("method", "target", "body", "status", "code"),
    [
        ("GET", "/books?zz=eq.1", None, 400, "42703"),
        ("GET", "/nope", None, 404, "PGRST205"),
        ("GET", "/books?select=nope(id)", None, 400, "PGRST200"),
        ("GET", "/books?id=nonsense", None, 400, "PGRST100"),
        ("GET", "/books?id=eq.x", None, 400, "22P02"),
        ("GET", "/books?nope.id=eq.1", None, 400, "PGRST108"),
        ("POST", "/rpc/nope", {}, 404, "PGRST202"),
        ("POST", "/rpc/add", {"zz": 1}, 404, "PGRST202"),
        ("GET", "/rpc/touch", None, 405, "PGRST101"),
        ("POST", "/authors", {"zz": 1}, 400, "PGRST204"),
        ("POST", "/authors", "{", 400, "PGRST102"),
        ("POST", "/authors", '"x"', 400, "PGRST102"),
        ("POST", "/cheap", {"id": 1}, 405, "PGRST117"),
        ("POST", "/books", {"title": "Notes"}, 409, "23505"),
        ("POST", "/books", {"title": "n", "author_id": 77}, 409, "23503"),
        ("POST", "/books", {"title": None}, 400, "23502"),
        ("POST", "/books", {"title": "forbidden"}, 400, "23514"),
        ("POST", "/rpc/refuse", {}, 418, "PT418"),
        ("GET", "/books?order=zz", None, 400, "42703"),
        ("GET", "/authors?select=id,books(id)&order=books(id)", None, 400, "PGRST118"),
        ("GET", "/authors?select=id.sum()", None, 400, "PGRST123"),
        ("GET", "/books?select=id::nope", None, 400, "42704"),
        ("GET", "/books/1/2", None, 404, "PGRST125"),
    ],
)
def test_05_errors_in_both_vocabularies(client, method, target, body, status, code):
    answer = client(method, target, body, Content_Type="application/json")
    assert answer.status == status
    error = answer.json
    assert error["code"] == code
    assert isinstance(error["message"], str)
    assert error["hint"] is None or isinstance(error["hint"], str)
    assert set(error) >= {"code", "message", "details", "hint", "type", "title", "status", "detail"}
    assert error["status"] == status
    assert answer.headers["proxy-status"] == f"PostgREST; error={code}"
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_06_no_404_is_empty(client):
    for target in ("/nope", "/books/77", "/rpc/nope", "/a/b/c"):
        answer = client("GET", target)
        assert answer.status == 404
        assert answer.json["message"]


def test_06_a_head_has_its_code_in_proxy_status(client):
    answer = client("HEAD", "/nope")
    assert (answer.status, answer.text) == (404, "")
    assert answer.headers["proxy-status"] == "PostgREST; error=PGRST205"


def test_07_statuses_have_codes_of_their_own(client):
    row = client("GET", "/books/1")
    client("PATCH", "/books/1", {"pages": 1})
    answer = client("PATCH", "/books/1", {"pages": 2}, If_Match=row.headers["etag"])
    assert (answer.status, answer.json["code"]) == (412, "KIT412")


def test_08_a_lost_server_is_503(own_client, postgres_server):
    postgres_server.stop()
    try:
        answer = own_client("GET", "/books")
    finally:
        postgres_server.start()
    assert (answer.status, answer.json["code"]) == (503, "PGRST001")
    assert answer.headers["retry-after"] == "1"


def test_08_a_statement_that_takes_too_long_is_504(client, postgres_url):
    slow = Database.from_url(postgres_url, statement_timeout=0.2)
    slow.execute("create function library.slow() returns int language sql as 'select 1 from pg_sleep(5)'")
    from kit_rest import Api, Function

    made = Api([], [Function("slow", sql="library.slow")], database=slow)
    answer = type(client)(made)("POST", "/rpc/slow", {})
    slow.close()
    assert (answer.status, answer.json["code"]) == (504, "57014")


def test_10_not_modified_only_for_those_who_asked(client):
    first = client("GET", "/books")
    assert first.status == 200
    again = client("GET", "/books", If_None_Match=first.headers["etag"])
    assert (again.status, again.text) == (304, "")
    client("PATCH", "/books?id=eq.1", {"pages": 1})
    assert client("GET", "/books", If_None_Match=first.headers["etag"]).status == 200


def test_singular(client):
    row = client("GET", "/books?id=eq.1&select=id", Accept="application/vnd.pgrst.object+json")
    assert row.json == {"id": 1}
    for target, number in (("/books", 3), ("/books?id=eq.9", 0)):
        answer = client("GET", target, Accept="application/vnd.pgrst.object+json")
        assert (answer.status, answer.json["code"]) == (406, "PGRST116")
        assert answer.json["details"] == f"The result contains {number} rows"


def test_a_singular_write_of_several_rows_is_undone(client):
    singular = {"Accept": "application/vnd.pgrst.object+json", "Prefer": "return=representation"}
    assert client("PATCH", "/books?id=lt.3", {"pages": 1}, **singular).status == 406
    assert client("DELETE", "/books?id=lt.3", **singular).status == 406
    assert client("POST", "/authors", [{"name": "a"}, {"name": "b"}], **singular).status == 406
    assert [row["pages"] for row in client.get("/books?order=id")] == [300, 120, None]
    assert len(client.get("/authors")) == 3


def test_an_offset_beyond_the_end(client):
    answer = client("GET", "/books?offset=10", Prefer="count=exact")
    assert (answer.status, answer.json["code"]) == (416, "PGRST103")
    assert answer.headers["content-range"] == "*/3"
    assert client.get("/books?offset=10") == []


def test_ranges(client):
    answer = client("GET", "/books?order=id&select=id", Range="0-1", Range_Unit="items")
    assert (answer.status, answer.json) == (200, [{"id": 1}, {"id": 2}])
    assert client("GET", "/books?order=id&select=id", Range="1-").json == [{"id": 2}, {"id": 3}]
    assert client("GET", "/books", Range="5-2").status == 416


def test_the_openapi_document(client):
    from openapi_spec_validator import validate

    answer = client("GET", "/")
    assert answer.status == 200
    validate(answer.json)
    assert json.dumps(answer.json).count("secret") == 0


def test_options(client):
    assert client("OPTIONS", "/cheap").headers["allow"] == "GET, HEAD, OPTIONS"
    assert client("OPTIONS", "/rpc/touch").headers["allow"] == "OPTIONS, POST"
    assert client("OPTIONS", "/").status == 204
