"""How long a test waits for a database of its own: a copy of a template, against a server made for each test.

    python integration-tests/benchmarks/fresh_database.py

The peers are what a fixture does otherwise: `initdb` and a start for every test, and a start on a copied folder. Where
one database is enough for all tests, kit-db's `rolled_back` undoes what each has done.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from kit_db import Database
from kit_db.testing import rolled_back
from kit_testing.servers import Databases, Postgres
from kit_testing.servers.postgres.rehearsal import Rehearsals

ROUNDS = 15


def measured(action: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Return how many milliseconds each round took, the first of them left out."""
    taken = []
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        action()
        taken.append((time.perf_counter() - begun) * 1000)
    return taken[1:]


def with_initdb() -> None:
    """Make a server and nothing else, with nothing to copy."""
    with tempfile.TemporaryDirectory() as home:
        previous = os.environ.get("KIT_TESTING_HOME")
        os.environ["KIT_TESTING_HOME"] = home
        try:
            with Postgres():
                pass
        finally:
            if previous is None:
                del os.environ["KIT_TESTING_HOME"]
            else:
                os.environ["KIT_TESTING_HOME"] = previous


def with_a_copied_folder() -> None:
    """Make a server from the cached folder."""
    with Postgres():
        pass


def with_kit_db(url: str) -> list[float]:
    """Undo a statement of kit-db."""
    database = Database.from_url(url)

    def undone() -> None:
        with rolled_back(database):
            database.execute("insert into t1 values (1)")

    taken = measured(undone)
    database.close()
    return taken


def with_a_connection(url: str) -> list[float]:
    """Undo a statement of a connection whose commits are savepoints."""
    rehearsals = Rehearsals(url)

    def undone() -> None:
        with rehearsals.lend() as connection, connection, connection.cursor() as cursor:
            cursor.execute("insert into t1 values (1)")

    taken = measured(undone)
    rehearsals.close()
    return taken


def main() -> None:
    """Print the table."""
    with Postgres() as server, tempfile.TemporaryDirectory() as folder:
        Path(folder, "001.sql").write_text(
            "".join(
                f"create table t{n} (id int primary key, name text); create index on t{n} (name);" for n in range(20)
            )
        )
        rows = {}
        for name, migrations in (("empty", None), ("20 migrated tables", Path(folder))):
            databases = Databases(server, migrations)

            def fresh(databases: Databases = databases) -> None:
                with databases.fresh():
                    pass

            rows[f"template copy and drop, {name}"] = measured(fresh)
            if migrations is not None:
                with databases.fresh() as url:
                    rows["kit_db.testing.rolled_back"] = with_kit_db(url)
                    rows["postgres_connection of kit-testing"] = with_a_connection(url)
            databases.close()
        rows["server on a copied folder, start to stop"] = measured(with_a_copied_folder)
        rows["initdb and server, start to stop"] = measured(with_initdb, rounds=3)
        version = server.connect().info.server_version // 10000
    floor = statistics.median(rows["initdb and server, start to stop"])
    print(f"A database for one test, PostgreSQL {version}, milliseconds")
    print(f"{'':44}{'median':>8}{'worst':>8}{'of the time of initdb':>24}")
    for name, taken in rows.items():
        median = statistics.median(taken)
        print(f"{name:44}{median:8.2f}{max(taken):8.2f}{median / floor:24.2%}")


if __name__ == "__main__":
    main()
