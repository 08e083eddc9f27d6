"""How much CPU time routes take per request, next to the peers and to functions written by hand.

    uv run --isolated --group benchmarks python integration-tests/benchmarks/route.py

GET /users/{id} with payload 2.0, alone and as the last of 10, 100 and 1000 routes with a parameter each; each answers
{"data": {"id": …}} as JSON. POST /orders has a role, CORS and a body of three fields. Mangum runs without lifespan.
chalice knows payload 1.0 only and gets that. rispack has no router: its route is called next to ours, in a process
and an environment of its own, where the function by hand is measured too.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from _rispack import measured
from _table import cpu_microseconds, print_table
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from chalice import Chalice
from fastapi import FastAPI
from kit_handler import Request, Response, Router, route
from kit_testing import LambdaContext
from kit_testing.events import http_event
from mangum import Mangum
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import JSONResponse
from starlette.routing import Route

COUNTS = (1, 10, 100, 1000)
MOST_OVER = 5.0
MOST_OVER_BOUND = 15.0
MOST_GROWTH = 1.15
CALLER = {"roles": "USER_VIEW,USER_EDIT"}
EVENT = http_event("GET", "/users/7", path_params={"id": "7"}, authorizer=CALLER)
ORDER = {"name": "table", "amount": 3, "note": "round"}
POST = http_event("POST", "/orders", body=ORDER, authorizer=CALLER)
EVENT_V1 = http_event(
    "GET", "/users/7", path_params={"user_id": "7"}, authorizer=CALLER, resource="/users/{user_id}", version="1.0"
)
CONTEXT = LambdaContext()

Handler = Callable[[Any, Any], Any]


def by_hand(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do the same with nothing between: the handler's own work."""
    body = json.dumps({"data": {"id": event["pathParameters"]["id"]}}, separators=(",", ":"))
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": body}


def order_by_hand(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer with the body that came in, neither guarded nor checked."""
    body = json.loads(event["body"])
    text = json.dumps({"data": {name: body[name] for name in ORDER}}, separators=(",", ":"))
    return {"statusCode": 201, "headers": {"Content-Type": "application/json"}, "body": text}


@route
def kit_user(request: Request) -> Response:
    """Answer with the id."""
    return Response.ok({"id": request.path_params["id"]})


@route
async def kit_user_async(request: Request) -> Response:
    """Answer with the id."""
    return Response.ok({"id": request.path_params["id"]})


@route(role="USER_VIEW", cors=True)
def kit_user_guarded(request: Request) -> Response:
    """Answer with the id, if the caller may see it."""
    return Response.ok({"id": request.path_params["id"]})


@dataclass
class Order:
    """Hold a body of three fields."""

    name: str
    amount: int
    note: str


def kit_orders() -> Handler:
    """Return a router with a guarded route for a bound body."""
    app = Router(role="USER_EDIT", cors=True)

    @app.post("/orders")
    def create(order: Order) -> Response:
        return Response.created({"name": order.name, "amount": order.amount, "note": order.note})

    return app


def kit(paths: list[str]) -> Handler:
    """Return a router with these paths."""
    app = Router()
    for path in paths:
        app.get(path.replace("<", "{").replace(">", "}"))(lambda user_id: Response.ok({"id": user_id}))
    return app


def powertools(paths: list[str]) -> Handler:
    """Return powertools' resolver with these paths."""
    app = APIGatewayHttpResolver()
    for path in paths:
        app.get(path)(lambda user_id: {"data": {"id": user_id}})
    return app.resolve


def with_starlette(paths: list[str]) -> Handler:
    """Return Mangum around Starlette with these paths."""

    async def user(request: StarletteRequest) -> JSONResponse:
        return JSONResponse({"data": {"id": request.path_params["user_id"]}})

    routes = [Route(path.replace("<", "{").replace(">", "}"), user) for path in paths]
    return Mangum(Starlette(routes=routes), lifespan="off")


def with_fastapi(paths: list[str]) -> Handler:
    """Return Mangum around FastAPI with these paths."""
    app = FastAPI()

    async def user(user_id: str) -> dict[str, Any]:
        return {"data": {"id": user_id}}

    for path in paths:
        app.get(path.replace("<", "{").replace(">", "}"))(user)
    return Mangum(app, lifespan="off")


def with_chalice(paths: list[str]) -> Handler:
    """Return a chalice application with these paths; payload 1.0 names the route, so that nothing is looked for."""
    app = Chalice("users")
    for path in paths:

        def user(user_id: str) -> dict[str, Any]:
            return {"data": {"id": user_id}}

        app.route(path.replace("<", "{").replace(">", "}"))(user)
    return lambda event, context: app(EVENT_V1, context)


RISPACK = """
import logging
from _table import cpu_microseconds
from rispack.handler import Response, route
from rispack.logger import logger

logger.setLevel(logging.CRITICAL)
event = given["event"]

@route
def user(request):
    return Response.ok({"id": request.path_params["id"]})

def by_hand(event, context):
    body = json.dumps({"data": {"id": event["pathParameters"]["id"]}}, separators=(",", ":"))
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": body}

assert json.loads(user(event, None)["body"]) == {"data": {"id": "7"}}
calls = {"route": lambda: user(event, None), "by hand": lambda: by_hand(event, None)}
print(json.dumps(cpu_microseconds(calls, number=1_000, rounds=30)))
"""

ROUTERS: dict[str, Callable[[list[str]], Handler]] = {
    "kit_handler": kit,
    "powertools": powertools,
    "chalice, payload 1.0": with_chalice,
    "mangum, starlette": with_starlette,
    "mangum, fastapi": with_fastapi,
}


def single_routes() -> dict[str, float]:
    """Print what one function takes, and return it by name."""
    handlers = {
        "by hand": by_hand,
        "route": kit_user,
        "route, role and CORS": kit_user_guarded,
        "route, async def": kit_user_async,
    }
    for handler in handlers.values():
        assert json.loads(handler(EVENT, CONTEXT)["body"]) == {"data": {"id": "7"}}, handler
    orders = {"POST by hand": order_by_hand, "POST, Router with role, CORS, body": kit_orders()}
    for handler in orders.values():
        assert json.loads(handler(POST, CONTEXT)["body"]) == {"data": ORDER}, handler
    calls: dict[str, Callable[[], object]] = {
        name: lambda handler=handler: handler(EVENT, CONTEXT) for name, handler in handlers.items()
    }
    calls |= {name: lambda handler=handler: handler(POST, CONTEXT) for name, handler in orders.items()}
    taken = cpu_microseconds(calls, number=1_000, rounds=30)
    peer = measured(RISPACK, event=EVENT)
    floors = {name: taken["POST by hand" if name.startswith("POST") else "by hand"] for name in taken}
    print_table(
        "One function, CPU time per request",
        ("handler", "µs", "over by hand"),
        [
            *((name, f"{us:.2f}", f"{us - floors[name]:.2f}") for name, us in taken.items()),
            ("rispack's route, its log off", f"{peer['route']:.2f}", f"{peer['route'] - peer['by hand']:.2f}"),
        ],
    )
    return taken


def routers() -> dict[str, dict[int, float]]:
    """Print what the last of so many routes takes, and return it by name and number."""
    taken: dict[str, dict[int, float]] = {name: {} for name in ROUTERS}
    registered: dict[str, float] = {}
    for count in COUNTS:
        paths = [f"/things{number}/<user_id>" for number in range(count - 1)] + ["/users/<user_id>"]
        calls: dict[str, Callable[[], object]] = {}
        for name, make in ROUTERS.items():
            started = time.process_time()
            handler = make(paths)
            registered[name] = (time.process_time() - started) * 1e6 / count
            assert json.loads(handler(EVENT, CONTEXT)["body"]) == {"data": {"id": "7"}}, name
            calls[name] = lambda handler=handler: handler(EVENT, CONTEXT)
        for name, us in cpu_microseconds(calls, number=300, rounds=30).items():
            taken[name][count] = us
    print_table(
        "The last of so many routes, CPU time per request in µs",
        ("router", *map(str, COUNTS), "to register one"),
        [(name, *(f"{us:.2f}" for us in row.values()), f"{registered[name]:.0f}") for name, row in taken.items()],
    )
    return taken


def main() -> int:
    """Print the tables; return 1 when a limit is passed."""
    one, many = single_routes(), routers()
    ours, peer = many["kit_handler"], many["powertools"]
    kept = {
        f"at most {MOST_OVER:.0f} µs over by hand, at any number": max(ours.values()) - one["by hand"] <= MOST_OVER,
        "1000 routes within 15 % of one": ours[1000] <= ours[1] * MOST_GROWTH,
        "under a quarter of powertools at one route": ours[1] < peer[1] / 4,
        "under a twentieth of powertools at 1000": ours[1000] < peer[1000] / 20,
        f"with role, CORS and body at most {MOST_OVER_BOUND:.0f} µs over by hand": (
            one["POST, Router with role, CORS, body"] - one["POST by hand"] <= MOST_OVER_BOUND
        ),
    }
    print()
    for limit, holds in kept.items():
        print(f"{limit}: {'yes' if holds else 'NO'}")
    return 0 if all(kept.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
