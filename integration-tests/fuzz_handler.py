"""Throw malformed events of every source at route, Router, job, trigger and Dispatcher: 100,000 of them by default.

    uv run python integration-tests/fuzz_handler.py [cases]

The cases are those of the package's own property tests, in greater number. What fails is printed as small as Hypothesis
could make it, and is tried first the next time. A test that takes a second for ten cases hangs: every thread's
traceback is printed, and the run ends.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = "packages/kit-handler/tests/test_malformed_events.py"
NUMBER_OF_TESTS = 5


def main(cases: int) -> int:
    """Run the tests with `cases` events in all, and return pytest's exit code."""
    each = -(-cases // NUMBER_OF_TESTS)
    print(f"{each} cases for each of {NUMBER_OF_TESTS} tests")
    command = [sys.executable, "-m", "pytest", TESTS, "-q", "--hypothesis-show-statistics"]
    longest = 60 + each // 10
    command += ["-o", f"faulthandler_timeout={longest}", "-p", "no:cacheprovider"]
    environment = {**os.environ, "KIT_HANDLER_FUZZ_CASES": str(each)}
    try:
        return subprocess.run(
            command, cwd=ROOT, env=environment, check=False, timeout=NUMBER_OF_TESTS * longest
        ).returncode
    except subprocess.TimeoutExpired:
        print("the run was ended: a test hangs")
        return 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
