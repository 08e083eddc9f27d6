"""Many messages at once."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import kit_aws
import pytest

Entry = dict[str, Any]


class Sqs:
    """An endpoint that takes what `refuse` does not give a reason against, and keeps what it took in its order."""

    def __init__(self, serve: Any) -> None:
        self.refuse: Callable[[str, int], tuple[str, bool] | None] = lambda body, tries: None
        self.breaks: Callable[[int], bool] = lambda call: False
        self.hangs_up: Callable[[int], bool] = lambda call: False
        self.batches: list[list[Entry]] = []
        self.taken: list[str] = []
        self.tries: Counter[str] = Counter()
        self.waits: list[float] = []
        self.url = serve(self.answer).url

    def answer(self, call: Any) -> Any:
        request = json.loads(call.body)
        if call.headers["X-Amz-Target"].endswith("GetQueueUrl"):
            return reply({"QueueUrl": f"{self.url}/123456789012/{request['QueueName']}"})
        entries = request["Entries"]
        self.batches.append(entries)
        if self.breaks(len(self.batches)):
            return 403, {}, b'{"__type": "AccessDeniedException", "message": "no"}'
        results: dict[str, list[Any]] = {"Successful": [], "Failed": []}
        for entry in entries:
            body = entry["MessageBody"]
            self.tries[body] += 1
            reason = self.refuse(body, self.tries[body])
            if reason is None:
                self.taken.append(body)
                results["Successful"].append({"Id": entry["Id"], "MessageId": "1", "MD5OfMessageBody": md5(body)})
            else:
                failed = {"Id": entry["Id"], "Code": reason[0], "SenderFault": reason[1], "Message": "later"}
                results["Failed"].append(failed)
        if self.hangs_up(len(self.batches)):
            raise ConnectionError("before the answer")
        return reply(results)


def md5(text: str) -> str:
    from hashlib import md5 as digest

    return digest(text.encode()).hexdigest()


def reply(content: Any) -> Any:
    return 200, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(content).encode()


@pytest.fixture
def sqs(aws: Any, serve: Any, monkeypatch: pytest.MonkeyPatch) -> Sqs:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    endpoint = Sqs(serve)
    endpoint.waits = waits
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
    return endpoint


def test_messages_go_ten_to_a_call(sqs: Sqs) -> None:
    kit_aws.enqueue_many("loans", ({"n": n} for n in range(23)))
    assert [len(batch) for batch in sqs.batches] == [10, 10, 3]
    assert sqs.taken == [f'{{"n":{n}}}' for n in range(23)]


def test_no_call_is_larger_than_sqs_takes(sqs: Sqs) -> None:
    kit_aws.enqueue_many("loans", ["x" * 400_000, "y" * 400_000, "z" * 400_000, "small"])
    assert [[len(entry["MessageBody"]) for entry in batch] for batch in sqs.batches] == [[400_002] * 2, [400_002, 7]]


def test_what_arrives_is_what_a_queue_of_aws_would_hold(aws: Any) -> None:
    url = aws.client("sqs").create_queue(QueueName="loans")["QueueUrl"]
    kit_aws.enqueue_many("loans", range(25), attributes={"kind": "test"})
    found = []
    while (
        messages := aws.client("sqs")
        .receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        .get("Messages")
    ):
        found += messages
    assert sorted(int(message["Body"]) for message in found) == list(range(25))
    assert {message["MessageAttributes"]["kind"]["StringValue"] for message in found} == {"test"}


def test_nothing_is_sent_for_no_messages(sqs: Sqs) -> None:
    kit_aws.enqueue_many("loans", [])
    assert sqs.batches == []


def test_only_what_was_not_taken_is_sent_again(sqs: Sqs) -> None:
    sqs.refuse = lambda body, tries: ("InternalError", False) if body in "37" and tries < 3 else None
    kit_aws.enqueue_many("loans", range(10))
    assert sqs.tries == {str(n): 3 if n in (3, 7) else 1 for n in range(10)}
    assert sorted(sqs.taken) == [str(n) for n in range(10)]


def test_what_the_sender_did_wrong_is_not_sent_again(sqs: Sqs) -> None:
    sqs.refuse = lambda body, tries: ("InvalidMessageContents", True) if body == "4" else None
    with pytest.raises(kit_aws.BatchError) as caught:
        kit_aws.enqueue_many("loans", range(12))
    assert caught.value.failures == (kit_aws.Failure(4, "InvalidMessageContents", "later"),)
    assert caught.value.failures[0].index == 4
    assert (caught.value.code, caught.value.resource) == ("InvalidMessageContents", "loans")
    assert str(caught.value) == "SendMessageBatch for 'loans' failed for 1: 4: InvalidMessageContents: later"
    assert sqs.tries["4"] == 1
    assert len(sqs.taken) == 11


def test_what_is_never_taken_is_named_after_five_tries(sqs: Sqs) -> None:
    sqs.refuse = lambda body, tries: ("InternalError", False) if body == "1" else None
    with pytest.raises(kit_aws.BatchError) as caught:
        kit_aws.enqueue_many("loans", range(3))
    assert [(each.index, each.code) for each in caught.value.failures] == [(1, "InternalError")]
    assert sqs.tries["1"] == 5
    assert len(sqs.waits) == 4
    assert all(0 <= wait <= longest for wait, longest in zip(sqs.waits, (0.2, 0.4, 0.8, 1.6), strict=True))


def test_groups_of_a_fifo_queue_keep_their_order_whatever_fails_for_a_while(sqs: Sqs) -> None:
    sqs.refuse = lambda body, tries: ("InternalError", False) if tries == 1 and int(body) % 3 == 0 else None
    kit_aws.enqueue_many("loans.fifo", range(40), message_group_id=lambda n: f"group-{n % 4}")
    assert len(sqs.taken) == 40
    for group in range(4):
        assert [int(body) for body in sqs.taken if int(body) % 4 == group] == list(range(group, 40, 4))


def test_after_a_failure_nothing_later_of_its_group_is_sent(sqs: Sqs) -> None:
    sqs.refuse = lambda body, tries: ("InvalidParameterValue", True) if body == "2" else None
    with pytest.raises(kit_aws.BatchError) as caught:
        kit_aws.enqueue_many("loans.fifo", range(9), message_group_id=lambda n: f"group-{n % 2}")
    assert [(each.index, each.code) for each in caught.value.failures] == [
        (2, "InvalidParameterValue"),
        (4, "NotSent"),
        (6, "NotSent"),
        (8, "NotSent"),
    ]
    assert caught.value.code is None
    assert sorted(sqs.taken) == ["0", "1", "3", "5", "7"]


def test_many_groups_fill_the_calls(sqs: Sqs) -> None:
    kit_aws.enqueue_many("loans.fifo", range(100), message_group_id=lambda n: f"group-{n % 10}")
    assert [len(batch) for batch in sqs.batches] == [10] * 10


def test_options_may_differ_between_messages(sqs: Sqs) -> None:
    kit_aws.enqueue_many(
        "loans.fifo",
        [1, 2],
        message_group_id="all",
        message_deduplication_id=lambda n: f"id-{n}",
        attributes=lambda n: {"n": n},
    )
    [first], [second] = sqs.batches
    assert (first["MessageGroupId"], first["MessageDeduplicationId"]) == ("all", "id-1")
    assert second["MessageAttributes"] == {"n": {"DataType": "Number", "StringValue": "2"}}


def test_a_call_that_fails_as_a_whole_is_its_own_error_when_nothing_was_sent(sqs: Sqs) -> None:
    sqs.breaks = lambda call: True
    with pytest.raises(kit_aws.AccessDeniedError):
        kit_aws.enqueue_many("loans", range(3))


def test_a_call_that_fails_later_leaves_the_rest_named_and_unsent(sqs: Sqs) -> None:
    sqs.breaks = lambda call: call == 2
    with pytest.raises(kit_aws.BatchError) as caught:
        kit_aws.enqueue_many("loans", range(25))
    codes = [(each.index, each.code) for each in caught.value.failures]
    assert codes == [(n, "AccessDeniedException") for n in range(10, 20)] + [(n, "NotSent") for n in range(20, 25)]
    assert isinstance(caught.value.__cause__, kit_aws.AccessDeniedError)
    assert not any(each.unknown for each in caught.value.failures)
    assert len(sqs.batches) == 2


def test_of_a_call_without_an_answer_it_is_told_that_the_outcome_is_unknown(sqs: Sqs) -> None:
    sqs.hangs_up = lambda call: call >= 2
    with pytest.raises(kit_aws.BatchError) as caught:
        kit_aws.enqueue_many("loans", range(25))
    failures = caught.value.failures
    assert [each.index for each in failures if each.unknown] == list(range(10, 20))
    assert [(each.index, each.code) for each in failures if not each.unknown] == [(n, "NotSent") for n in range(20, 25)]
    assert isinstance(caught.value.__cause__, kit_aws.AwsConnectionError)
    assert set(map(str, range(10, 20))) <= set(sqs.taken)  # as unknown as that


def test_nothing_is_sent_when_one_message_cannot_be_written(sqs: Sqs) -> None:
    with pytest.raises(TypeError, match="has no form in JSON") as caught:
        kit_aws.enqueue_many("loans", [*range(30), object()])
    assert caught.value.__notes__ == ["This was the message with index 30; none has been sent."]
    with pytest.raises(kit_aws.PayloadTooLargeError, match="The message 1 has"):
        kit_aws.enqueue_many("loans", ["small", "x" * 1_048_577])
    assert sqs.batches == []


def test_an_unknown_queue_is_an_error_of_its_own(aws: Any) -> None:
    with pytest.raises(kit_aws.ResourceNotFoundError):
        kit_aws.enqueue_many("none", [1])
