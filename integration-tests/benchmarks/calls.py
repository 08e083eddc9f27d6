"""Calls by `kit_aws.call` over a kept connection, against the same calls by boto3; and what `kit_aws` costs to import.

The server is a process of its own on this machine that gives each operation one answer; the CPU time is this process's.
All take turns, and the least counts; the ratio is what matters. Ends with exit code 1 where a call takes more than a
third of boto3's, the import of `get_secret` more than a fifteenth of boto3's, or a kept secret more than 2 µs.
"""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from _table import cpu_microseconds, print_table
from import_handler import figures

SHARE = 1 / 3
MOST_OF_IMPORT, MOST_US = 1 / 15, 2  # 6 ms where boto3 takes 93
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/loans"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:loans"
KEY = {"id": {"S": "7"}}
ITEM = b'{"Item":{"id":{"S":"7"},"amount":{"N":"1500.00"},"tags":{"L":[{"S":"new"}]},"at":{"M":{"n":{"N":"1"}}}}}'
SENT = b'{"MD5OfMessageBody":"5d41402abc4b2a76b9719d911017c592","MessageId":"0b1f3c1e"}'
PUBLISHED = (
    b'<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>0b1f3c1e'
    b"</MessageId></PublishResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></PublishResponse>"
)
SECRET = b'{"Name":"tokens","SecretString":"{}","VersionStages":["AWSCURRENT"]}'
ANSWERS = {b"GetItem": ITEM, b"SendMessage": SENT, b"GetSecretValue": SECRET}
IMPORTS = {
    "kit_aws": "import kit_aws",
    "kit_aws, get_secret": "from kit_aws import get_secret",
    "kit_aws, a first call without its connection": (
        "import kit_aws.calls.sending, kit_aws.calls.json, kit_aws.calls.writing, kit_aws.calls.target\n"
        "import kit_aws.calls.credentials, kit_aws.calls.models.secretsmanager"
    ),
    "boto3": "import boto3",
}


async def serve() -> None:
    """Answer every request with its operation's answer, on connections that stay open."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            await reader.readexactly(int(length[1]) if length else 0)
            target = re.search(rb"(?i)x-amz-target: *\w+\.(\w+)", head)
            body = ANSWERS[target[1]] if target else PUBLISHED
            kind = b"application/x-amz-json-1.0" if target else b"text/xml"
            fields = b"x-amzn-RequestId: 0b1f\r\nDate: Mon, 30 Nov 2026 00:00:00 GMT\r\nContent-Type: " + kind
            writer.write(b"HTTP/1.1 200 OK\r\n%b\r\nContent-Length: %d\r\n\r\n%b" % (fields, len(body), body))

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


def main() -> int:
    """Print the tables; return the exit code."""
    server = subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert server.stdout
    try:
        keys = {
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "SECRETEXAMPLE",
            "AWS_SESSION_TOKEN": "t" * 400,
        }
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        os.environ.update({**keys, "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": url, "AWS_CONFIG_FILE": os.devnull})
        met = [_calls(), _kept()]
    finally:
        server.terminate()
        server.wait()
    return 0 if all([*met, _imports()]) else 1


def _calls() -> bool:
    pairs = {
        "sqs SendMessage": ("sqs", "SendMessage", {"QueueUrl": QUEUE, "MessageBody": "hello"}),
        "sns Publish": ("sns", "Publish", {"TopicArn": TOPIC, "Message": "hello"}),
        "dynamodb GetItem": ("dynamodb", "GetItem", {"TableName": "loans", "Key": KEY}),
    }
    calls: dict[str, Callable[[], object]] = {}
    for name, (service, operation, parameters) in pairs.items():
        calls[name] = _own(service, operation, parameters)
        calls[f"boto3 {name}"] = _boto3s(service, operation, parameters)
    spent = cpu_microseconds(calls, number=200, rounds=15)
    shares = {name: spent[name] / spent[f"boto3 {name}"] for name in pairs}
    rows = [
        (name, f"{spent[name]:.0f}", f"{spent[f'boto3 {name}']:.0f}", f"{share:.2f}") for name, share in shares.items()
    ]
    print_table("A call over a kept connection, CPU µs", ("", "kit_aws.call", "boto3", "of boto3"), rows)
    met = max(shares.values()) <= SHARE
    print(f"\nat most a third of boto3: {'yes' if met else 'NO'}")
    return met


def _own(service: str, operation: str, parameters: dict[str, Any]) -> Callable[[], object]:
    from kit_aws import call

    return lambda: call(service, operation, parameters)


def _boto3s(service: str, operation: str, parameters: dict[str, Any]) -> Callable[[], object]:
    from botocore import xform_name
    from kit_aws import client

    method = getattr(client(service), xform_name(operation))
    return lambda: method(**parameters)


def _kept() -> bool:
    from kit_aws import get_secret

    get_secret("tokens")
    began = time.time()
    spent = cpu_microseconds({"kept": lambda: get_secret("tokens", max_age=3600)})["kept"]
    print(f"\na kept secret: {spent:.2f} µs, with {len(os.environ)} variables in the environment")
    assert time.time() - began < 3600
    met = spent <= MOST_US
    print(f"at most {MOST_US} µs: {'yes' if met else 'NO'}")
    return met


def _imports() -> bool:
    found = figures(IMPORTS)
    rows = [(name, f"{each[0]:.1f}", f"{each[1]:.1f}", each[2]) for name, each in found.items()]
    print_table("Imports, over Lambda's runtime", ("", "ms", "MB", "modules"), rows)
    share = found["kit_aws, get_secret"][0] / found["boto3"][0]
    met = share <= MOST_OF_IMPORT
    print(f"\nget_secret is {share:.3f} of boto3, at most a fifteenth: {'yes' if met else 'NO'}")
    return met


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
    sys.exit(main())
