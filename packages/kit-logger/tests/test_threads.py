"""Keys of threads end with the invocation in which they were appended, also in threads of a pool, which go on."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from kit_logger import inject, logger


@pytest.fixture
def pool():
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.mark.parametrize("method", ["thread_safe_append_keys", "append_keys"])
def test_keys_of_a_pooled_thread_never_reach_the_next_invocation(lines, pool, method):
    @inject
    def handler(event, context):
        def work():
            if event["user"]:
                getattr(logger, method)(user=event["user"])
            logger.info("work")
            return logger.thread_safe_get_current_keys()

        return pool.submit(work).result()

    handler({"user": "ann"}, None)
    assert handler({"user": None}, None) == {}
    pool.submit(logger.info, "between").result()
    assert [line.get("user") for line in lines()] == ["ann", None, None]


def test_keys_that_a_pooled_thread_had_before_come_back(lines, pool):
    pool.submit(logger.thread_safe_append_keys, worker="w-1").result()

    @inject
    def handler(event, context):
        pool.submit(logger.thread_safe_append_keys, user="ann").result()
        pool.submit(logger.info, "both").result()
        pool.submit(logger.thread_safe_remove_keys, ["worker"]).result()
        pool.submit(logger.info, "one").result()
        pool.submit(logger.thread_safe_clear_keys).result()
        pool.submit(logger.info, "none").result()

    handler({}, None)
    pool.submit(logger.info, "after").result()
    assert [(line.get("worker"), line.get("user")) for line in lines()] == [
        *(("w-1", "ann"), (None, "ann"), (None, None), ("w-1", None)),
    ]


def test_a_thread_with_a_copied_context_keeps_keys_as_long_as_its_invocation(lines, pool):
    kept = []

    @inject
    def handler(event, context):
        inside = copy_context()
        inside.run(logger.thread_safe_append_keys, user=event["user"])
        pool.submit(inside.run, logger.info, "in").result()
        kept.append(inside)

    handler({"user": "ann"}, None)
    pool.submit(kept[0].run, logger.info, "after").result()
    assert [line.get("user") for line in lines()] == ["ann", None]


def test_of_several_invocations_the_first_that_ends_takes_a_threads_keys_with_it(lines, pool):
    first_runs, first_may_end, second_may_end = threading.Event(), threading.Event(), threading.Event()

    @inject
    def handler(event, context):
        event["runs"].set()
        assert event["may_end"].wait(10)

    second_runs = threading.Event()
    first = threading.Thread(target=handler, args=({"runs": first_runs, "may_end": first_may_end}, None))
    second = threading.Thread(target=handler, args=({"runs": second_runs, "may_end": second_may_end}, None))
    first.start()
    second.start()
    assert first_runs.wait(10)
    assert second_runs.wait(10)
    pool.submit(logger.thread_safe_append_keys, user="ann").result()
    pool.submit(logger.info, "both").result()
    first_may_end.set()
    first.join()
    pool.submit(logger.info, "one").result()
    second_may_end.set()
    second.join()
    assert [line.get("user") for line in lines()] == ["ann", None]
