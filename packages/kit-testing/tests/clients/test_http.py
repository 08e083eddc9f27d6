"""The client of HTTP payloads."""

import json
from http.cookies import SimpleCookie
from typing import Any

import pytest
from kit_testing import Answer, Client, InvalidAnswerError
from kit_testing.clients import AnswerHeaders, read_answer
from kit_testing.events import PAYLOADS


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "statusCode"),
        ({"statusCode": "200"}, "statusCode"),
        ({"statusCode": 2000}, "between"),
        ({"statusCode": 200, "batchItemFailures": []}, "knows no"),
        ({"statusCode": 200, "multiValueHeaders": {}}, "knows no"),
        ({"statusCode": 200, "body": {"a": 1}}, "a body is text"),
        ({"statusCode": 200, "body": "a", "isBase64Encoded": True}, "cannot be sent"),
        ({"statusCode": 200, "body": "\ud800"}, "cannot be sent"),
        ({"statusCode": 200, "headers": {"a": 1}}, "texts"),
        ({"statusCode": 200, "headers": {"a": "b\r\nc: d"}}, "line breaks"),
    ],
)
def test_answers_that_aws_refuses_are_refused(answer: Any, reason: str) -> None:
    with pytest.raises(InvalidAnswerError, match=reason) as caught:
        Client(lambda event, context: answer).get()
    assert caught.value.answer is answer
    assert isinstance(caught.value, AssertionError)


def test_every_method_is_sent_with_the_clients_headers_and_authorizer() -> None:
    seen: list[Any] = []

    def handler(event: Any, context: Any) -> Any:
        http = event["requestContext"]["http"]
        roles = event["requestContext"]["authorizer"]["lambda"]["roles"]
        seen.append((http["method"], http["path"], event.get("body"), event["headers"]["x-a"], roles))
        assert context.get_remaining_time_in_millis() <= 5000
        return {"statusCode": 204}

    client = Client(handler, headers={"X-A": "1"}, authorizer={"roles": "A"}, timeout=5)
    for call in (client.get, client.head, client.options, client.delete):
        call("/a")
    for send in (client.post, client.put, client.patch):
        assert send("/b", {"c": 1}, headers={"X-A": "2"}, authorizer={"roles": "B"}).content == b""
    assert [method for method, *_ in seen] == ["GET", "HEAD", "OPTIONS", "DELETE", "POST", "PUT", "PATCH"]
    assert {tuple(rest) for _, *rest in seen} == {("/a", None, "1", "A"), ("/b", '{"c": 1}', "2", "B")}


def test_cookies_are_kept_until_they_are_deleted() -> None:
    def handler(event: Any, context: Any) -> Any:
        sent = event.get("cookies", [])
        return {"statusCode": 200, "cookies": ["a=; Max-Age=0" if sent else "a=1; Path=/"], "body": json.dumps(sent)}

    client = Client(handler)
    assert [client.get().json() for _ in range(3)] == [[], ["a=1"], []]


@pytest.mark.parametrize("version", PAYLOADS)
def test_a_request_and_its_answer_in_every_payload(version: str) -> None:
    def handler(event: Any, context: Any) -> Any:
        names = ("multiValueQueryStringParameters", "queryStringParameters", "query_string_parameters")
        queries = next(event[name] for name in names if event.get(name))
        many = "multiValueHeaders" if version in ("alb-multi",) else "headers"
        value = {"X-Ids": [str(queries["ids"])] if many == "multiValueHeaders" else str(queries["ids"])}
        return {"statusCode": 200, many: value, "body": "w6k=", "isBase64Encoded": True}

    answer = Client(handler, version=version).get("/a?ids=7")
    assert (answer.status, answer.text) == (200, "é")
    assert answer.headers["x-IDS"] in ("7", "['7']")


def test_headers_are_found_in_any_case_and_joined() -> None:
    fields = {"A": ["1"], "a": ["2"], "Set-Cookie": ["a=1", "b=2; HttpOnly"]}
    answer = Client(lambda event, context: {"statusCode": 200, "multiValueHeaders": fields}, version="1.0").get()
    assert isinstance(answer, Answer)
    assert isinstance(answer.headers, AnswerHeaders)
    assert dict(answer.headers) == {"a": "1, 2"}
    assert ("A" in answer.headers, "b" in answer.headers) == (True, False)
    assert [SimpleCookie(cookie).popitem()[1].value for cookie in answer.set_cookies] == ["1", "2"]


@pytest.mark.parametrize(
    ("version", "key"), [("1.0", "multiValueHeaders"), ("2.0", "cookies"), ("alb", "statusDescription")]
)
def test_an_answer_is_read_by_the_keys_of_its_payload(version: str, key: str) -> None:
    value = {"multiValueHeaders": {}, "cookies": [], "statusDescription": "200 OK"}[key]
    assert read_answer({"statusCode": 200, key: value}, version=version).status == 200
    with pytest.raises(InvalidAnswerError, match=r"payload websocket knows no \['cookies'\]"):
        read_answer({"statusCode": 200, "cookies": []}, version="websocket")
