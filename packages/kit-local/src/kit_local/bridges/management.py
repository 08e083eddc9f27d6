"""The management API (`@connections`) of all WebSocket APIs, at the local endpoint.

The environment of a function can name one endpoint of that service. With several APIs, this one finds the API of a
connection by the connection's id.
"""

import asyncio
import re
from collections.abc import Sequence
from urllib.parse import unquote

from kit_testing.servers.aws import Call, Next, Reply
from kit_testing.servers.connections import COMMANDS, gone

from kit_local.gateway.connections import Connections

# Behind the endpoint's own path, as botocore puts it there, a stage may stand.
_COMMAND = re.compile(rf"(?:/[^/]+)?{COMMANDS}([^/]+)")


class Management:
    """A bridge that answers for connections; its caller waits in a thread, the connections are on `loop`."""

    def __init__(self, apis: Sequence[Connections], loop: asyncio.AbstractEventLoop) -> None:
        self._apis, self._loop = apis, loop

    def __call__(self, call: Call, call_next: Next) -> Reply:
        """Answer a command about a connection, and pass on everything else."""
        found = _COMMAND.fullmatch(call.path)
        if found is None or not (call.service == "execute-api" or call.path.startswith(COMMANDS)):
            return call_next(call)
        connection_id = unquote(found[1])
        for connections in self._apis:
            if connection_id in connections:
                command = connections.command(connection_id, call.method, call.body)
                return asyncio.run_coroutine_threadsafe(command, self._loop).result()
        return gone()
