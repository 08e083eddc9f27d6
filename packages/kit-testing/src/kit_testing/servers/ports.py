"""Ports for servers that are to come back on the same one."""

import random
import socket

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """Tell whether a server could listen on a port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a free port of 127.0.0.1.

    Not one that binding to port 0 gives: those come from the range that outgoing connections take theirs from,
    and while a server is being restarted, somebody's connection could sit on its port (Linux begins at 32768).
    """
    for port in random.SystemRandom().sample(range(20000, 32000), 50):
        if is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
        assert isinstance(port, int)
        return port
