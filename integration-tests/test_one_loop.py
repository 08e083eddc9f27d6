"""What is bound to an event loop can be used by every function of a process, whichever package runs it."""

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("support") / "one_loop.py"


def test_routes_and_websocket_handlers_share_one_loop() -> None:
    done = subprocess.run([sys.executable, "-W", "error", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["1"]
    assert done.stderr == ""
