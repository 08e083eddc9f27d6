"""ETag, If-Match, cursors, batches, Idempotency-Key."""

import threading
from urllib.parse import quote

import pytest
from kit_rest import Api

SEEN = {"Prefer": "return=representation"}


def test_if_match(own_client):
    client = own_client
    tag = client("GET", "/books/1").headers["etag"]
    assert client("PATCH", "/books/1", {"pages": 1}, If_Match='"1-x"').json["code"] == "KIT412"
    wrote = client("PATCH", "/books/1", {"title": "first"}, If_Match=tag, **SEEN)
    assert wrote.status == 200
    assert client("DELETE", "/books?id=eq.1", If_Match=tag).status == 412
    assert client("DELETE", "/books?id=eq.1", If_Match=f"W/{wrote.headers['etag']}").status == 412
    assert client("DELETE", "/books?id=eq.1", If_Match=f"{tag}, {wrote.headers['etag']}").status == 204
    assert client("PATCH", "/books/1", {"pages": 1}, If_Match="*").status == 412
    assert client("PATCH", "/books?id=eq.2", {"pages": 1}, If_Match="*").status == 204


def test_a_row_has_one_version_whatever_is_selected(client):
    tags = [client("GET", f"/books/1?select={each}").headers["etag"] for each in ("id", "title", "id,author(name)")]
    assert len({tag.partition("-")[0] for tag in tags}) == 1
    assert len(set(tags)) == 3


def test_put_with_conditions(client):
    tag = client("GET", "/authors/1").headers["etag"]
    assert client("PUT", "/authors/1", {"name": "new"}, If_Match='"7-x"').status == 412
    assert client("PUT", "/authors/1", {"name": "new"}, If_Match=tag).status == 204
    assert client("PUT", "/authors/99", {"name": "new"}, If_Match="*").status == 412
    assert client("PUT", "/authors/98", {"name": "new"}, If_None_Match="*").status == 201
    assert client("PUT", "/authors/98", {"name": "new"}, If_None_Match="*").status == 412


def test_if_match_of_several_rows_is_all_or_nothing(own_client):
    client = own_client
    tag = client("GET", "/books/1").headers["etag"]
    client("PATCH", "/books/2", {"pages": 7})
    answer = client("PATCH", "/books?id=lt.3", {"pages": 1}, If_Match=tag)
    assert (answer.status, answer.json["code"]) == (412, "KIT412")
    assert [row["pages"] for row in client.get("/books?order=id")] == [300, 7, None]
    other = client("GET", "/books/2").headers["etag"]
    assert client("PATCH", "/books?id=lt.3", {"pages": 1}, If_Match=f"{tag}, {other}").status == 204


def test_a_resource_that_demands_it(client, database):
    from kit_rest import Resource
    from kit_schemas import BaseSchema

    class Author(BaseSchema):
        id: int
        name: str

    class Authors(Resource):
        entity = Author
        table = "library.authors"
        if_match = "required"

    made = type(client)(Api([Authors], database=database))
    for method in ("PATCH", "DELETE", "PUT"):
        answer = made(method, "/authors/1", {"name": "x"})
        assert (answer.status, answer.json["code"]) == (428, "KIT428")
    tag = made("GET", "/authors/1").headers["etag"]
    assert made("PATCH", "/authors/1", {"name": "x"}, If_Match=tag).status == 204
    assert made("PATCH", "/authors", [{"id": 1, "name": "x"}]).status == 428


def pages_of(client, target):
    found, link = [], ""
    while True:
        answer = client("GET", f"{target}&cursor={link}")
        assert answer.status == 200, answer
        found.append(answer.json)
        if "link" not in answer.headers:
            return found
        assert answer.headers["link"].endswith('>; rel="next"')
        link = answer.headers["link"].partition("cursor=")[2].partition(">")[0].partition("&")[0]


@pytest.mark.parametrize(
    "order", ["id", "id.desc", "pages", "pages.desc", "author_id.desc,title", "title.desc,pages", "price"]
)
def test_cursors(client, order):
    client(
        "POST", "/books?columns=title,pages,author_id", [{"title": f"t{n}", "pages": n % 3 or None} for n in range(12)]
    )
    pages = pages_of(client, f"/books?select=id,title&order={order}&limit=4")
    whole = client.get(f"/books?select=id,title&order={order},id{'.desc' if order.endswith('desc') else ''}")
    assert [row for page in pages for row in page] == whole
    assert [len(page) for page in pages][:3] == [4, 4, 4]


def test_cursors_are_bound(client):
    answer = client("GET", "/books?order=id&limit=1&id=gt.0&cursor=")
    cursor = answer.headers["link"].partition("cursor=")[2].partition(">")[0]
    good = f"/books?order=id&limit=1&id=gt.0&cursor={cursor}"
    assert client.get(good)[0]["id"] == 2
    for target in (
        f"/books?order=id.desc&limit=1&id=gt.0&cursor={cursor}",
        f"/books?order=id&limit=1&id=gt.1&cursor={cursor}",
        f"/authors?order=id&limit=1&id=gt.0&cursor={cursor}",
        f"/books?order=id&limit=1&id=gt.0&cursor={cursor[:-4]}AAAA",
        f"/books?order=id&limit=1&id=gt.0&offset=1&cursor={cursor}",
        "/books?order=pages.nullsfirst&cursor=",
        "/books?select=author(name)&order=author(name)&cursor=",
    ):
        answer = client("GET", target)
        assert (answer.status, answer.json["code"]) == (400, "PGRST100")


def test_cursors_of_one_tenant_are_not_anothers(client):
    client("POST", "/loans", [{"note": "a"}, {"note": "b"}])
    answer = client("GET", "/loans?order=note&limit=1&cursor=")
    cursor = answer.headers["link"].partition("cursor=")[2].partition(">")[0]
    client.claims = {"sub": "x", "tenant": "south"}
    assert client("GET", f"/loans?order=note&limit=1&cursor={cursor}").status == 400


def test_batches(client):
    operations = [
        {
            "method": "POST",
            "path": "/authors?select=id",
            "headers": {"Prefer": "return=representation"},
            "body": {"id": 70, "name": "x"},
        },
        {"method": "POST", "path": "/books", "body": {"title": "of 70", "author_id": 70, "price": 1.5}},
        {"method": "GET", "path": "/books?author_id=eq.70&select=title,price"},
        {"method": "DELETE", "path": "/books?id=eq.1"},
    ]
    answer = client("POST", "/batch", {"operations": operations})
    assert [each["status"] for each in answer.json["results"]] == [201, 201, 200, 204]
    assert answer.json["results"][0]["body"] == [{"id": 70}]
    assert '{"title":"of 70","price":1.50}' in answer.text


@pytest.mark.parametrize(
    ("last", "status", "code"),
    [
        ({"method": "POST", "path": "/books", "body": {"title": "Notes"}}, 409, "23505"),
        ({"method": "DELETE", "path": "/books"}, 400, "KIT400"),
        ({"method": "GET", "path": "/nope"}, 404, "PGRST205"),
        ({"method": "POST", "path": "/batch", "body": {}}, 400, "PGRST102"),
        ({"method": "TRACE", "path": "/books"}, 400, "PGRST102"),
    ],
)
def test_a_batch_is_done_whole_or_not(client, last, status, code):
    operations = [{"method": "POST", "path": "/authors", "body": {"id": 70, "name": "x"}}, last]
    answer = client("POST", "/batch", {"operations": operations})
    assert (answer.status, answer.json["code"]) == (status, code)
    assert client.get("/authors?id=eq.70") == []


def test_what_is_no_batch(client):
    for body in ({}, [], {"operations": {}}, {"operations": [1]}):
        assert client("POST", "/batch", body).json["code"] == "PGRST102"
    assert client("POST", "/batch", {"operations": [{"method": "GET", "path": "/x"}] * 101}).status == 413
    assert client("GET", "/batch").status == 405


@pytest.fixture
def keeping(client, own_database, api):
    kinds = [type(each.resource) for each in api.tables]
    made = Api(kinds, database=own_database, idempotency="library.answers")
    own_database.execute(made.idempotency_schema())
    return type(client)(made)


def test_an_idempotency_key_writes_once(keeping):
    first = keeping("POST", "/authors", {"name": "x"}, Idempotency_Key="k1", **SEEN)
    again = keeping("POST", "/authors", {"name": "x"}, Idempotency_Key="k1", **SEEN)
    assert (first.status, again.status, again.text) == (201, 201, first.text)
    assert again.headers["idempotency-replayed"] == "true"
    assert len(keeping.get("/authors?name=eq.x")) == 1
    answer = keeping("POST", "/authors", {"name": "y"}, Idempotency_Key="k1")
    assert (answer.status, answer.json["code"]) == (422, "KIT409")
    keeping.claims = {"sub": "another", "tenant": "north"}
    assert keeping("POST", "/authors", {"name": "x"}, Idempotency_Key="k1").status == 201


def test_a_refused_request_keeps_nothing(keeping):
    assert keeping("POST", "/books", {"title": "Notes"}, Idempotency_Key="k2").status == 409
    keeping("DELETE", "/books?title=eq.Notes")
    assert keeping("POST", "/books", {"title": "Notes"}, Idempotency_Key="k2").status == 201


def test_a_key_that_is_not_enabled_is_refused(client):
    assert client("POST", "/authors", {"name": "x"}, Idempotency_Key="k").json["code"] == "KIT409"


def test_retries_at_the_same_time_write_once(keeping):
    answers = []

    def send(number):
        key = f"key {number % 4}"
        answers.append(keeping("POST", "/authors", {"name": key}, Idempotency_Key=key, **SEEN).status)

    threads = [threading.Thread(target=send, args=(each,)) for each in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert answers == [201] * 16
    assert len(keeping.get(f"/authors?name=like.{quote('key *')}")) == 4


def test_no_update_is_lost(own_client):
    own_client("PATCH", "/books/1", {"pages": 0})
    done = []

    def count_up():
        for _ in range(10):
            while True:
                read = own_client("GET", "/books/1?select=pages")
                changes = {"pages": read.json["pages"] + 1}
                answer = own_client("PATCH", "/books/1", changes, If_Match=read.headers["etag"])
                if answer.status == 204:
                    done.append(1)
                    break
                assert answer.status == 412, answer

    threads = [threading.Thread(target=count_up) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(done) == 80
    assert own_client.get("/books/1?select=pages") == {"pages": 80}
