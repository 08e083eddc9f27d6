"""Publishers, relays and consumers, killed 200 times each: nothing is lost, and nothing happens twice.

The processes, PostgreSQL and the HTTP between them and the local AWS are real, and so is SIGKILL.
"""

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import consumer
import pytest
from backend_process import wait_for
from facts import INVOICES, SCHEMA
from kit_db import Database
from kit_events.outbox import Outbox, Relay

FAULTS = Path(__file__).parent / "faults"

KILLS = 200
AT_A_TIME = 2


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    made = Database.from_url(postgres_url)
    made.execute(SCHEMA)
    yield made
    made.close()


class Bus:
    """A topic, what was sent to it, and the consumers' queue.

    The local AWS counts all messages of a queue whenever one is added, so both queues are kept short: a thread notes
    down what was sent, and another hands it to the consumers bit by bit.
    """

    def __init__(self, aws: Any) -> None:
        sns, self._sqs = aws.client("sns"), aws.client("sqs")
        self.topic = sns.create_topic(Name="facts")["TopicArn"]
        self._noted = self._sqs.create_queue(QueueName="noted")["QueueUrl"]
        self.effects = self._sqs.create_queue(QueueName="effects", Attributes={"VisibilityTimeout": "1"})["QueueUrl"]
        arn, raw = f"arn:aws:sqs:{aws.region}:{aws.account}:noted", {"RawMessageDelivery": "true"}
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
        self.sent: list[str] = []
        self.rounds = 0
        self._left: list[str] = []

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note down in `sent` what the topic is sent, in its order."""
        with running(self._note):
            yield
        while self._note():
            pass

    @contextmanager
    def handed_over(self) -> Iterator[None]:
        """Hand what was sent to the consumers, as they take it: all of it, and again while the block lasts."""
        self.rounds, self._left = 0, []
        with running(self._hand_over):
            yield

    def empty(self) -> bool:
        return self._waiting("") + self._waiting("NotVisible") == 0

    def _note(self) -> bool:
        messages = self._sqs.receive_message(QueueUrl=self._noted, MaxNumberOfMessages=10).get("Messages", [])
        self.sent += [each["Body"] for each in messages]
        entries = [{"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(messages)]
        if entries:
            self._sqs.delete_message_batch(QueueUrl=self._noted, Entries=entries)
        return bool(entries)

    def _hand_over(self) -> bool:
        if self._waiting("") > 40:
            return False
        if not self._left:
            self._left = list(reversed(self.sent))
            self.rounds += 1
        entries = [{"Id": str(n), "MessageBody": self._left.pop()} for n in range(min(10, len(self._left)))]
        self._sqs.send_message_batch(QueueUrl=self.effects, Entries=entries)
        return True

    def _waiting(self, which: str) -> int:
        name = f"ApproximateNumberOfMessages{which}"
        return int(self._sqs.get_queue_attributes(QueueUrl=self.effects, AttributeNames=[name])["Attributes"][name])


@contextmanager
def running(step: Callable[[], bool]) -> Iterator[None]:
    """Do a step again and again in a thread, with a rest after one that found nothing to do."""
    ended = threading.Event()

    def run() -> None:
        while not ended.is_set():
            if not step():
                ended.wait(0.02)

    with ThreadPoolExecutor(1) as thread:
        done = thread.submit(run)
        try:
            yield
        finally:
            ended.set()
    done.result()


def kill(program: str, **environment: str) -> Counter[str]:
    """Run a program's killer, two at a time, and return where the kills hit."""
    command = [sys.executable, FAULTS / f"{program}.py", str(KILLS // AT_A_TIME)]

    def run(_: int) -> Counter[str]:
        ended = subprocess.run(command, env=os.environ | environment, stdout=subprocess.PIPE, timeout=300, check=True)
        return Counter(json.loads(ended.stdout))

    with ThreadPoolExecutor(AT_A_TIME) as both:
        hits = sum(both.map(run, range(AT_A_TIME)), Counter())
    shown = ", ".join(f"{phase} {count}" for phase, count in hits.most_common())
    print(f"\n{program}: {hits.total()} kills: {shown}")
    assert hits.total() == KILLS
    return hits


def assert_hits(hits: Counter[str], *phases: str) -> None:
    """Check that the phases in which a crash matters were hit."""
    assert [phase for phase in phases if not hits[phase]] == []


def test_every_committed_event_has_its_effect_once(
    database: Database, postgres_url: str, aws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = Bus(aws)
    monkeypatch.setenv("EVENT_BUS", bus.topic)

    with bus.noted():
        hits = kill("publisher", DATABASE_URL=postgres_url)
        assert_hits(hits, "publishing", "writing", "committing", "rolling back", "sending", "sent, not marked")
        stated = count(database, "facts")
        hits = kill("relay", DATABASE_URL=postgres_url)
        assert_hits(hits, "claiming", "sending", "sent, not marked")
        left = count(database, "kit_outbox")
        wait_for(lambda: relayed(database), seconds=60)

    sent = [json.loads(body) for body in bus.sent]
    places = {str(row["id"]): row["place"] for row in database.execute("select id, place from facts")}
    print(f"{stated} facts of killed publishers, {len(places)} in all; {left} left behind by killed relays;", end=" ")
    print(f"{len(sent)} messages sent, {len(sent) - len(places)} of them for another time")
    assert {each["payload"]["fact"] for each in sent} == set(places)
    assert all(each["payload"]["kept"] for each in sent)
    assert_in_order(places, sent)

    with bus.handed_over():
        hits = kill("consumer", DATABASE_URL=postgres_url, QUEUE_URL=bus.effects)
        assert_hits(hits, "receiving", "entering", "working", "committing", "deleting")
        of_killed = count(database, "effects")
        effect = consumer.handler(database)
        while bus.rounds < 2:
            consumer.consume(effect, bus.effects)
    wait_for(lambda: consumer.consume(effect, bus.effects) == 0 and bus.empty(), seconds=120)
    effects = [str(row["fact"]) for row in database.execute("select fact from effects")]
    print(f"{of_killed} effects of killed consumers, {len(effects)} in all, {len(set(effects))} of them different")
    assert len(effects) == len(set(effects))
    assert set(effects) == set(places)


def relayed(database: Database) -> bool:
    """Relay what is due; tell whether nothing is left, as what was leased by the killed is due a little later."""
    Relay(Outbox(database=database)).run()
    return count(database, "kit_outbox") == 0


def count(database: Database, table: str) -> int:
    [row] = database.execute(f"select count(*) as n from {table}")
    return row["n"]


def assert_in_order(places: dict[str, int], sent: list[dict[str, Any]]) -> None:
    """Check that each invoice's events were first sent in the order in which their transactions were committed."""
    for invoice in map(str, INVOICES):
        first_sent = dict.fromkeys(each["payload"]["fact"] for each in sent if each["aggregate_id"] == invoice)
        order = [places[each] for each in first_sent]
        assert order == sorted(order)
