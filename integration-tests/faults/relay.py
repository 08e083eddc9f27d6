"""Relay what waits in the outbox until killed; state more facts whenever nothing is left to relay."""

import os
import random
import sys
from datetime import timedelta
from typing import NoReturn
from uuid import uuid4

from crashes import WatchedBus, WatchedDatabase, kill_often
from facts import INVOICES, Stated
from kit_aws import client
from kit_events.outbox import Outbox, Relay


def state_facts(database: WatchedDatabase, outbox: Outbox) -> None:
    facts = [Stated(invoice, uuid4()) for invoice in random.choices(INVOICES, k=10)]
    with database.transaction():
        outbox.publish_many(facts)
        database.execute("insert into facts select unnest(%s)", [[each.fact for each in facts]])


def work() -> NoReturn:
    WatchedDatabase.watched = (("with heads", "claiming"), ("delete", "sent, not marked"))
    database = WatchedDatabase.from_url(os.environ["DATABASE_URL"])
    database.execute("select 1")
    outbox = Outbox(database=database, bus=WatchedBus(), lease=timedelta(seconds=0.4))
    relay = Relay(outbox, batch=5)
    while True:
        relay.run()
        state_facts(database, outbox)


client("sns")
PHASES = ["claiming", "sending", "sent, not marked", "between"]
kill_often(work, phases=PHASES, kills=int(sys.argv[1]), longest=0.2)
