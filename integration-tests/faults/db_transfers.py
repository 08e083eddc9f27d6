"""Move money between accounts while connections and the server are being killed; then count it.

    python integration-tests/faults/db_transfers.py [--transfers 10000] [--kills 6]

Every worker is what a warm function is to kit-db: one database, one connection. A transfer is three statements in one
transaction, with an id of its own that says afterwards whether it is there. Prints what happened as JSON, and exits 1
unless the sum is what it was, every transfer that was reported as committed is there, and no other is but those that
nobody could know about.
"""

import argparse
import json
import random
import sys
import threading
import time
from collections import Counter
from uuid import UUID, uuid4

from kit_db import CommitUnknownError, Database, DatabaseConnectionError, SerializationError, transactional
from kit_testing.servers import Postgres

ACCOUNTS, BALANCE, WORKERS = 20, 1000, 4
SCHEMA = """
create table accounts (id int primary key, balance int not null);
create table transfers (id uuid primary key, source int not null, target int not null, amount int not null);
"""


class Worker(threading.Thread):
    """Transfers until it has seen its share committed, and writes down what it was told of each attempt."""

    def __init__(self, url: str, share: int) -> None:
        super().__init__()
        self.database = Database.from_url(url, connect_wait=60, statement_timeout=10)
        self.told: dict[UUID, str] = {}
        self.tries = 0
        self._share = share
        self._transfer = transactional(database=self.database, isolation="repeatable read", retry=50)(self._statements)

    def run(self) -> None:
        while self._share:
            attempt = uuid4()
            self.told[attempt] = self._attempt(attempt)
            self._share -= self.told[attempt] == "committed"
        self.database.close()

    def _attempt(self, attempt: UUID) -> str:
        source, target = random.sample(range(ACCOUNTS), 2)
        try:
            self._transfer(attempt, source, target, random.randint(1, 50))
        except CommitUnknownError:
            return "unknown"
        except (DatabaseConnectionError, SerializationError) as error:
            return f"failed: {type(error).__name__}"
        return "committed"

    def _statements(self, attempt: UUID, source: int, target: int, amount: int) -> None:
        self.tries += 1
        run = self.database.run
        run("insert into transfers values (%s, %s, %s, %s)", [attempt, source, target, amount])
        run("update accounts set balance = balance - %s where id = %s", [amount, source])
        run("update accounts set balance = balance + %s where id = %s", [amount, target])


class Killer(threading.Thread):
    """Ends a random connection every few milliseconds, and now and then the whole server."""

    def __init__(self, server: Postgres, database: str, kills: int, workers: list[Worker]) -> None:
        super().__init__()
        self.counts = Counter({"connections": 0, "servers": 0})
        self.done = threading.Event()
        self._server = server
        self._name = database
        self._workers = workers
        share = sum(worker._share for worker in workers)
        self._left = [share * (kill + 1) // (kills + 1) for kill in range(kills)]

    def run(self) -> None:
        query = (
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = %s and pid <> pg_backend_pid() order by random() limit 1"
        )
        connection = self._server.connect()
        while not self.done.wait(random.uniform(0, 0.06)):
            if self._left and sum(worker._share for worker in self._workers) < self._left[-1]:
                self._left.pop()
                connection.close()
                (self._server.kill if len(self._left) % 2 else self._server.stop)()
                self._server.start()
                connection = self._server.connect()
                self.counts["servers"] += 1
                continue
            with connection.cursor() as cursor:
                cursor.execute(query, [self._name])
                self.counts["connections"] += cursor.rowcount
        connection.close()


def prepared(server: Postgres) -> tuple[str, str]:
    """Return the name and the URL of a database with the accounts."""
    server.ensure_database("bank", "bank", "bank")
    url = server.url_for("bank", "bank", "bank")
    database = Database.from_url(url)
    database.execute(SCHEMA)
    database.execute("insert into accounts select id, %s from generate_series(0, %s) as id", [BALANCE, ACCOUNTS - 1])
    database.close()
    return "bank", url


def checked(url: str, told: dict[UUID, str]) -> dict[str, object]:
    """Return what is in the database, against what was told."""
    database = Database.from_url(url, connect_wait=60)
    there = {row[0] for row in database.run("select id from transfers").rows}
    (row,) = database.run("select sum(balance)::int, count(*) from accounts").rows
    wrong = database.run(
        "select count(*) from accounts where balance <> %s"
        " + (select coalesce(sum(amount), 0) from transfers where target = accounts.id)"
        " - (select coalesce(sum(amount), 0) from transfers where source = accounts.id)",
        [BALANCE],
    ).rows[0][0]
    database.close()
    outcomes = {outcome: {each for each, said in told.items() if said == outcome} for outcome in set(told.values())}
    committed, unknown = outcomes.pop("committed", set()), outcomes.pop("unknown", set())
    return {
        "sum": row[0],
        "sum wanted": ACCOUNTS * BALANCE,
        "accounts that differ from their transfers": wrong,
        "reported committed": len(committed),
        "of these lost": len(committed - there),
        "reported failed": {outcome.partition(": ")[2]: len(ids) for outcome, ids in outcomes.items()},
        "of these there": sum(len(ids & there) for ids in outcomes.values()),
        "unknown": len(unknown),
        "of these there after all": len(unknown & there),
    }


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--transfers", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=6)
    arguments = parser.parse_args()
    begun = time.monotonic()
    with Postgres() as server:
        if server.external:
            sys.exit("the server belongs to somebody else, and is not for killing")
        name, url = prepared(server)
        workers = [Worker(url, arguments.transfers // WORKERS) for _ in range(WORKERS)]
        killer = Killer(server, name, arguments.kills, workers)
        for thread in (*workers, killer):
            thread.start()
        for worker in workers:
            worker.join()
        killer.done.set()
        killer.join()
        found = checked(url, {each: said for worker in workers for each, said in worker.told.items()})
    tries = sum(worker.tries for worker in workers)
    found |= {"killed": killer.counts, "attempts": tries, "seconds": round(time.monotonic() - begun, 1)}
    print(json.dumps(found, indent=2))
    right = found["sum"] == found["sum wanted"] and found["reported committed"] == arguments.transfers
    wrong = ("of these lost", "of these there", "accounts that differ from their transfers")
    sys.exit(not right or any(found[each] for each in wrong))


if __name__ == "__main__":
    main()
