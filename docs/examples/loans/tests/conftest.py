"""What the functions find around them: a migrated database, a topic, a bucket, a cache; all real but AWS."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kit_aws
import kit_db
import pytest
from kit_testing.events import http_event

FOLDER = Path(__file__).parent.parent
PROFILE = "5b1f3c1e-6f0b-4f0e-9d0a-000000000001"


@pytest.fixture(scope="session")
def postgres_template() -> Path:
    return FOLDER / "migrations"


@pytest.fixture(autouse=True)
def surroundings(postgres_url: str, redis_url: str, aws: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    kit_aws.clear_caches()
    database = kit_db.Database.from_url(postgres_url)
    kit_db.set_default_database(database)
    monkeypatch.setenv("KIT_CACHE_REDIS_URL", redis_url)
    topic = aws.client("sns").create_topic(Name="loans")["TopicArn"]
    monkeypatch.setenv("EVENT_BUS", topic)
    monkeypatch.setenv("DOCUMENTS_BUCKET", "documents")
    yield
    database.close()
    kit_db.set_default_database(None)


@pytest.fixture
def events(aws: Any) -> Any:
    """Return a callable that hands out what has been published since the last call."""
    sqs, sns = aws.client("sqs"), aws.client("sns")
    queue = sqs.create_queue(QueueName="seen")["QueueUrl"]
    arn = f"arn:aws:sqs:{aws.region}:{aws.account}:seen"
    [topic] = [t["TopicArn"] for t in sns.list_topics()["Topics"]]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def receive() -> list[dict[str, Any]]:
        return sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])

    return receive


@pytest.fixture
def officer() -> Callable[..., dict[str, Any]]:
    """Return a callable that makes the event of a request by somebody who may do everything."""

    def event(method: str, path: str, **options: Any) -> dict[str, Any]:
        caller = {"profile_id": PROFILE, "roles": "LOAN_CREATE,LOAN_VIEW"}
        return http_event(method, path, authorizer=caller, **options)

    return event
