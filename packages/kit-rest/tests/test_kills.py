"""A process that is killed in a write with an Idempotency-Key, at each place; the request is sent again."""

import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
from kit_db import Database
from kit_rest import Api, Resource
from kit_schemas import BaseSchema
from kit_testing.events import http_event

url, place = sys.argv[1:]

class Author(BaseSchema):
    id: int
    name: str

class Authors(Resource):
    entity = Author
    table = "library.authors"

    def before_create(self, rows, request):
        if place == "before the write":
            os._exit(9)
        return rows

    def after_create(self, rows, request):
        if place == "before the commit":
            os._exit(9)

api = Api([Authors], database=Database.from_url(url), idempotency="library.answers")
if place == "table":
    api.database.execute(api.idempotency_schema())
    sys.exit()
headers = {"Idempotency-Key": "k", "Prefer": "return=representation"}
answer = api(http_event("POST", "/authors", body={"name": "once"}, headers=headers))
if place == "before the answer":
    os._exit(9)
print(answer["statusCode"], answer["headers"].get("Idempotency-Replayed"), answer["body"])
"""


@pytest.mark.parametrize("place", ["before the write", "before the commit", "before the answer"])
def test_a_write_is_done_once(own_database, postgres_url, place):
    def run(where):
        command = [sys.executable, "-c", PROGRAM, postgres_url, where]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert run("table").returncode == 0
    killed = run(place)
    assert killed.returncode == 9, killed.stderr
    done = place == "before the answer"
    assert len(own_database.execute("select id from library.authors where name = 'once'")) == done
    again = run("")
    status, replayed, body = again.stdout.split(" ", 2)
    assert (status, replayed, '"once"' in body) == ("201", "true" if done else "None", True)
    assert len(own_database.execute("select id from library.authors where name = 'once'")) == 1
