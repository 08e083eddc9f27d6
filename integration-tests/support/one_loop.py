"""Run a route, a WebSocket handler, a job and each again, and print how many event loops they ran in."""

import asyncio

from kit_handler import Response, job, route
from kit_testing import LambdaContext
from kit_testing.events import http_event, sqs_event, websocket_event
from kit_websocket import WebSocketResolver

loops = set()
resolver = WebSocketResolver()


@route
async def get(request):
    loops.add(asyncio.get_running_loop())
    return Response.ok({})


@resolver.on_default()
async def default():
    loops.add(asyncio.get_running_loop())


@job
async def work(record: dict):
    loops.add(asyncio.get_running_loop())


for _ in range(2):
    get(http_event("GET", "/"), LambdaContext())
    resolver.resolve(websocket_event("$default"), LambdaContext())
    work(sqs_event([{}]), LambdaContext())

print(len(loops))
