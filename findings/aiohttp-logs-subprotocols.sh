#!/usr/bin/env bash
# aiohttp: the subprotocols that a WebSocket client offers.
#
# Expected: a server that picks none of them answers without Sec-WebSocket-Protocol (RFC 6455, 4.2.2), and logs at most that.
# Seen:     every value that the client has offered is logged as a WARNING, also by `can_prepare`, which answers nothing.
# Matters:  browsers cannot set headers on a WebSocket, so tokens are sent as a subprotocol (Kubernetes' and AppSync's clients
#           do): the token of each client is in the log, without any logging of the application's own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet aiohttp==3.14.5 2> /dev/null
cat > "$folder/show.py" <<'PY'
import asyncio
from importlib.metadata import version

from aiohttp import ClientSession, web


async def serve(request):
    socket = web.WebSocketResponse()
    if socket.can_prepare(request):
        await socket.prepare(request)
        await socket.close()
    return socket


async def main():
    application = web.Application()
    application.router.add_get("/", serve)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    async with ClientSession() as session:
        async with session.ws_connect(f"http://{host}:{port}/", protocols=("bearer", "the-secret-token")) as socket:
            print("protocol:", socket.protocol, flush=True)
    await runner.cleanup()


print("aiohttp", version("aiohttp"), flush=True)
asyncio.run(main())
PY
seen=$("$folder/venv/bin/python" "$folder/show.py" 2>&1)
echo "$seen"
grep -q 'protocol: None' <<< "$seen" &&
  [ "$(grep -c "Client protocols \['bearer', 'the-secret-token'\]" <<< "$seen")" = 2 ] || { echo "the behaviour has changed"; exit 1; }
