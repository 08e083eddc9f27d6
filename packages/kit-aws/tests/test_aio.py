"""The twins that are awaited."""

import asyncio
import sys
import threading
from inspect import iscoroutinefunction, isfunction, signature
from subprocess import run
from typing import Any

import kit_aws
import pytest
from kit_aws import aio
from kit_core import invocation

# These ask AWS nothing. A client is boto3's: what it does is not awaited.
NO_TWIN = {"aws_errors", "clear_caches", "client", "get_endpoint", "get_signed_auth"}
FUNCTIONS = {name for name in kit_aws.__all__ if isfunction(getattr(kit_aws, name))}


def test_every_function_that_talks_to_aws_has_its_twin() -> None:
    assert {name for name, value in vars(aio).items() if iscoroutinefunction(value)} == FUNCTIONS - NO_TWIN


@pytest.mark.parametrize("name", sorted(FUNCTIONS - NO_TWIN))
def test_a_twin_has_the_same_signature_and_text(name: str) -> None:
    function, twin = getattr(kit_aws, name), getattr(aio, name)
    assert iscoroutinefunction(twin)
    assert signature(twin) == signature(function)
    assert twin.__doc__ == function.__doc__


def test_the_session_has_the_same_signatures() -> None:
    assert signature(aio.SignedSession) == signature(kit_aws.SignedSession)
    assert signature(aio.SignedSession.request) == signature(kit_aws.SignedSession.request)


def test_twins_do_what_the_functions_do(aws: Any) -> None:
    kit_aws.clear_caches()
    url = aws.client("sqs").create_queue(QueueName="loans")["QueueUrl"]

    async def all_at_once() -> Any:
        await aio.put_ssm_parameter("/aio/limit", "100")
        await aio.enqueue("loans", {"id": 7})
        return await asyncio.gather(
            aio.get_ssm_parameter("/aio/limit"), aio.get_ssm_parameters("/aio"), aio.get_account_id()
        )

    assert asyncio.run(all_at_once()) == ["100", {"/aio/limit": "100"}, aws.account]
    [message] = aws.client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == '{"id":7}'


def test_errors_come_through(aws: Any) -> None:
    with pytest.raises(kit_aws.ResourceNotFoundError):
        asyncio.run(aio.get_secret("none"))


def test_the_loop_goes_on_while_aws_does_not_answer(aws: Any, serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def answer(call: Any) -> Any:
        asked.set()
        assert go_on.wait(10)
        return 200, {}, b'"done"'

    monkeypatch.setenv("AWS_ENDPOINT_URL", serve(answer).url)

    async def meanwhile() -> Any:
        waiting = asyncio.create_task(aio.invoke("score", {}))
        while not asked.is_set():
            await asyncio.sleep(0.001)
        # The loop was free to see that the request is at the server; only now may that answer.
        assert not waiting.done()
        go_on.set()
        return await waiting

    assert asyncio.run(meanwhile()) == "done"


def test_context_variables_are_the_callers(aws: Any, serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kit_aws.clear_caches()
    url = aws.client("sqs").create_queue(QueueName="loans")["QueueUrl"]

    async def send() -> None:
        with invocation.enter(correlation_id="id-1"):
            await aio.enqueue("loans", 1)

    asyncio.run(send())
    [message] = aws.client("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert message["MessageAttributes"]["correlation_id"]["StringValue"] == "id-1"


def test_a_session_is_awaited(serve: Any) -> None:
    server = serve(lambda call: (200, {}, call.body))

    async def ask() -> bytes:
        with aio.SignedSession("execute-api", "eu-west-1", kit_aws.Credentials("a", "b")) as session:
            return (await session.request("POST", server.url, body=b"x")).body

    assert asyncio.run(ask()) == b"x"


def test_importing_the_package_does_not_import_asyncio() -> None:
    code = "import sys, kit_aws; assert not {'asyncio', 'kit_aws.aio'} & set(sys.modules)"
    assert run([sys.executable, "-c", code], check=False).returncode == 0
