import pickle
import re
import subprocess
import sys
import types
from pathlib import Path

import kit_websocket
import pytest
from kit_websocket import errors

THIS = Path(__file__)
TESTS = "\n".join(path.read_text() for path in THIS.parent.glob("test_*.py") if path.name != THIS.name)
ERRORS = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]


def test_everything_exported_is_there_and_everything_there_is_exported():
    for name in kit_websocket.__all__:
        getattr(kit_websocket, name)
    public = {
        name
        for name, value in vars(kit_websocket).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert public - {"TYPE_CHECKING"} == set(kit_websocket.__all__)
    assert kit_websocket.__all__ == sorted(kit_websocket.__all__)
    assert set(kit_websocket.__all__) <= set(dir(kit_websocket))
    with pytest.raises(AttributeError, match="unknown"):
        _ = kit_websocket.unknown


def test_every_public_name_says_what_it_is():
    for name in kit_websocket.__all__:
        public = getattr(kit_websocket, name)
        assert public.__doc__, name
        members = vars(public).items() if isinstance(public, type) else ()
        for member, value in members:
            if callable(value) and not member.startswith("_"):
                assert value.__doc__, f"{name}.{member}"


@pytest.mark.parametrize("name", kit_websocket.__all__)
def test_every_name_is_met_by_a_test(name):
    assert re.search(rf"\b{name}\b", TESTS)


ARGUMENTS = {
    "DynamoDBError": ("GetItem", "ResourceNotFoundException", "connections"),
    "EventShapeError": ("routeKey",),
    "InvalidMessageError": ("wrong", [{"field": "a", "message": "is required"}]),
    "MessageTooLargeError": (2, 1),
    "ResponseShapeError": ("statusCode", "200", "a number"),
    "SendError": ({"a": "ForbiddenException"}, 3),
    "StatusError": (429, "Slow down"),
    "TooManyMessagesError": (3,),
    "TableShapeError": ("connections", ("id",), ("connection_id",)),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_is_the_packages_and_pickles(kind):
    assert kind.__name__ in kit_websocket.__all__
    error = kind(*ARGUMENTS.get(kind.__name__, ()))
    assert isinstance(error, kit_websocket.WebSocketsError)
    copied = pickle.loads(pickle.dumps(error))
    assert type(copied) is kind
    assert str(copied) == str(error)
    assert vars(copied) == vars(error)


HEAVY = {"asyncio", "inspect", "dataclasses", "boto3", "botocore", "decimal", "http.client", "kit_aws", "random", "ssl"}
USES = {
    "import kit_websocket": HEAVY,
    "from kit_websocket import WebSocketResolver; WebSocketResolver().on_message('m')(lambda text: text)": HEAVY,
    "import kit_websocket; kit_websocket.ConnectionManager('t')": {"asyncio", "inspect", "dataclasses", "boto3"},
}


@pytest.mark.parametrize("use", USES)
def test_importing_loads_nothing_that_is_not_needed_yet(use):
    # logging is there before any handler is, and loads some of these itself from Python 3.14 on
    program = f"import logging, sys; before = set(sys.modules); {use}; "
    program += f"print(*{USES[use]} & set(sys.modules) - before)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
