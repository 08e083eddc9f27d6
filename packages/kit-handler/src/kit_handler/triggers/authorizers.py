"""The answers of Lambda authorizers: `isAuthorized` where API Gateway asks for that, else a policy.

Sources: API Gateway Developer Guide, "Use API Gateway Lambda authorizers" and "Control access to HTTP APIs with AWS
Lambda authorizers". API Gateway keeps an answer (300 seconds under SAM's defaults) and judges the same caller's next
request by it, also for another method or path: a policy that names one method alone would refuse all others.
"""

from kit_handler.errors import ForbiddenError, TriggerError, UnauthorizedError
from kit_handler.triggers.outcomes import GENERAL, failure, json_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Literal

    from kit_handler._types import Event


class Allow:
    """Let a caller pass, as the answer of an authorizer's function that says more than True or a mapping.

    context: `request.authorizer` of the functions behind; it may be empty
    principal_id: the caller's name in API Gateway's logs; by default the context's `principalId`, or "user"
    scope: the methods and paths of the policy, which API Gateway keeps:
        "stage": every method of the API's stage
        "request": the method and path of this request; for functions that judge by the path
        a list: `["GET /loans", "GET /loans/*", "* /public/*"]`, where `*` stands for anything, slashes included

    The simple answer of an HTTP API has no policy: it holds for the stage, or where `$context.routeKey` is one of the
    identity sources, for the route. Another scope is an error there, and lets nobody in.

    Example:
        >>> @trigger
        ... def authorize(event):
        ...     return Allow({"roles": "LOAN_VIEW"}, principal_id="ada", scope=["GET /loans/*"])
    """

    __slots__ = ("context", "principal_id", "scope")

    def __init__(
        self,
        context: "Mapping[str, Any] | None" = None,
        *,
        principal_id: str | None = None,
        scope: "Literal['stage', 'request'] | Iterable[str]" = "stage",
    ) -> None:
        self.context = dict(context or {})
        self.principal_id = principal_id
        self.scope: str | list[str] = scope if scope in ("stage", "request") else _methods(scope)


def answer_authorizer(call: "Callable[[], Any]", event: "Event", context: "Any", name: str) -> "Any":
    """Return the answer to an authorizer's event; raise TriggerError if there is none."""
    simple = "routeArn" in event and event.get("version") == "2.0"
    try:
        said = call()
        if not isinstance(said, Allow):
            said = json_of(said)
            if isinstance(said, dict) and ("policyDocument" in said or "isAuthorized" in said):
                return said
            said = _allow(said)
        return _simple(said) if simple else _policy(said, event)
    except ForbiddenError:
        return _simple(None) if simple else _policy(None, event)
    except UnauthorizedError:
        if simple:
            return _simple(None)
        raise TriggerError("Unauthorized") from None  # API Gateway knows this very text
    except Exception as error:  # noqa: BLE001  (nobody is let in, and API Gateway doesn't remember it as a denial)
        failure(error, name)
        raise TriggerError(GENERAL) from None


def _allow(said: "Any") -> Allow | None:
    """Return the meaning of a result. A mapping without a value in it is a search that found nobody."""
    if said is not None and not isinstance(said, (bool, dict)):
        raise TypeError(f"an authorizer says True, False, a mapping or Allow, not {type(said).__qualname__!r}")
    if isinstance(said, dict):
        return Allow(said) if any(value is not None for value in said.values()) else None
    return Allow() if said else None


def _simple(allowed: Allow | None) -> "dict[str, Any]":
    if allowed is None:
        return {"isAuthorized": False, "context": {}}
    if allowed.scope != "stage":
        raise ValueError(
            f"the simple answer of an HTTP API can't have the scope {allowed.scope!r}: leave it out, and make "
            "$context.routeKey one of the identity sources"
        )
    return {"isAuthorized": True, "context": json_of(allowed.context)}


def _policy(allowed: Allow | None, event: "Event") -> "dict[str, Any]":
    asked = event.get("methodArn") or event.get("routeArn")
    resources = _resources(asked, allowed.scope if allowed else "stage")
    if not resources:
        from kit_handler import _log

        _log.warning("denied: the path has a wildcard in it, so that no policy can be for this request alone")
        return _policy(None, event)
    context = json_of(allowed.context) if allowed else {}
    principal = (allowed.principal_id if allowed else None) or context.get("principalId")
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Allow" if allowed else "Deny",
        "Resource": resources[0] if len(resources) == 1 else resources,
    }
    return {
        "principalId": str(principal or ("user" if allowed else "anonymous")),
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {key: _scalar(value) for key, value in context.items() if value is not None},
    }


def _resources(asked: "Any", scope: "str | list[str]") -> "list[Any]":
    """Return the ARNs that a policy names: `…:api/stage/METHOD/path`; none where the scope can't be named."""
    parts = asked.split("/", 2) if isinstance(asked, str) else []
    if len(parts) < 3:
        return [asked]
    stage = f"{parts[0]}/{parts[1]}"
    if isinstance(scope, list):
        return [f"{stage}/{each}" for each in scope]
    if scope == "stage":
        return [f"{stage}/*"]
    # The path is the client's: a `*` in it would be a policy for more than this request.
    return [] if any(wildcard in parts[2] for wildcard in ("*", "?", "${")) else [asked]


def _methods(scope: "Any") -> list[str]:
    """Return `GET/loans/*` for each `GET /loans/*`."""
    if isinstance(scope, str):
        raise ValueError(f"scope= is 'stage', 'request' or a list of methods and paths, not {scope!r}")
    methods = []
    for each in scope:
        method, slash, path = str(each).partition("/")
        if not slash or not (method.rstrip() == "*" or (method.rstrip().isalpha() and method.isupper())):
            raise ValueError(f"scope= has methods and paths such as 'GET /loans/*', not {each!r}")
        methods.append(f"{method.rstrip()}/{path}")
    if not methods:
        raise ValueError("scope= was given an empty list, which would let nobody pass")
    return methods


def _scalar(value: "Any") -> "Any":
    """Return a value that the context of a policy can hold; lists and mappings as JSON."""
    if isinstance(value, (bool, int, float, str)):
        return value
    from kit_core.json import dumps

    return dumps(value)
