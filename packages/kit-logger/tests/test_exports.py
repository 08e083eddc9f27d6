import json
import subprocess
import sys
import types

import kit_logger


def test_everything_exported_is_there_and_everything_there_is_exported():
    assert kit_logger.__all__ == sorted(kit_logger.__all__)
    for name in kit_logger.__all__:
        assert getattr(kit_logger, name) is not None
    public = {
        name
        for name, value in vars(kit_logger).items()
        if not name.startswith("_") and name != "TYPE_CHECKING" and not isinstance(value, types.ModuleType)
    }
    # The logger is made when it is asked for.
    assert public | {"logger"} == set(kit_logger.__all__)
    assert set(kit_logger.__all__) <= set(dir(kit_logger))
    assert kit_logger.logger is kit_logger.logger


def test_every_public_name_says_what_it_is():
    for name in kit_logger.__all__:
        assert getattr(kit_logger, name).__doc__, name


def test_a_misspelt_name_is_an_error():
    assert not hasattr(kit_logger, "loger")


def modules_after(code):
    code = f"""
import json, sys
before = set(sys.modules)
{code}
import logging
print(json.dumps({{
    "new": sorted({{name.partition(".")[0] for name in set(sys.modules) - before}} - sys.stdlib_module_names),
    "heavy": [name for name in ("boto3", "pydantic", "asyncio", "kit_logger.metrics") if name in sys.modules],
    "loggers": [name for name in logging.root.manager.loggerDict if name.startswith(("kit", "service"))],
}}))
"""
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    return json.loads(shown)


def test_the_import_loads_nothing():
    assert modules_after("import kit_logger") == {"new": ["kit_logger"], "heavy": [], "loggers": []}


def test_what_is_asked_for_needs_powertools_logger_alone():
    found = modules_after(
        "import aws_lambda_powertools.logging; before = set(sys.modules)\nfrom kit_logger import inject"
    )
    assert found == {"new": ["kit_core", "kit_logger"], "heavy": [], "loggers": []}
