import subprocess
import sys
import types

import kit_websocket


def test_everything_exported_is_there_and_everything_there_is_exported():
    public = {
        name
        for name, value in vars(kit_websocket).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert public == set(kit_websocket.__all__)
    assert kit_websocket.__all__ == sorted(kit_websocket.__all__)


def test_every_public_name_says_what_it_is():
    for name in kit_websocket.__all__:
        public = getattr(kit_websocket, name)
        assert public.__doc__, name
        members = vars(public).items() if isinstance(public, type) else ()
        for member, value in members:
            if callable(value) and not member.startswith("_"):
                assert value.__doc__, f"{name}.{member}"


def test_importing_loads_nothing_that_is_not_needed_yet():
    program = (
        "import sys; import kit_websocket;"
        "print(*sorted({'asyncio', 'inspect', 'dataclasses', 'boto3', 'botocore', 'http.client'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
