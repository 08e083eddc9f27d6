"""An AWS on a loopback port that costs as little as it can: GetSecretValue and SNS's Publish, for `cold.py`.

    python _cold_aws.py '{"secret": "value"}'

It prints its port, and ends when its input does.
"""

import asyncio
import json
import sys
from urllib.parse import parse_qs

SECRETS = json.loads(sys.argv[1])
REQUEST_ID = "d74b8436-ae13-5ab4-a9ff-ce54dfea72a0"
PUBLISHED = (
    '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>'
    "<MessageId>567910cd-659e-55d4-8ccb-5aaf14679dc0</MessageId></PublishResult><ResponseMetadata>"
    f"<RequestId>{REQUEST_ID}</RequestId></ResponseMetadata></PublishResponse>"
).encode()


def answer(head: str, body: bytes) -> tuple[int, str, bytes]:
    """Return status, content type and body."""
    if "GetSecretValue" in head:
        name = json.loads(body)["SecretId"]
        made = {
            "ARN": name,
            "Name": name,
            "SecretString": SECRETS[name],
            "VersionId": "a" * 32,
            "VersionStages": ["AWSCURRENT"],
            "CreatedDate": 1.7e9,
        }
        return 200, "application/x-amz-json-1.1", json.dumps(made).encode()
    if b"Action=Publish" in body and parse_qs(body.decode())["TopicArn"]:
        return 200, "text/xml", PUBLISHED
    print("unknown", head[:300], body[:200], file=sys.stderr, flush=True)
    return 400, "text/plain", b"?"


class Server(asyncio.Protocol):
    """Answers the requests of one connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answer each request that is there whole."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].decode("latin-1")
            at = head.lower().find("content-length:")
            length = int(head[at + 15 :].split("\r\n", 1)[0]) if at >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            body, self.buffer = self.buffer[end + 4 : end + 4 + length], self.buffer[end + 4 + length :]
            status, kind, content = answer(head, body)
            self.transport.write(
                f"HTTP/1.1 {status} OK\r\nContent-Type: {kind}\r\nx-amzn-RequestId: {REQUEST_ID}\r\n"
                f"Content-Length: {len(content)}\r\n\r\n".encode()
                + content
            )


async def main() -> None:
    """Serve until the input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
