"""How many messages a request sends to the server."""

import pytest
from kit_db.driver.psycopg2 import Connection

SEEN = {"Prefer": "return=representation"}


@pytest.mark.parametrize(
    ("number", "method", "target", "body", "headers"),
    [
        (1, "GET", "/books/1", None, {}),
        (1, "GET", "/books?select=*,author(*),genres(*)&order=id&limit=2", None, {"Prefer": "count=exact"}),
        (1, "GET", "/loans?select=*", None, {"Prefer": "timezone=Europe/Berlin"}),
        (1, "GET", "/books?order=id&limit=2&cursor=", None, {}),
        (1, "HEAD", "/books", None, {"Prefer": "count=exact"}),
        (2, "GET", "/books", None, {"Prefer": "count=planned"}),
        (1, "POST", "/loans?select=*,book(title)", {"note": "x"}, SEEN),
        (1, "POST", "/books", [{"title": "x"}, {"title": "y"}], {}),
        (1, "POST", "/authors", {"id": 1, "name": "x"}, {"Prefer": "resolution=merge-duplicates"}),
        (1, "PUT", "/authors/1", {"name": "x"}, {}),
        (1, "PATCH", "/books?id=lt.3", {"pages": 1}, SEEN),
        (1, "PATCH", "/books/1", {"pages": 1}, {"If-Match": "*"}),
        (1, "DELETE", "/books?id=lt.3", None, {}),
        (2, "PATCH", "/books?id=lt.3", {"pages": 1}, {"Prefer": "handling=strict, max-affected=5"}),
        (2, "PATCH", "/books", [{"id": 1, "pages": 1}], {}),
        (1, "GET", "/rpc/add?a=1", None, {}),
        (1, "POST", "/rpc/written", {"author": 1}, {}),
    ],
)
def test_messages(own_client, monkeypatch, number, method, target, body, headers):
    own_client("GET", "/books?id=eq.0")
    sent = []
    run = Connection.run

    def counted(self, query, *rest, **options):
        sent.append(query)
        return run(self, query, *rest, **options)

    monkeypatch.setattr(Connection, "run", counted)
    assert own_client(method, target, body, **headers).status < 300
    assert len(sent) == number, sent
