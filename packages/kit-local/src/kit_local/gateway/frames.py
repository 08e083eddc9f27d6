"""The frames of a WebSocket client, before aiohttp joins them to messages: API Gateway limits each of them.

RFC 6455, 5.2: a header of 2 to 14 bytes, then the payload.
"""

from collections.abc import Callable

FRAME_LIMIT = 32 * 1024  # bytes; "Quotas for configuring and running a WebSocket API"
_PROTOCOL_ERROR, _TOO_BIG = 1002, 1009
_EXTENDED = {126: 2, 127: 8}  # bytes that follow for the length
_MASK = 0x80


class FrameLimit:
    """Follow a client's frames; the ones that break a rule are left out, and `refuse` gets the close code.

    1009: a frame over 32 KB. 1002: a frame that is not masked (RFC 6455, 5.1).
    """

    def __init__(self, refuse: Callable[[int], object]) -> None:
        self._refuse = refuse
        self._head = bytearray()
        self._payload = 0  # bytes of the present frame that are still to come
        self._dropping = False

    def feed(self, data: bytes) -> bytes:
        """Return the part of the data that is passed on; a header is held back until all of it is there."""
        passed, at = bytearray(), 0
        while at < len(data):
            if self._payload:
                part = data[at : at + self._payload]
                self._payload -= len(part)
                if not self._dropping:
                    passed += part
                at += len(part)
            else:
                self._head.append(data[at])
                at += 1
                if len(self._head) >= 2 and len(self._head) == self._head_size():
                    passed += self._begin()
        return bytes(passed)

    def _head_size(self) -> int:
        second = self._head[1]
        return 2 + _EXTENDED.get(second & 0x7F, 0) + (4 if second & _MASK else 0)

    def _begin(self) -> bytes:
        """Begin the frame whose header is there, and return the header if the frame is passed on."""
        head = bytes(self._head)
        self._head.clear()
        length = head[1] & 0x7F
        self._payload = int.from_bytes(head[2 : 2 + _EXTENDED[length]]) if length in _EXTENDED else length
        masked = head[1] & _MASK
        self._dropping = not masked or self._payload > FRAME_LIMIT
        if not self._dropping:
            return head
        self._refuse(_TOO_BIG if masked else _PROTOCOL_ERROR)
        return b""
