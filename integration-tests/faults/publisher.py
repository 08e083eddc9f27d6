"""State facts, each with its event in one transaction, until killed; every third transaction is rolled back."""

import os
import random
import sys
from contextlib import suppress
from datetime import timedelta
from typing import NoReturn
from uuid import uuid4

from crashes import WatchedBus, WatchedDatabase, enter, kill_often
from facts import INVOICES, Stated
from kit_aws import client
from kit_events.outbox import Outbox


class UndoneError(Exception):
    """The transaction is given up."""


def state_a_fact(database: WatchedDatabase, outbox: Outbox) -> None:
    fact, invoice, kept = uuid4(), random.choice(INVOICES), random.random() < 0.67
    with suppress(UndoneError), database.transaction():
        enter("publishing")
        outbox.publish(Stated(invoice, fact, kept))
        enter("writing")
        # Its place is drawn while the outbox lets no other transaction write for the invoice.
        database.execute("insert into facts values (%s)", [fact])
        if not kept:
            enter("rolling back")
            raise UndoneError
        enter("committing")
    enter("between")


def work() -> NoReturn:
    WatchedDatabase.watched = (("with heads", "claiming"), ("delete", "sent, not marked"))
    database = WatchedDatabase.from_url(os.environ["DATABASE_URL"])
    database.execute("select 1")
    waiting = Outbox(database=database)
    sending = Outbox(database=database, bus=WatchedBus(), deliver="after_commit", lease=timedelta(seconds=1))
    while True:
        state_a_fact(database, random.choice([waiting, waiting, sending]))


client("sns")
PHASES = ["writing", "publishing", "rolling back", "committing", "claiming", "sending", "sent, not marked", "between"]
kill_often(work, phases=PHASES, kills=int(sys.argv[1]), longest=0.15)
