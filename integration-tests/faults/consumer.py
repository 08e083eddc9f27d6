"""Work on the queue's messages as Lambda would, with an inbox, until killed."""

import os
import sys
from typing import Any, NoReturn

from crashes import WatchedDatabase, enter, kill_often
from kit_aws import client
from kit_events import EventRecord
from kit_events.inbox import PostgresInbox, once
from kit_handler import job


def handler(database: WatchedDatabase) -> Any:
    @job
    @once(name="effect", inbox=PostgresInbox(database=database))
    def effect(record: EventRecord) -> None:
        enter("working")
        database.execute("insert into effects values (%s)", [record.payload["fact"]])
        enter("committing")

    return effect


def consume(effect: Any, queue: str) -> int:
    """Take a batch, and delete what did not fail; return how many messages there were."""
    sqs = client("sqs")
    enter("receiving")
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=4, WaitTimeSeconds=0).get("Messages", [])
    if not messages:
        return 0
    records = [
        {"messageId": each["MessageId"], "receiptHandle": each["ReceiptHandle"], "body": each["Body"]}
        | {"eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:effects", "attributes": {}}
        for each in messages
    ]
    failed = {each["itemIdentifier"] for each in effect({"Records": records}, None)["batchItemFailures"]}
    done = [each for each in messages if each["MessageId"] not in failed]
    enter("deleting")
    entries = [{"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(done)]
    if entries:
        sqs.delete_message_batch(QueueUrl=queue, Entries=entries)
    return len(messages)


def work() -> NoReturn:
    WatchedDatabase.watched = (("insert into kit_inbox", "entering"),)
    WatchedDatabase.between = "entering"
    database = WatchedDatabase.from_url(os.environ["DATABASE_URL"])
    database.execute("select 1")
    effect = handler(database)
    while True:
        consume(effect, os.environ["QUEUE_URL"])


if __name__ == "__main__":
    client("sqs")
    PHASES = ["receiving", "entering", "working", "committing", "deleting"]
    kill_often(work, phases=PHASES, kills=int(sys.argv[1]), longest=0.15)
