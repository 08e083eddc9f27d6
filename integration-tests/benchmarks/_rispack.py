"""rispack as a peer. Its dependencies are too old for this environment, so that it is measured in one of its own.

    user = measured("from rispack.handler import route …\\nprint(json.dumps(…))", event=EVENT)

What is given by keyword is there in the snippet as `given`, a dict; `json` is there too, and `_table` can be imported.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

VERSION = "1.0.1"
_COMMAND = ("uv", "run", "--quiet", "--isolated", "--no-project", "--python", "3.11", "--with", f"rispack=={VERSION}")
_GIVEN = "import json, sys\ngiven = json.load(sys.stdin)\n"
_SECONDS = 600
_LINES_OF_ERROR = 15


class RispackError(Exception):
    """Raised when the snippet could not be run, or did not print JSON last."""


def measured(code: str, **given: Any) -> Any:
    """Run `code` next to rispack and return the JSON value that the last line of its output holds.

    Raises RispackError with the end of what uv or Python has said: mostly, that there is no uv or no network.
    """
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    try:
        done = subprocess.run(
            [*_COMMAND, "python", "-c", _GIVEN + code],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RispackError(f"uv could not run rispack {VERSION}: {error}") from error
    if done.returncode:
        said = "\n".join(done.stderr.strip().splitlines()[-_LINES_OF_ERROR:])
        raise RispackError(f"rispack {VERSION} could not be had or used; uv must reach a package index once:\n{said}")
    last = done.stdout.strip().rpartition("\n")[2]
    try:
        return json.loads(last)
    except ValueError:
        raise RispackError(f"the snippet's last line is not JSON: {last!r}") from None
