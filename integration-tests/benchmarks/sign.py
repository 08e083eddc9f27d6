"""Signing and presigning a request, against botocore's signers.

Prints the best CPU time of several rounds for each, in one process on one machine; the ratio is what counts.
"""

import time
from collections.abc import Callable

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from kit_aws import Credentials, get_signed_auth

KEY = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "t" * 400)
URL = "https://abc.execute-api.eu-west-1.amazonaws.com/live/loans/7%20a?status=approved&limit=10&status=open"
HEADERS = {"Content-Type": "application/json", "X-Correlation-Id": "1-5759e988-bd862e3fe1be46a994272793"}
BODY = b'{"id": "9d6b3c2e-7a4f-4c9e-8a57-3f1f0f2d9c20", "amount": "1500.00"}'
ROUNDS, CALLS = 7, 2000


def best(call: Callable[[], object]) -> float:
    """Return the CPU microseconds of one call, in the best round."""
    call()
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(CALLS):
            call()
        times.append((time.process_time() - start) / CALLS * 1e6)
    return min(times)


def main() -> None:
    """Print the table."""
    ours = get_signed_auth("execute-api", "eu-west-1", Credentials(*KEY))
    theirs = BotocoreCredentials(*KEY)

    def botocore_sign() -> object:
        request = AWSRequest("POST", URL, headers=HEADERS, data=BODY)
        SigV4Auth(theirs, "execute-api", "eu-west-1").add_auth(request)
        return dict(request.headers.items())

    def botocore_presign() -> object:
        request = AWSRequest("GET", URL)
        SigV4QueryAuth(theirs, "execute-api", "eu-west-1", 300).add_auth(request)
        return request.url

    rows = [
        ("sign", best(lambda: ours.sign("POST", URL, HEADERS, BODY)), best(botocore_sign)),
        ("presign", best(lambda: ours.presign("GET", URL)), best(botocore_presign)),
    ]
    print(f"{'':10}{'kit-aws µs':>12}{'botocore µs':>13}{'ratio':>8}")
    for name, mine, other in rows:
        print(f"{name:10}{mine:12.1f}{other:13.1f}{mine / other:8.2f}")


if __name__ == "__main__":
    main()
