"""A database with the tables of the tests, and the running of documents."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kit_db import Database, set_default_database

TABLES = """
create table loans (
    id uuid primary key,
    amount numeric(12, 2) not null constraint amount_is_positive check (amount > 0),
    term integer not null,
    status text not null default 'requested',
    note text,
    created_at timestamptz not null default now()
);
create table documents (
    key text primary key,
    loan_id uuid not null constraint document_of_loan references loans (id) deferrable,
    size bigint not null
);
"""


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in tuple(os.environ):
        if name.startswith(("DB_", "KIT_DB_", "AWS_LAMBDA_")):
            monkeypatch.delenv(name)


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    """A database that is the default one as well, with the tables above."""
    made = Database.from_url(postgres_url)
    made.execute(TABLES)
    set_default_database(made)
    yield made
    set_default_database(None)
    made.close()


@pytest.fixture
def other(postgres_url: str) -> Iterator[Database]:
    """Somebody else on the same database."""
    made = Database.from_url(postgres_url)
    yield made
    made.close()


@pytest.fixture
def terminate(other: Database) -> Callable[[int], None]:
    """Ends a connection on the server's side, as an administrator or a failover does."""

    def end(pid: int) -> None:
        assert other.execute("select pg_terminate_backend(%s, 5000) as ended", [pid]) == [{"ended": True}]

    return end


@pytest.fixture
def run_document() -> Callable[[Path], dict[str, Any]]:
    """Runs the Python blocks of a document, in order, in one namespace."""

    def run(path: Path) -> dict[str, Any]:
        namespace: dict[str, Any] = {"__name__": "document"}
        text = path.read_text(encoding="utf-8")
        for block in re.finditer(r"^```python\n(.*?)^```", text, re.M | re.S):
            line = text.count("\n", 0, block.start(1))
            exec(compile("\n" * line + block[1], path, "exec"), namespace)
        return namespace

    return run
