"""Invocations that are logged in full, and lines that are held back until something goes wrong."""

import logging
import threading

import pytest

CODE = """
    import logging
    from kit_logger import get_logger, inject
    logger = get_logger("loans", {options})

    @inject
    def handler(event, context):
        logger.debug("one", step=1)
        logging.getLogger("kit.db").debug("two")
        {then}
        logger.info("end")

    for n in range({times}):
        try:
            handler({{"id": f"e-{{n}}"}}, None)
        except ValueError:
            pass
    logger.debug("after")
    logging.getLogger("kit.db").debug("after")
"""


def messages(found):
    return [line["message"] for line in found.lines]


def test_a_sampled_invocation_is_logged_in_full_and_the_next_is_decided_anew(run):
    assert messages(run(CODE.format(options="sampling_rate=1", then="", times=2))) == ["one", "two", "end"] * 2
    assert messages(run(CODE.format(options="sampling_rate=0", then="", times=2))) == ["end"] * 2
    half = messages(run(CODE.format(options="sampling_rate=0.5", then="", times=200)))
    assert 200 < len(half) < 600
    assert half.count("one") == half.count("two")


def test_sampling_ends_with_the_invocation_also_after_an_exception(run):
    found = run(CODE.format(options="sampling_rate=1", then="raise ValueError", times=1))
    assert messages(found) == ["one", "two"]


def test_a_level_that_was_set_stays_when_invocations_are_sampled(run):
    code = CODE.format(options="sampling_rate=0.000001", then="", times=1).replace(
        "@inject", "logger.setLevel('ERROR'); assert logger.log_level == logging.ERROR\n\n    @inject"
    )
    assert messages(run(code)) == []


def test_only_the_sampled_invocation_is_logged_in_full(run):
    found = run("""
        import threading
        from kit_logger import get_logger, inject
        logger = get_logger("loans")
        begun, together, done = threading.Barrier(2), threading.Barrier(2), threading.Barrier(2)

        @inject
        def handler(event, context):
            begun.wait(10)
            if event["id"] == "sampled":
                logger.sampling_rate = 1
                logger.refresh_sample_rate_calculation()
            together.wait(10)
            logger.debug("x")
            done.wait(10)

        threads = [threading.Thread(target=handler, args=({"id": name}, None)) for name in ("sampled", "other")]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    """)
    assert [line["correlation_id"] for line in found.lines] == ["sampled"]


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ("", ["end"]),
        ("logger.warning('hm')", ["hm", "end"]),
        ("logger.error('no')", ["one", "two", "no", "end"]),
        ("logging.getLogger('kit.handler').error('no')", ["one", "two", "no", "end"]),
        ("raise ValueError", ["one", "two"]),
        ("raise SystemError", ["one", "two"]),
        ("logger.flush_buffer()", ["one", "two", "end"]),
        ("logger.clear_buffer(); logger.error('no')", ["no", "end"]),
        ("logger.error('a'); logger.debug('three'); logger.error('b')", ["one", "two", "a", "three", "b", "end"]),
    ],
)
def test_held_lines_are_written_when_something_goes_wrong(run, then, expected):
    code = CODE.format(options="buffer_bytes=10_000", then=then, times=1).replace("ValueError:", "Exception:")
    found = run(code)
    assert messages(found) == expected
    assert {line["correlation_id"] for line in found.lines} == {"e-0"}


def test_nothing_held_is_left_for_the_next_invocation(run):
    code = CODE.format(options="buffer_bytes=10_000", then="event['id'] == 'e-1' and logger.error('no')", times=2)
    found = run(code)
    assert messages(found) == ["end", "one", "two", "no", "end"]
    assert {line["correlation_id"] for line in found.lines[1:]} == {"e-1"}


def test_when_too_much_is_held_the_oldest_are_dropped_and_counted(run):
    then = "[logger.debug('x' * 100, extra={'n': n}) for n in range(1000)]; logger.error('no')"
    found = run(CODE.format(options="", then=then, times=1), KIT_LOGGER_BUFFER_BYTES="5000")
    dropped, *held = found.lines[:-2]
    assert dropped["message"] == "debug lines were dropped"
    assert dropped["dropped"] + len(held) == 1002
    assert [line["n"] for line in held] == list(range(1000 - len(held), 1000))
    assert 2500 < sum(map(len, map(str, held))) < 6000


def test_held_lines_say_what_was_so_when_they_were_logged(run):
    then = "logger.append_keys(late=1); values = [1]; logger.debug('x', extra={'v': values}); values.append(2); 1 / 0"
    found = run(CODE.format(options="buffer_bytes=9000", then=then, times=1).replace("ValueError:", "Exception:"))
    assert ["late" in line for line in found.lines] == [False, False, True]
    assert found.lines[2]["v"] == [1]


def test_a_thread_of_the_handlers_holds_lines_of_its_invocation(lines):
    from kit_logger.held import HeldLines

    held = HeldLines()
    threads = [threading.Thread(target=lambda: [held.add("x" * 10, 1000) for _ in range(500)]) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    kept, dropped = held.take()
    assert len(kept) == 100
    assert dropped == 1900
    assert held.take() == ([], 0)
    assert logging.getLogger("kit").level != logging.DEBUG


def test_a_handler_within_a_handler_is_sampled_and_held_with_it(run):
    code = """
        from kit_logger import get_logger, inject
        logger = get_logger("loans", {options})
        inner = inject(lambda event, context: logger.debug("inner"))

        @inject
        def outer(event, context):
            logger.debug("before")
            inner({{}}, None)
            logger.{then}("after")

        outer({{}}, None)
        outer({{}}, None)
        logger.debug("outside")
    """
    assert messages(run(code.format(options="sampling_rate=1", then="debug"))) == ["before", "inner", "after"] * 2
    assert messages(run(code.format(options="buffer_bytes=9000", then="error"))) == ["before", "inner", "after"] * 2
    assert messages(run(code.format(options="buffer_bytes=9000", then="info"))) == ["after"] * 2
