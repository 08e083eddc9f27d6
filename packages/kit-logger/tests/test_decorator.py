import asyncio
import contextvars
import inspect
import threading
import types
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from kit_logger import inject, inject_request, logger


def test_the_invocations_keys(lines, context):
    @inject
    def handler(event, context):
        logger.info("during")

    handler({}, context)
    (line,) = lines()
    assert line["function_name"] == "loans-get"
    assert line["function_memory_size"] == 256
    assert line["function_arn"] == context.invoked_function_arn
    assert line["function_request_id"] == context.aws_request_id
    assert line["cold_start"] in (True, False)


def test_only_the_first_invocation_is_a_cold_start(run):
    code = """
        from kit_logger import inject, inject_request, logger
        handler = inject(lambda event, context: logger.info("x"))
        handler({}, None)
        handler({}, None)
    """
    assert [line["cold_start"] for line in run(code).lines] == [True, False]
    provisioned = run(code, AWS_LAMBDA_INITIALIZATION_TYPE="provisioned-concurrency")
    assert [line["cold_start"] for line in provisioned.lines] == [False, False]


@pytest.mark.parametrize("fails", [False, True])
def test_keys_are_gone_after_the_invocation(lines, context, fails):
    @inject
    def handler(event, context):
        logger.append_keys(order="o-1")
        logger.thread_safe_append_keys(item="i-1")
        logger.info("during")
        if fails:
            raise ValueError("x")

    if fails:
        with pytest.raises(ValueError, match="x"):
            handler({}, context)
    else:
        handler({}, context)
    logger.info("after")
    during, after = lines()
    assert (during["order"], during["item"]) == ("o-1", "i-1")
    assert not {"order", "item", "function_name", "cold_start"} & set(after)


def test_keys_can_be_taken_back(lines):
    logger.append_keys(lasting="1", other="2")

    @inject
    def handler(event, context):
        logger.append_keys(mine="3")
        logger.remove_keys(["lasting", "mine"])
        logger.info("one")
        logger.append_keys(mine="4")
        logger.clear_state()
        logger.info("two")
        with logger.append_context_keys(scoped="5"):
            logger.info("three")

    handler({}, None)
    logger.info("four")
    logger.remove_keys(["lasting", "other"])
    logger.info("five")
    names = ("lasting", "other", "mine", "scoped")
    assert [{name for name in names if name in line} for line in lines()] == [
        {"other"},
        {"lasting", "other"},
        {"lasting", "other", "scoped"},
        {"lasting", "other"},
        set(),
    ]


def test_invocations_at_the_same_time_keep_their_keys_apart(lines):
    barrier = threading.Barrier(4)

    @inject
    def handler(event, context):
        logger.append_keys(order=event["id"])
        for _ in range(20):
            barrier.wait(10)
            logger.info("x")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: handler({"id": f"o-{n}"}, None), range(4)))
    found = lines()
    assert len(found) == 80
    assert all(line["order"] == line["correlation_id"] for line in found)


def test_tasks_at_the_same_time_keep_their_keys_apart(lines):
    @inject
    async def handler(event, context):
        logger.append_keys(order=event["id"])
        for _ in range(5):
            await asyncio.sleep(0)
            logger.info("x")
        return event["id"]

    async def main():
        return await asyncio.gather(*(handler({"id": f"o-{n}"}, None) for n in range(4)))

    assert inspect.iscoroutinefunction(handler)
    assert asyncio.run(main()) == ["o-0", "o-1", "o-2", "o-3"]
    found = lines()
    assert len(found) == 20
    assert all(line["order"] == line["correlation_id"] for line in found)


def test_keys_from_a_thread_of_one_of_several_invocations_stay_in_the_thread(lines):
    both = threading.Barrier(2)

    @inject
    def handler(event, context):
        def work():
            logger.append_keys(order=event["id"], gone=1)
            logger.remove_keys(["gone"])
            logger.info("in the thread")

        both.wait(10)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        both.wait(10)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda n: handler({"id": f"o-{n}"}, None), range(2)))
    logger.info("after")
    *during, after = lines()
    assert {line["order"] for line in during} == {"o-0", "o-1"}
    assert "order" not in after
    assert not any("gone" in line for line in during)


def test_a_request_in_another_thread_is_not_taken_for_part_of_the_invocation(lines):
    def answer(request):
        logger.append_keys(mine=1)
        logger.info("other")

    @inject
    def handler(event, context):
        thread = threading.Thread(target=inject_request, args=(SimpleNamespace(event={"id": "e-2"}), answer))
        thread.start()
        thread.join()
        logger.info("own")

    handler({"id": "e-1"}, None)
    other, own = lines()
    assert (other["correlation_id"], own["correlation_id"]) == ("e-2", "e-1")
    assert "mine" not in own


def test_keys_of_a_thread_that_were_there_before_stay(lines):
    logger.thread_safe_append_keys(before=1)

    @inject
    def handler(event, context):
        logger.thread_safe_append_keys(during=1)
        logger.thread_safe_remove_keys(["before"])
        logger.info("x")

    handler({}, None)
    logger.info("y")
    logger.thread_safe_clear_keys()
    assert [{"before", "during"} & set(line) for line in lines()] == [{"during"}, {"before"}]


def test_an_invocation_that_is_broken_off_leaves_nothing():
    from kit_logger.scopes import any_running

    def broken_off(event):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        inject(correlation_id=broken_off)(lambda event, context: None)({}, None)

    @types.coroutine
    def waiting():
        yield

    @inject
    async def endless(event, context):
        await waiting()

    coroutine = endless({}, None)
    contextvars.copy_context().run(coroutine.send, None)
    assert any_running()
    coroutine.close()  # as when nobody waits for it, and it is collected
    assert not any_running()


def test_an_inner_handler_leaves_the_outers_keys(lines):
    @inject
    def inner(event, context):
        logger.append_keys(inner=1)
        logger.info("inner")

    @inject
    def outer(event, context):
        logger.append_keys(outer=1)
        logger.thread_safe_append_keys(safe=1)
        inner({"id": "in"}, context)
        logger.info("outer")

    outer({"id": "out"}, None)
    first, second = lines()
    assert (first["correlation_id"], second["correlation_id"]) == ("in", "out")
    assert (second["outer"], second["safe"]) == (1, 1)
    assert "inner" not in second


class Odd:
    """An event and a context that nobody expects."""

    def __getattr__(self, name):
        raise RuntimeError(name)

    def __str__(self):
        raise RuntimeError("no text")


def made(value):
    """Make the odd objects in an event; pytest itself couldn't name them."""
    if isinstance(value, dict):
        return {key: made(item) for key, item in value.items()}
    if isinstance(value, list):
        return [made(item) for item in value]
    return value() if value is Odd else value


@pytest.mark.parametrize("event", [None, [], "text", 7, Odd, {"headers": Odd}, {"Records": [Odd]}], ids=str)
@pytest.mark.parametrize("context", [None, {}, Odd], ids=str)
def test_no_event_makes_an_invocation_fail(event, context):
    event, context = made(event), made(context)

    @inject(log_event=True)
    def handler(event, context=None):
        logger.info("x", extra={"event": event, "context": context})
        return "done"

    assert handler(event, context) == "done"
    assert handler(event) == "done"
    assert handler(event=event, context=context) == "done"


def test_an_odd_context_is_said_once(run):
    shown = run("""
        from kit_logger import inject, inject_request, logger

        class Odd:
            def __getattr__(self, name):
                raise RuntimeError(name)

        handler = inject(lambda event, context: logger.info("x"))
        handler({}, Odd())
        handler({}, Odd())
    """)
    assert sorted(line["message"] for line in shown.lines if line["level"] == "WARNING") == [
        "the context cannot be read: RuntimeError",
        "the event's correlation id cannot be read: RuntimeError",
    ]
    assert [line["message"] for line in shown.lines if line["level"] == "INFO"] == ["x", "x"]


def test_the_event_is_logged_without_its_secrets(lines, monkeypatch):
    event = {"headers": {"authorization": "Bearer abc", "accept": "x"}, "body": '{"password": "abc", "a": 1}'}

    @inject(log_event=True)
    def handler(event, context):
        pass

    @inject
    def quiet(event, context):
        pass

    @inject
    def later(event, context):
        pass

    handler(event, None)
    (line,) = lines()
    assert line["event"] == {
        "headers": {"authorization": "[redacted]", "accept": "x"},
        "body": '{"password": "[redacted]", "a": 1}',
    }
    quiet(event, None)
    assert lines() == []
    monkeypatch.setenv("POWERTOOLS_LOGGER_LOG_EVENT", "true")
    later(event, None)
    assert len(lines()) == 1
    assert event["headers"]["authorization"] == "Bearer abc"


def test_the_signature_is_kept():
    @inject
    def handler(event: dict, context: object = None) -> dict:
        """Handle it."""
        return event

    assert handler.__name__ == "handler"
    assert handler.__doc__ == "Handle it."
    assert str(inspect.signature(handler)) == "(event: dict, context: object = None) -> dict"


def test_unknown_options_are_refused():
    with pytest.raises(TypeError):
        inject(clear=True)
