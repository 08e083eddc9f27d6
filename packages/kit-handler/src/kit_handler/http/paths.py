"""The path that a router matches, without the parts before the API's own routes.

Where each comes from:
HTTP APIs have a stage's name (but `$default`) at the front of the path, decoded; behind a custom domain the path
begins with the mapping's key instead. REST APIs leave the stage out, and a custom domain's base path in. Function
URLs and load balancers pass the path on as it came, encoded. The prefix of a custom domain is told by the
route or resource that API Gateway itself has matched: it counts from the end.
"""

from kit_handler._shape import mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kit_handler._types import Event


def route_path(path: str, event: "Event") -> tuple[str, bool]:
    """Return the path to match, and whether it has been decoded, of a request's `path` and its event."""
    key = event.get("routeKey")  # only the payload 2.0 has it
    if type(key) is str and key.count("/") == path.count("/") and "+" not in key and key[-2:] != " /":
        return path, True  # as long as the route that API Gateway has matched: nothing stands before it
    context = event.get("requestContext")
    if not isinstance(context, dict):
        return path, False
    if "http" in context:
        return _of_http_api(path, event, context)
    decoded = event.get("version") == "1.0"  # an HTTP API that is set to payload 1.0
    template = event.get("resource")
    if _is_default_domain(context.get("domainName")):
        return (_without_stage(path, context) if decoded else path), decoded
    if isinstance(template, str):
        path = _matched(path, template, mapping(event, "pathParameters"))
    return path, decoded


def _of_http_api(path: str, event: "dict[str, Any]", context: "dict[str, Any]") -> tuple[str, bool]:
    key = event.get("routeKey")
    template = key.partition(" ")[2] if isinstance(key, str) else ""
    domain = context.get("domainName")
    if isinstance(domain, str) and ".lambda-url." in domain:
        return path, False
    if _is_default_domain(domain):
        return _without_stage(path, context), True
    return (_matched(path, template, mapping(event, "pathParameters")) if template else path), True


def _is_default_domain(domain: "Any") -> bool:
    return not isinstance(domain, str) or ".execute-api." in domain


def _without_stage(path: str, context: "dict[str, Any]") -> str:
    stage = context.get("stage")
    if not isinstance(stage, str) or stage == "$default":
        return path
    prefix = f"/{stage}"
    return path[len(prefix) :] or "/" if path == prefix or path.startswith(f"{prefix}/") else path


def _matched(path: str, template: str, params: "dict[str, Any]") -> str:
    """Return the end of `path` that `template` (`/users/{id}`, `/{proxy+}`) has matched."""
    length = 0 if template == "/" else template.count("/")
    if template.endswith("+}"):
        rest = params.get(template.rpartition("{")[2][:-2])
        if not isinstance(rest, str):
            return path
        length += rest.strip("/").count("/")
    segments = path.rstrip("/").split("/")[1:]
    if len(segments) <= length:
        return path
    end = segments[len(segments) - length :]
    return f"/{'/'.join(end)}{'/' if path.endswith('/') and end else ''}"
