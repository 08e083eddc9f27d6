"""Signing and presigning a request, against botocore's signers.

Prints the least CPU time of several rounds, in which all take turns; the ratio is what counts. Ends with exit code 1
when kit-aws takes more than half of botocore's time.
"""

import sys
from collections.abc import Callable
from typing import Any

from _table import cpu_microseconds, print_table
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from kit_aws import Credentials, get_signed_auth

KEY = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "t" * 400)
REGION = "eu-west-1"
URL = "https://abc.execute-api.eu-west-1.amazonaws.com/live/loans/7%20a?status=approved&limit=10&status=open"
ENCODED = "https://abc.execute-api.eu-west-1.amazonaws.com/live/loans?at=2026-03-01T12%3A00%3A00Z&q=pay%20slip&n=%C3%A9"
OBJECT = "https://documents.s3.eu-west-1.amazonaws.com/loans/7/pay%20slip.pdf"
HEADERS = {"Content-Type": "application/json", "X-Correlation-Id": "1-5759e988-bd862e3fe1be46a994272793"}
BODY = b'{"id": "9d6b3c2e-7a4f-4c9e-8a57-3f1f0f2d9c20", "amount": "1500.00"}'
SHARE = 0.5


def main() -> int:
    """Print the table; return the exit code."""
    cases = {
        "sign": ("execute-api", "POST", URL, auth.SigV4Auth),
        "sign for S3": ("s3", "PUT", OBJECT, auth.S3SigV4Auth),
        "presign": ("execute-api", "GET", URL, auth.SigV4QueryAuth),
        "presign, much to encode": ("execute-api", "GET", ENCODED, auth.SigV4QueryAuth),
        "presign for S3": ("s3", "GET", OBJECT, auth.S3SigV4QueryAuth),
    }
    calls: dict[str, Callable[[], object]] = {}
    for name, (service, method, url, signer) in cases.items():
        calls[name] = _ours(service, method, url, presigns="presign" in name)
        calls[f"botocore {name}"] = _botocores(service, method, url, signer)
    spent = cpu_microseconds(calls, number=2000)
    ratios = {name: spent[name] / spent[f"botocore {name}"] for name in cases}
    rows = [
        (name, f"{spent[name]:.1f}", f"{spent[f'botocore {name}']:.1f}", f"{ratio:.0%}")
        for name, ratio in ratios.items()
    ]
    print_table("Signing, CPU µs per request", ("", "kit_aws", "botocore", "of botocore"), rows)
    met = max(ratios.values()) <= SHARE
    print(f"\nat most half of botocore: {'yes' if met else 'NO'}")
    return 0 if met else 1


def _ours(service: str, method: str, url: str, *, presigns: bool) -> Callable[[], object]:
    signer = get_signed_auth(service, REGION, Credentials(*KEY))
    if presigns:
        return lambda: signer.presign(method, url)
    return lambda: signer.sign(method, url, HEADERS, BODY)


def _botocores(service: str, method: str, url: str, signer: Any) -> Callable[[], object]:
    credentials = BotocoreCredentials(*KEY)
    if issubclass(signer, auth.SigV4QueryAuth):

        def presign() -> object:
            request = AWSRequest(method, url)
            signer(credentials, service, REGION, 300).add_auth(request)
            return request.url

        return presign

    def sign() -> object:
        request = AWSRequest(method, url, headers=HEADERS, data=BODY)
        signer(credentials, service, REGION).add_auth(request)
        return dict(request.headers.items())

    return sign


if __name__ == "__main__":
    sys.exit(main())
