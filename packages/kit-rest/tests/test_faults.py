"""Connections that the server ends, and tables that are not there."""

import logging

import pytest
from kit_db import Database

SEEN = {"Prefer": "return=representation"}


@pytest.fixture
def end_connections(postgres_url):
    """A callable that ends every other connection to the test's database, as a failover does."""
    other = Database.from_url(postgres_url)

    def end():
        query = (
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
        assert other.execute(query)

    yield end
    other.close()


def test_a_connection_that_was_ended_is_replaced(own_client, end_connections):
    for method, target, body in (
        ("GET", "/books/1", None),
        ("GET", "/loans?select=created_at", None),
        ("POST", "/authors", {"name": "x"}),
        ("PATCH", "/books/1", {"pages": 1}),
        ("PATCH", "/books", [{"id": 1, "pages": 2}]),
    ):
        own_client("GET", "/books?limit=1")
        end_connections()
        assert own_client(method, target, body).status < 300, (method, target)
    assert len(own_client.get("/authors?name=eq.x")) == 1


def test_a_table_that_is_not_there_is_the_servers_fault(own_client, own_database, caplog):
    own_database.execute("drop view library.cheap")
    with caplog.at_level(logging.ERROR):
        answer = own_client("GET", "/cheap")
    assert (answer.status, answer.json["code"]) == (500, "KIT500")
    assert "cheap" not in answer.text
    assert "library.cheap" in caplog.text


def test_a_row_that_is_locked_is_409(own_client, own_database, postgres_url):
    from kit_rest import Api

    impatient = Database.from_url(postgres_url, lock_timeout=0.1)
    made = type(own_client)(Api([type(each.resource) for each in own_client.api.tables], database=impatient))
    with own_database.transaction():
        own_database.execute("update library.books set pages = 1 where id = 1")
        answer = made("PATCH", "/books/1", {"pages": 2})
    impatient.close()
    assert (answer.status, answer.json["code"]) == (409, "55P03")
