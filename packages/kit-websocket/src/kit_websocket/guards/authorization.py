"""Who may send which messages."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from kit_websocket.errors import ForbiddenError, UnauthorizedError
from kit_websocket.routing.context import Context
from kit_websocket.routing.middleware import Middleware, NextHandler

_CLAIMS = ("roles", "role", "cognito:groups")


class Authorization(Middleware):
    """Let messages of a route pass only from callers that may send them.

    roles: by route key, a list of roles, one of them needed, or a callable of the `Context` that returns True
    role_of: the roles of a caller, from the `Context`; by default the authorizer's `roles`, `role` or `cognito:groups`,
        a list, or a text with commas or spaces
    others: whether routes that are not named here are open

    No authorizer context is 401, a missing role 403. `$disconnect` is always let through. A message is judged by the
    route of the handler that it reaches, and by the one that it names: of a message to `$default`, its `action`. Where
    both have a rule, both have to let it pass.

    >>> from kit_websocket import WebSocketResolver
    >>> resolver = WebSocketResolver()
    >>> _ = resolver.middleware(Authorization({"kick": ["moderator"]}))
    """

    def __init__(
        self,
        roles: Mapping[str, Collection[str] | Callable[[Context], bool]],
        *,
        role_of: Callable[[Context], Collection[str]] | None = None,
        others: bool = True,
        route_field: str = "action",
    ) -> None:
        """Keep the settings. TypeError for roles that are a text: they would be its letters."""
        for route, needed in roles.items():
            if isinstance(needed, str):
                raise TypeError(f"the roles of {route!r} are a list, not the text {needed!r}")
        self._roles = dict(roles)
        self._role_of = role_of or _roles_of
        self._others = others
        self._path = tuple(route_field.split("."))
        self._handled: str | None = None

    def for_route(self, route_key: str) -> "Authorization":
        """Return the same rules around the handler of a route."""
        from copy import copy

        judge = copy(self)
        judge._handled = route_key
        return judge

    async def __call__(self, event: Any, context: Any, next_handler: NextHandler) -> Any:
        """Refuse, or go on."""
        if event["requestContext"]["routeKey"] != "$disconnect":
            described = Context(event, context)
            for route in sorted(self._routes(event)):
                self._check(route, described)
        return await next_handler(event, context)

    def _routes(self, event: Any) -> set[str]:
        from kit_websocket.routing.body import field_of

        route = event["requestContext"]["routeKey"]
        named = field_of(event, self._path) if route == "$default" else None
        routes = {named if isinstance(named, str) and named else route, self._handled or route}
        # A handler of all messages without a rule of its own leaves it to their names.
        return routes - {"$default"} if len(routes) > 1 and "$default" not in self._roles else routes

    def _check(self, route: str, context: Context) -> None:
        needed = self._roles.get(route)
        if needed is None:
            if not self._others:
                raise ForbiddenError
            return
        if not context.authorizer:
            raise UnauthorizedError
        if callable(needed):
            if needed(context) is not True:
                raise ForbiddenError
        elif not set(needed) & set(self._role_of(context)):
            raise ForbiddenError


def _roles_of(context: Context) -> Collection[str]:
    authorizer: Any = context.authorizer
    found = next((authorizer[name] for name in _CLAIMS if authorizer.get(name)), ())
    return found.replace(",", " ").split() if isinstance(found, str) else list(found)
