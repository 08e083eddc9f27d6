import pytest
from kit_logger import adopt

LAMBDA = """
    import logging

    class RuntimeHandler(logging.Handler):
        def emit(self, record):
            print('{"by": "runtime", "message": "%s"}' % record.getMessage())

    logging.root.addHandler(RuntimeHandler())
    logging.root.setLevel(logging.WARNING)
    from kit_logger import adopt, get_logger, inject
"""


def test_adopted_loggers_write_the_same_lines_once(run):
    found = run(
        LAMBDA
        + """
    logger = get_logger("loans")
    adopt("botocore", "botocore.auth", "urllib3")
    adopt("botocore")

    @inject
    def handler(event, context):
        logging.getLogger("botocore").info("one", extra={"password": "x"})
        logging.getLogger("botocore.auth").info("two")
        logging.getLogger("botocore.auth.deep").debug("not at this level")
        logging.getLogger("botocorex").warning("other")

    handler({"id": "e-1"}, None)
    """
    ).lines
    assert [line["message"] for line in found] == ["one", "two", "other"]
    assert [line.get("correlation_id") for line in found] == ["e-1", "e-1", None]
    assert (found[0]["logger"], found[0]["service"], found[0]["password"]) == ("botocore", "loans", "[redacted]")
    assert "by" in found[2]


def test_a_level_of_its_own(run):
    found = run(
        LAMBDA
        + """
    logger = get_logger("loans", sampling_rate=1)
    adopt("noisy", level="ERROR")
    adopt("chatty", level="DEBUG")
    adopt("kit.db", level="WARNING")

    @inject
    def handler(event, context):
        for name in ("noisy", "chatty", "kit.db", "kit.aws"):
            for level in (logging.DEBUG, logging.WARNING, logging.ERROR):
                logging.getLogger(name).log(level, name)

    handler({}, None)
    logging.getLogger("chatty").debug("still")
    adopt("chatty")
    logging.getLogger("chatty").debug("no more")
    logging.getLogger("chatty").info("but")
    """
    ).lines
    assert [line["message"] for line in found] == [
        *("noisy", "chatty", "chatty", "chatty", "kit.db", "kit.db", "kit.aws", "kit.aws", "kit.aws", "still", "but"),
    ]


def test_the_root_brings_every_logger_in(run):
    found = run(
        LAMBDA
        + """
    adopt("root")

    @inject
    def handler(event, context):
        logging.getLogger("anything").warning("one")
        logging.getLogger("anything").info("the root's level stays")
        logging.getLogger("kit.db").info("two")
        logging.warning("three")

    handler({"id": "e-1"}, None)
    logging.root.addHandler(RuntimeHandler())
    handler({"id": "e-2"}, None)
    """
    ).lines
    assert [line["message"] for line in found] == ["one", "two", "three"] * 2
    assert [line["correlation_id"] for line in found] == ["e-1"] * 3 + ["e-2"] * 3


@pytest.mark.parametrize("names", [(), ("",), (None,), (5,)])
def test_names_are_needed(names):
    with pytest.raises(ValueError, match="name the loggers"):
        adopt(*names)


def test_a_level_that_isnt_one():
    with pytest.raises(ValueError, match="'loud'"):
        adopt("botocore", level="loud")
