"""The event factories and the fake context."""

from typing import Any

import pytest
from kit_handler import Request, Response, route
from kit_handler.testing import (
    Client,
    InvalidAnswerError,
    LambdaContext,
    authorizer_event,
    failed_ids,
    http_event,
    s3_event,
    sqs_event,
)


def test_the_context_has_a_clock_that_runs() -> None:
    context = LambdaContext(timeout=10, function_name="f")
    left = context.get_remaining_time_in_millis()
    assert 9_000 < left <= 10_000
    context.spend(4)
    assert context.get_remaining_time_in_millis() <= left - 4_000
    context.spend(60)
    assert context.get_remaining_time_in_millis() == 0
    assert context.invoked_function_arn.endswith(":function:f")


def test_an_unknown_payload_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"3\.0"):
        http_event(version="3.0")


def test_an_empty_body_and_no_authorizer_are_left_out_as_api_gateway_does() -> None:
    event = http_event()
    assert "body" not in event
    assert "authorizer" not in event["requestContext"]
    assert http_event(version="1.0")["body"] is None


def test_rest_apis_leave_path_parameters_encoded_but_for_the_slashes_between() -> None:
    sent = {"id": "a/b", "rest": "c/d e"}
    event = http_event("GET", "/x", path_params=sent, resource="/{id}/{rest+}", version="1.0")
    assert event["pathParameters"] == {"id": "a%2Fb", "rest": "c/d%20e"}


def test_groups_make_a_fifo_queue() -> None:
    plain, fifo = sqs_event([{"a": 1}], queue="jobs"), sqs_event(["a"], queue="jobs", groups=["g"])
    assert plain["Records"][0]["eventSourceARN"].endswith(":jobs")
    assert plain["Records"][0]["body"] == '{"a": 1}'
    assert fifo["Records"][0]["eventSourceARN"].endswith(":jobs.fifo")
    assert fifo["Records"][0]["attributes"]["MessageGroupId"] == "g"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "statusCode"),
        ({"statusCode": "200"}, "statusCode"),
        ({"statusCode": 2000}, "between"),
        ({"statusCode": 200, "batchItemFailures": []}, "knows no"),
        ({"statusCode": 200, "multiValueHeaders": {}}, "knows no"),
        ({"statusCode": 200, "body": {"a": 1}}, "body"),
        ({"statusCode": 200, "headers": {"a": 1}}, "texts"),
        ({"statusCode": 200, "headers": {"a": "b\r\nc: d"}}, "line breaks"),
    ],
)
def test_the_client_refuses_what_aws_would_refuse(answer: Any, reason: str) -> None:
    with pytest.raises(InvalidAnswerError, match=reason) as caught:
        Client(lambda event, context: answer).get()
    assert caught.value.answer is answer


def test_the_client_sends_every_method_and_what_it_was_told_for_all() -> None:
    seen: list[Any] = []

    @route
    def note(request: Request) -> Response:
        authorizer = request.authorizer or {}
        seen.append((request.method, request.path, request.body, request.headers["x-a"], authorizer["roles"]))
        assert request.context.get_remaining_time_in_millis() <= 5000
        return Response.no_content()

    client = Client(note, headers={"X-A": "1"}, authorizer={"roles": "A"}, timeout=5)
    for call in (client.get, client.head, client.options, client.delete):
        call("/a")
    for send in (client.post, client.put, client.patch):
        assert send("/b", {"c": 1}, headers={"X-A": "2"}, authorizer={"roles": "B"}).content == b""
    assert [method for method, *_ in seen] == ["GET", "HEAD", "OPTIONS", "DELETE", "POST", "PUT", "PATCH"]
    assert {tuple(rest[0:1] + rest[2:]) for _, *rest in seen} == {("/a", "1", "A"), ("/b", "2", "B")}


def test_the_client_keeps_cookies_until_they_are_deleted() -> None:
    @route
    def cookies(request: Request) -> Response:
        response = Response.ok(request.cookies)
        return response.delete_cookie("a") if request.cookies else response.set_cookie("a", "1")

    client = Client(cookies)
    assert [client.get().json()["data"] for _ in range(3)] == [{}, {"a": "1"}, {}]


def test_failed_ids_takes_batch_answers_alone() -> None:
    assert failed_ids({"batchItemFailures": [{"itemIdentifier": "a"}]}) == ["a"]
    for answer in (None, {}, {"statusCode": 200}, {"batchItemFailures": [{"id": "a"}]}):
        with pytest.raises(AssertionError):
            failed_ids(answer)


def test_a_message_says_how_often_it_was_received_and_what_it_carries() -> None:
    [message] = sqs_event(["é"], receives=4, attributes={"x-correlation-id": "c-1"})["Records"]
    assert message["attributes"]["ApproximateReceiveCount"] == "4"
    assert message["messageAttributes"]["x-correlation-id"]["stringValue"] == "c-1"
    assert len(message["md5OfBody"]) == 32


def test_keys_are_encoded_and_removed_objects_have_no_size() -> None:
    [record] = s3_event(["a b/ü+c.txt"])["Records"]
    assert record["s3"]["object"]["key"] == "a+b/%C3%BC%2Bc.txt"
    [removed] = s3_event(["a"], name="ObjectRemoved:Delete")["Records"]
    assert "size" not in removed["s3"]["object"]


def test_an_unknown_kind_of_authorizer_is_an_error() -> None:
    with pytest.raises(ValueError, match="kind"):
        authorizer_event("3.0")
