"""Make thousands of generated calls by `kit_aws.call` and by botocore; compare every request, answer and error.

    uv run python integration-tests/differential_calls.py [calls per operation]

The calls are those of kit-aws's own tests, which make some of each; nothing leaves the process. Ends with exit code 1
at the first difference of an operation, with the call that shows it.
"""

import importlib.util
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

CASES = Path(__file__).parents[1] / "packages" / "kit-aws" / "tests" / "test_differential.py"
CALLS = 200


def main() -> int:
    """Compare all operations; return the exit code."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else CALLS
    cases = _loaded()
    begun, total, differing = time.monotonic(), 0, 0
    for service, operation in cases.OPERATIONS:
        with pytest.MonkeyPatch.context() as patch:
            cases.hold_still(patch)
            try:
                cases.compare(patch, service, operation, calls)
            except AssertionError as difference:
                print(f"{service:24} {operation:28} differs: {difference}", flush=True)
                differing += 1
                continue
        print(f"{service:24} {operation:28} {calls:6} calls, 0 differences", flush=True)
        total += calls
    print(f"{'all':24} {'':28} {total:6} calls, {differing} differences ({time.monotonic() - begun:.0f} s)")
    return 1 if differing else 0


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("call_cases", CASES)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main())
