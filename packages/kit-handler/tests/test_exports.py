"""What the package offers, and what importing it costs."""

import re
import subprocess
import sys
from pathlib import Path

import kit_handler
import pytest

HEAVY = ("asyncio", "inspect", "dataclasses", "boto3", "marshmallow", "typing", "re", "json", "logging", "kit_aws")


def loaded_after(statement: str) -> set[str]:
    script = f"{statement}\nimport sys\nprint(*sys.modules)"
    # Without site: an editable install's own finder loads modules that the package doesn't.
    command = [sys.executable, "-S", "-c", f"import sys\nsys.path[:] = {sys.path!r}\n{script}"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_all_is_what_is_there() -> None:
    for name in kit_handler.__all__:
        assert getattr(kit_handler, name) is not None
    assert list(kit_handler.__all__) == sorted(kit_handler.__all__)
    assert set(kit_handler.__all__) <= set(dir(kit_handler))
    public = {name for name in vars(kit_handler) if not name.startswith("_") and name[0].isupper()}
    assert public <= {*kit_handler.__all__, "TYPE_CHECKING"}


def test_every_name_is_met_in_a_test_of_its_own_package() -> None:
    texts = [path.read_text() for path in Path(__file__).parent.rglob("test_*.py") if path != Path(__file__)]
    met = set(re.findall(r"\w+", "\n".join(texts)))
    assert [name for name in kit_handler.__all__ if name not in met] == []


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="rout"):
        _ = kit_handler.rout


@pytest.mark.parametrize(
    "statement",
    [
        "import kit_handler",
        "from kit_handler import *",
        """
from kit_handler import NotFoundError, Request, Response, route
@route(role="A", scope="a", interceptors=[lambda request, call_next: call_next(request)])
def handler(request): return Response.ok()
""",
        """
from kit_handler import Response, Router
app = Router()
@app.get("/loans/{loan}/notes/{note}")
def note(loan: str, note): return Response.ok(loan + note)
""",
        """
from kit_handler import job
@job
def handler(record: dict): pass
handler({"Records": [{"eventSource": "aws:sqs", "messageId": "m"}]})
""",
        """
from kit_handler import Backoff, Dispatcher, PermanentError
app = Dispatcher()
@app.job("queue", dead_letter=print, backoff=Backoff(print))
def handler(record: dict): pass
@app.trigger("schedule")
def nightly(event: dict): pass
app({"Records": [{"eventSource": "aws:sqs", "messageId": "m", "eventSourceARN": "arn:aws:sqs:r:1:queue"}]})
app({"source": "aws.events", "detail-type": "Scheduled Event"})
""",
    ],
)
def test_nothing_heavy_is_loaded(statement: str) -> None:
    assert loaded_after(statement).isdisjoint(HEAVY)


def test_a_request_loads_json_and_nothing_else_that_is_heavy() -> None:
    statement = """
from kit_handler import Response, route
@route
def handler(request): return Response.ok(request.body)
assert handler({"httpMethod": "POST", "body": '{"a": 1}'})["statusCode"] == 200
"""
    assert loaded_after(statement).isdisjoint(set(HEAVY) - {"json", "re"})


def test_a_parameter_that_is_read_loads_no_converters_of_other_kinds() -> None:
    statement = """
from kit_handler import Response, Router
app = Router()
@app.get("/loans/{number:int}")
def loan(number: int, page: int = 1, body: dict = {}) -> Response: return Response.ok(number)
"""
    assert loaded_after(statement).isdisjoint({*HEAVY, "uuid", "datetime", "decimal"} - {"typing", "re"})
