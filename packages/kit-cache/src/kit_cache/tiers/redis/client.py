"""A client for Redis and Valkey: kept connections, pipelines, TLS, and clusters, which it finds out about by itself."""

import os
import socket
import threading
import time
from binascii import crc_hqx
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from kit_cache.tiers.redis.address import Address
from kit_cache.tiers.redis.credentials import Login
from kit_cache.tiers.redis.wire import Part, ReplyError, Wire, pack

if TYPE_CHECKING:
    from ssl import SSLContext

Node = tuple[str, int]
_LONGEST_IDLE = 50.0  # seconds; a load balancer or a frozen function may have lost it after a minute
_UNCHECKED_IDLE = 1.0
_MOST_REDIRECTS = 3
_SLOTS = 16384
_REFUSED_LOGINS = frozenset({"WRONGPASS", "NOAUTH", "ERR", "NOPERM"})


class Command(NamedTuple):
    """A command, and the key that says which node of a cluster it is for (None: any)."""

    key: str | None
    parts: tuple[Part, ...]


class LoginError(OSError):
    """Say that Redis does not take the user or the password."""


class Client(Protocol):
    """The methods of a client, this one or a user's own, that the tier calls."""

    clustered: bool

    def execute(self, commands: Sequence[Command]) -> list[object]:
        """Return the replies, an error of Redis as a ReplyError among them; OSError where there is none in time."""

    def ask(self, node: Node, commands: Sequence[Command]) -> list[object]:
        """Return the replies of one node."""

    def primaries(self) -> list[Node]:
        """Return every node that holds keys."""

    def drop_connections(self) -> None:
        """Close the connections that are not in use: the next commands open new ones."""

    def close(self) -> None:
        """Close every connection, those in use as soon as they are not, and open no other."""


class RespClient:
    """Talks to one server or cluster; threads may share it, and a forked process starts with no connection.

    read_login: asked before every new connection, with force=True after a refusal
    timeout: seconds for one operation, and for opening a connection
    """

    def __init__(self, address: Address, read_login: Callable[..., Login], timeout: float) -> None:
        self._address = address
        self._read_login = read_login
        self._timeout = timeout
        self._first: Node = (address.host, address.port)
        self._idle: dict[Node, list[Wire]] = {}
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._tls: SSLContext | None = None
        self._slots: list[Node] = []
        self._asked_for_slots = False
        self._closed = False
        self.clustered = False

    def execute(self, commands: Sequence[Command]) -> list[object]:
        """Return the replies; several are one round trip (to each node of a cluster that they concern)."""
        if not self._asked_for_slots:  # the first connection tells whether this is a cluster
            self._keep(self._first, self._open(self._first))
        if not self.clustered:
            replies = self.ask(self._first, commands)
            if not any(isinstance(each, ReplyError) and each.code in ("MOVED", "ASK", "CROSSSLOT") for each in replies):
                return replies
            self._find_slots()
        return self._execute_in_cluster(commands)

    def ask(self, node: Node, commands: Sequence[Command], *, asking: bool = False) -> list[object]:
        """Return the replies of one node. A kept connection that turns out to be closed is replaced, once."""
        packed = pack(
            [("ASKING",), *(each.parts for each in commands)] if asking else [each.parts for each in commands]
        )
        count = len(commands) + asking
        wire = self._kept(node)
        if wire is not None:
            try:
                return self._ask_on(wire, node, packed, count)[asking:]
            except (ConnectionError, BrokenPipeError):
                pass
        return self._ask_on(self._open(node), node, packed, count)[asking:]

    def primaries(self) -> list[Node]:
        """Return every node that holds keys."""
        return sorted(set(self._slots)) if self.clustered else [self._first]

    def close(self) -> None:
        """Close every connection, those in use as soon as they are not, and open no other."""
        self._closed = True
        self.drop_connections()

    def drop_connections(self) -> None:
        """Close the connections that are not in use: the next commands open new ones."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for wires in idle.values():
            for wire in wires:
                wire.close()

    def _ask_on(self, wire: Wire, node: Node, packed: bytes, count: int) -> list[object]:
        try:
            replies = wire.ask(packed, count)
        except BaseException:  # an answer may still come, which must not be taken for the next command's
            wire.close()
            raise
        if replies and isinstance(replies[0], ReplyError) and replies[0].code == "NOAUTH":
            wire.close()
            raise ConnectionResetError("Redis wants a login")
        self._keep(node, wire)
        return replies

    def _keep(self, node: Node, wire: Wire) -> None:
        with self._lock:
            if not self._closed:
                self._idle.setdefault(node, []).append(wire)
                return
        wire.close()

    def _kept(self, node: Node) -> Wire | None:
        if self._pid != os.getpid():
            self._idle, self._pid, self._lock = {}, os.getpid(), threading.Lock()
        while True:
            with self._lock:
                wires = self._idle.get(node)
                wire = wires.pop() if wires else None
            if wire is None:
                return None
            idle = time.monotonic() - wire.used
            if idle < _UNCHECKED_IDLE or (idle < _LONGEST_IDLE and wire.is_quiet()):
                return wire
            wire.close()

    def _open(self, node: Node) -> Wire:
        if self._closed:
            raise ConnectionAbortedError("the client is closed")
        wire = self._connect(node)
        try:
            login = self._read_login()
            if not self._greet(wire, login):
                wire.close()
                wire = self._connect(node)
                if not self._greet(wire, self._read_login(force=True)):
                    raise LoginError("Redis does not take the user or the password")
        except BaseException:
            wire.close()
            raise
        return wire

    def _connect(self, node: Node) -> Wire:
        address = self._address
        sock: Any
        if address.path:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.settimeout(self._timeout)
            sock.connect(address.path)
            return Wire(sock, self._timeout)
        sock = socket.create_connection(node, timeout=self._timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if address.tls:
            try:
                sock = self._tls_context().wrap_socket(sock, server_hostname=node[0])
            except BaseException:
                sock.close()
                raise
        return Wire(sock, self._timeout)

    def _tls_context(self) -> "SSLContext":
        if self._tls is None:
            import ssl

            context = ssl.create_default_context(cafile=self._address.ca_certs)
            context.check_hostname = self._address.check_hostname and self._address.verify
            if not self._address.verify:
                context.verify_mode = ssl.CERT_NONE
            self._tls = context
        return self._tls

    def _greet(self, wire: Wire, login: Login) -> bool:
        """Log in, choose the database, and the first time ask for a cluster's slots; False if the login is refused."""
        commands: list[tuple[Part, ...]] = []
        if login.password is not None:
            commands.append(("AUTH", login.user, login.password) if login.user else ("AUTH", login.password))
        if self._address.db:
            commands.append(("SELECT", self._address.db))
        commands.append(("PING",) if self._asked_for_slots else ("CLUSTER", "SLOTS"))
        replies = wire.ask(pack(commands), len(commands))
        for reply in replies[:-1]:
            if isinstance(reply, ReplyError):
                return self._is_refusal(reply)
        last = replies[-1]
        if isinstance(last, ReplyError) and last.code in ("NOAUTH", "LOADING", "MASTERDOWN"):
            return self._is_refusal(last)
        if isinstance(last, list) and last:
            self._take_slots(last, self._first)
        self._asked_for_slots = True
        return True

    @staticmethod
    def _is_refusal(error: ReplyError) -> bool:
        """Return False, or raise where another login would not help."""
        if error.code in _REFUSED_LOGINS:
            return False
        raise ConnectionRefusedError(f"Redis answers {error.code}")  # LOADING, MASTERDOWN

    def _take_slots(self, answer: list[Any], asked: Node) -> None:
        slots: list[Node] = [asked] * _SLOTS
        for first, last, primary, *_ in answer:
            host = primary[0].decode() if primary[0] else asked[0]
            slots[first : last + 1] = [(host, primary[1])] * (last + 1 - first)
        self._slots, self.clustered = slots, True

    def _execute_in_cluster(self, commands: Sequence[Command]) -> list[object]:
        replies: list[object] = [None] * len(commands)
        waiting = dict(enumerate(commands))
        for _ in range(_MOST_REDIRECTS):
            by_node: dict[Node, list[int]] = {}
            for place, command in waiting.items():
                by_node.setdefault(self._node_of(command.key), []).append(place)
            moved: dict[int, Command] = {}
            for node, places in by_node.items():
                for place, reply in zip(places, self.ask(node, [commands[each] for each in places]), strict=True):
                    replies[place] = reply
                    if isinstance(reply, ReplyError) and reply.code == "ASK":
                        replies[place] = self.ask(_node_in(reply, node), [commands[place]], asking=True)[0]
                    elif isinstance(reply, ReplyError) and reply.code == "MOVED":
                        moved[place] = commands[place]
            if not moved:
                break
            self._find_slots()
            waiting = moved
        return replies

    def _node_of(self, key: str | None) -> Node:
        return self._slots[slot_of(key)] if key is not None else self._slots[0]

    def _find_slots(self) -> None:
        """Ask any node which node has which slots."""
        command = [Command(None, ("CLUSTER", "SLOTS"))]
        failure: OSError | None = None
        for node in [self._first, *sorted(set(self._slots))]:
            try:
                answer = self.ask(node, command)[0]
            except OSError as error:
                failure = error
                continue
            if isinstance(answer, list):
                self._take_slots(answer, node)
                return
        raise failure or ConnectionRefusedError("no node of the cluster tells its slots")


def slot_of(key: str) -> int:
    """Return the hash slot of a key (Redis cluster specification, "Key distribution model")."""
    raw = key.encode("utf-8", "surrogatepass")
    start = raw.find(b"{")
    if start >= 0:
        end = raw.find(b"}", start + 1)
        if end > start + 1:
            raw = raw[start + 1 : end]
    return crc_hqx(raw, 0) % _SLOTS


def _node_in(reply: ReplyError, asked: Node) -> Node:
    host, _, port = str(reply).split()[2].rpartition(":")
    return host or asked[0], int(port)
