"""How much CPU time a route takes per request, next to powertools and to a function written by hand.

    uv run --isolated --group benchmarks python integration-tests/benchmarks/route.py

GET /users/{id} with payload 2.0; each answers {"data": {"id": …}} as JSON.
"""

import json
import sys
from typing import Any

from _table import cpu_microseconds, print_table
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from kit_handler import Request, Response, route
from kit_handler.testing import LambdaContext, http_event

MOST_OVER = 8.0
EVENT = http_event("GET", "/users/7", path_params={"id": "7"}, authorizer={"roles": "USER_VIEW,USER_EDIT"})
CONTEXT = LambdaContext()

powertools = APIGatewayHttpResolver()


@powertools.get("/users/<user_id>")
def _powertools_user(user_id: str) -> dict[str, Any]:
    return {"data": {"id": user_id}}


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


def by_hand(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do the same with nothing between: the handler's own work."""
    body = json.dumps({"data": {"id": event["pathParameters"]["id"]}}, separators=(",", ":"))
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": body}


def main() -> int:
    """Print the table; return 1 when a limit is passed."""
    for handler in (by_hand, kit_user, kit_user_async, kit_user_guarded, powertools.resolve):
        assert json.loads(handler(EVENT, CONTEXT)["body"]) == {"data": {"id": "7"}}, handler
    taken = cpu_microseconds(
        {
            "by hand": lambda: by_hand(EVENT, CONTEXT),
            "kit_handler": lambda: kit_user(EVENT, CONTEXT),
            "kit_handler, role and CORS": lambda: kit_user_guarded(EVENT, CONTEXT),
            "powertools": lambda: powertools.resolve(EVENT, CONTEXT),
        }
    )
    taken |= cpu_microseconds({"kit_handler, async def": lambda: kit_user_async(EVENT, CONTEXT)}, number=2_000)
    floor, peer = taken["by hand"], taken["powertools"]
    print_table(
        "One route, CPU time per request",
        ("handler", "µs", "over by hand", "of powertools"),
        [(name, f"{us:.2f}", f"{us - floor:.2f}", f"{us / peer:.0%}") for name, us in taken.items()],
    )
    ours = taken["kit_handler"]
    kept = ours - floor <= MOST_OVER and ours <= peer / 2
    print(f"\nat most {MOST_OVER:.0f} µs over by hand and half of powertools': {'yes' if kept else 'NO'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
