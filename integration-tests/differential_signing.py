"""Sign thousands of generated requests with kit-aws and with botocore, and compare every byte.

    uv run python integration-tests/differential_signing.py [requests per signer]

The requests are those of kit-aws's own tests, which compare some hundred of each. Ends with exit code 1 at the first
difference, with the smallest request that shows it.
"""

import importlib.util
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

CASES = Path(__file__).parents[1] / "packages" / "kit-aws" / "tests" / "test_sigv4.py"
REQUESTS = "10000"
SIGNERS = {
    "SigV4Auth": "test_signed_headers_are_botocores",
    "S3SigV4Auth": "test_signed_headers_for_s3_are_botocores",
    "SigV4QueryAuth": "test_presigned_urls_are_botocores",
    "S3SigV4QueryAuth": "test_presigned_urls_for_s3_are_botocores",
    "S3SigV4PostAuth": "test_form_policies_are_botocores",
}


def main() -> int:
    """Compare all signers; return the exit code."""
    os.environ["KIT_SIGNING_REQUESTS"] = sys.argv[1] if len(sys.argv) > 1 else REQUESTS
    cases = _loaded()
    total = 0
    for signer, test in SIGNERS.items():
        begun = time.monotonic()
        try:
            compared = _compare(getattr(cases, test))
        except AssertionError as difference:
            print(f"{signer:18} differs: {difference}", *getattr(difference, "__notes__", ()), sep="\n")
            return 1
        print(f"{signer:18} {compared:7} requests, 0 differences ({time.monotonic() - begun:.0f} s)", flush=True)
        total += compared
    print(f"{'all':18} {total:7} requests, 0 differences")
    return 0


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("signing_cases", CASES)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _compare(test: Any) -> int:
    """Run one comparison, and return how many requests both have signed."""
    compared = 0
    inner: Callable[..., None] = test.hypothesis.inner_test

    def counted(*given: Any, **named: Any) -> None:
        nonlocal compared
        inner(*given, **named)
        compared += 1

    test.hypothesis.inner_test = counted
    test()
    return compared


if __name__ == "__main__":
    sys.exit(main())
