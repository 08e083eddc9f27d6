"""A logger below the process's keeps the level that it was given."""

POWERTOOLS = """
    import logging
    from aws_lambda_powertools import Logger
    from kit_logger import adopt, get_logger, inject
    service = get_logger("loans", level="WARNING")
"""


def messages(run, code, **env):
    return [line["message"] for line in run(POWERTOOLS + code, **env).lines]


def test_a_child_writes_from_its_own_level_on(run):
    code = """
    debug = Logger(service="loans", child=True, level="DEBUG")
    debug.debug("child")
    logging.getLogger("loans.deep.module").setLevel("INFO")
    logging.getLogger("loans.deep.module").debug("no")
    logging.getLogger("loans.deep.module").info("module")
    logging.getLogger("loans.deep.module.below").info("below")
    logging.getLogger("loans.deep").info("no")
    logging.getLogger("loans.quiet").setLevel("ERROR")
    logging.getLogger("loans.quiet").warning("no")
    service.info("no")
    service.warning("service")
    """
    assert messages(run, code) == ["child", "module", "below", "service"]


def test_kits_loggers_write_from_their_own_level_on(run):
    code = """
    logging.getLogger("kit.db").setLevel("DEBUG")
    logging.getLogger("kit.db").debug("db")
    logging.getLogger("kit.db.pool").debug("pool")
    logging.getLogger("kit.aws").info("no")
    logging.getLogger("kit").setLevel("INFO")
    logging.getLogger("kit.aws").info("aws")
    inject(lambda event, context: logging.getLogger("kit.aws").info("in"))({}, None)
    logging.getLogger("kit.aws").debug("no")
    """
    assert messages(run, code) == ["db", "pool", "aws", "in"]


def test_a_chosen_level_outlives_sampling(run):
    code = """
    sampled = get_logger(sampling_rate=1)
    logging.getLogger("kit.quiet").setLevel("ERROR")
    logging.getLogger("kit.loud").setLevel("DEBUG")

    @inject
    def handler(event, context):
        for name in ("kit.quiet", "kit.loud", "kit.other"):
            logging.getLogger(name).debug(f"{name} in")

    handler({}, None)
    for name in ("kit.quiet", "kit.loud", "kit.other"):
        logging.getLogger(name).debug(f"{name} after")
    """
    assert messages(run, code) == ["kit.loud in", "kit.other in", "kit.loud after"]


def test_a_line_that_its_own_level_lets_pass_is_not_held_back(run):
    code = """
    buffered = get_logger(buffer_bytes=10_000)
    logging.getLogger("kit.loud").setLevel("DEBUG")

    @inject
    def handler(event, context):
        logging.getLogger("kit.loud").debug("loud")
        logging.getLogger("kit.other").debug("held, and dropped")

    handler({}, None)
    """
    assert messages(run, code) == ["loud"]


def test_adopting_a_logger_again_gives_it_the_processs_level(run):
    code = """
    logging.getLogger("bank").setLevel("DEBUG")
    adopt("bank")
    logging.getLogger("bank").info("no")
    logging.getLogger("bank").setLevel("DEBUG")
    logging.getLogger("bank.http").debug("chosen")
    adopt("bank")
    logging.getLogger("bank.http").info("no")
    logging.getLogger("bank.http").warning("last")
    """
    assert messages(run, code) == ["chosen", "last"]


def test_a_level_of_the_services_own_logger_counts_at_once(run):
    code = """
    logging.getLogger("loans").setLevel("DEBUG")
    service.debug("now")
    inject(lambda event, context: service.debug("later"))({}, None)
    """
    assert messages(run, code) == ["now", "later"]
