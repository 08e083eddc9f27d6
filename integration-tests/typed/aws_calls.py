"""kit-aws under strict type checkers: the documented calls, and the types that come out of them."""

from typing import Any, assert_type

from kit_aws import (
    AwsError,
    SignedSession,
    aio,
    clear_caches,
    client,
    enqueue,
    enqueue_many,
    get_account_id,
    get_secret,
    get_secret_json,
    get_signed_auth,
    get_ssm_parameter,
    get_ssm_parameters,
    get_url,
    invoke,
    notify,
    post_form,
    presign,
    put_ssm_parameter,
    put_url,
)


def calls() -> None:
    """Call each function as its guide does."""
    put_ssm_parameter("/loans/limit", "10000.00")
    assert_type(get_ssm_parameter("/loans/limit", max_age=60), str)
    assert_type(get_ssm_parameters("/loans", recursive=True), dict[str, str])
    assert_type(get_secret("loans/tokens", force=True), str)
    database: Any = get_secret_json("loans/database")
    enqueue("loans", {"id": "7"}, delay_seconds=5, attributes={"kind": "loan"})
    enqueue_many("loans", ({"id": n} for n in range(25)))
    answer: Any = invoke("arn:aws:lambda:eu-west-1:1:function:f", {"a": 1}, timeout=5)
    assert_type(get_url("documents", "a.pdf", 60), str)
    assert_type(put_url("documents", "a.pdf", content_type="application/pdf"), str)
    assert_type(presign("GET", "https://example.com/", 60), str)
    assert_type(get_account_id(), str)
    form = post_form("documents", "a.pdf", size=(1, 5_000_000))
    session = SignedSession("execute-api")
    queue: Any = client("sqs", read_timeout=10)
    print(database, answer, form, session, queue, get_signed_auth("execute-api"))
    try:
        clear_caches()
    except AwsError as error:
        notify("alerts", "The import stopped", error)


async def awaited() -> None:
    """Await the same functions."""
    assert_type(await aio.get_ssm_parameter("/loans/limit"), str)
    assert_type(await aio.get_secret("loans/tokens"), str)
    await aio.enqueue("loans", {"limit": 1})
