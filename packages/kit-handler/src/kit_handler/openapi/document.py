"""OpenAPI 3.1 of a Router: its paths, parameters, bodies, docstrings and security."""

from http import HTTPStatus
from inspect import cleandoc

from kit_handler.binding.binding import parameters_of
from kit_handler.binding.query import is_array
from kit_handler.http.interceptors.access import AllOf
from kit_handler.http.matching import PathParameter
from kit_handler.http.signature import takes_the_request
from kit_handler.openapi.constraints import is_allowed, json_of
from kit_handler.openapi.schemas import Components

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from typing import Any

    from kit_handler.binding.binding import BoundParameter
    from kit_handler.http.router import Route, Router

    Bound = list[BoundParameter]

_CONVERTED = {
    "int": {"type": "integer"},
    "uuid": {"type": "string", "format": "uuid"},
    "date": {"type": "string", "format": "date"},
}
_PLACES = ("path", "query", "header", "cookie")
_ENTRY = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "message": {"type": "string"}, "field": {"type": "string"}},
    "required": ["id", "message"],
}
_ERRORS = {"type": "object", "properties": {"errors": {"type": "array", "items": _ENTRY}}, "required": ["errors"]}
_PROBLEM = {
    **_ERRORS,
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        **_ERRORS["properties"],  # type: ignore[dict-item]
    },
}

_SCHEMES: "dict[str, dict[str, Any]]" = {
    "authorizer": {"type": "http", "scheme": "bearer", "description": "What the API's authorizer accepts"},
    "token": {"type": "apiKey", "in": "header", "name": "X-Authorization-Token"},
}


def openapi(
    app: "Router",
    *,
    title: str = "API",
    version: str = "1.0.0",
    description: str | None = None,
    servers: "Iterable[str]" = (),
    integration: "Any" = None,
) -> "dict[str, Any]":
    """Return the OpenAPI 3.1 document of a router; every value in it is one that JSON has.

    Summary and description of an operation are the function's docstring, its parameters and body the function's
    own. Roles and scopes are those of the security scheme `authorizer`, 401 and 403 go with them.

    servers: URLs. integration: a value for `x-amazon-apigateway-integration`, with which SAM's `DefinitionBody` takes
    the document; then `{name+}` stays in the paths, as API Gateway writes it.
    """
    components = Components()
    names: set[str] = set()
    paths: dict[str, Any] = {}
    used: set[str] = set()
    for route in app.routes:
        if route.options.get("hidden"):
            continue
        for method in route.methods:
            operation = _operation(route, method, components, names, used)
            if integration is not None:
                operation["x-amazon-apigateway-integration"] = integration
            paths.setdefault(_path(route, aws=integration is not None), {})[method.lower()] = operation
    info = {"title": title, "version": version} | ({"description": description} if description else {})
    document: dict[str, Any] = {"openapi": "3.1.0", "info": info}
    urls = [{"url": url} for url in servers]
    if urls:
        document["servers"] = urls
    document["paths"] = paths
    schemes = {name: _SCHEMES[name] for name in sorted(used)}
    held = {"schemas": dict(sorted(components.schemas.items())), "securitySchemes": schemes}
    document["components"] = {name: value for name, value in held.items() if value}
    return document


def _path(route: "Route", *, aws: bool) -> str:
    segments = (
        f"{{{each.name}{'+' if each.greedy and aws else ''}}}" if isinstance(each, PathParameter) else each
        for each in route.segments
    )
    return f"/{'/'.join(segments)}"


def _operation(
    route: "Route", method: str, components: Components, names: set[str], used: set[str]
) -> "dict[str, Any]":
    options = {**route.options, **getattr(route.function, "route_options", {})}
    text = cleandoc(getattr(route.function, "__doc__", None) or "")
    summary, _, description = text.partition("\n")
    operation: dict[str, Any] = {"operationId": _unique(route, method, names)}
    operation |= {"summary": summary.strip()} if summary else {}
    operation |= {"description": description.strip()} if description.strip() else {}
    operation |= {"tags": list(options["tags"])} if options.get("tags") else {}
    operation |= {"deprecated": True} if options.get("deprecated") else {}
    bound = _bound(route)
    parameters = [*_path_parameters(route, bound, components), *_parameters(route, bound, components)]
    operation |= {"parameters": parameters} if parameters else {}
    body = _body([each for each in bound if each.source == "body"], components)
    operation |= {"requestBody": body} if body else {}
    security = _security(options, used)
    operation["responses"] = _responses(route, bound, components, guarded=bool(security))
    operation |= {"security": security} if security else {}
    return operation


def _unique(route: "Route", method: str, names: set[str]) -> str:
    name = str(getattr(route.function, "__name__", "")).strip("<>") or "handler"
    if name in names:
        name = f"{method.lower()}_{'_'.join(str(each).strip('{}') for each in route.segments)}"
    while name in names:
        name += "_"
    names.add(name)
    return name


def _bound(route: "Route") -> "Bound":
    function = route.function
    if hasattr(function, "route_options"):
        function = function.__wrapped__
    return [] if takes_the_request(function, route.parameters) else parameters_of(function, route.parameters)


def _path_parameters(route: "Route", bound: "Bound", components: Components) -> "list[dict[str, Any]]":
    annotated = {each.key: components.of(each.annotation) for each in bound if each.source == "path"}
    for each in bound:
        if _is_whole_query(each):
            annotated = {**components.own(each.kind).get("properties", {}), **annotated}
    found = []
    for name, converter in route.parameters.items():
        schema = annotated.get(name, {"type": "string"})
        schema = _CONVERTED.get(converter, schema) if schema == {"type": "string"} else schema
        found.append(_parameter(name, "path", schema, required=True))
    return found


def _parameters(route: "Route", bound: "Bound", components: Components) -> "list[dict[str, Any]]":
    found = []
    for each in bound:
        if _is_whole_query(each):
            found += _of_query(components.own(each.kind), route.parameters)
        elif each.source in _PLACES[1:]:
            schema = components.of(each.annotation)
            if each.default is not None and is_allowed(each.default, each.annotation):
                schema = {**schema, "default": json_of(each.default)}
            found.append(_parameter(each.key, each.source, schema, required=each.required))
    return found


def _is_whole_query(parameter: "BoundParameter") -> bool:
    return parameter.source == "query" and not parameter.key


def _of_query(schema: "dict[str, Any]", path: "Container[str]") -> "list[dict[str, Any]]":
    """Return the parameters of a class for the whole query; those of the path are among the path's."""
    found = []
    for name, each in schema.get("properties", {}).items():
        if name not in path:
            parameter = _parameter(name, "query", each, required=name in schema.get("required", ()))
            found.append(parameter | ({"style": "form", "explode": False} if is_array(each) else {}))
    return found


def _parameter(name: str, place: str, schema: "dict[str, Any]", *, required: bool) -> "dict[str, Any]":
    """Return a parameter; the description is its own, and not that of its schema."""
    said: dict[str, Any] = {key: schema[key] for key in ("description", "deprecated") if key in schema}
    schema = {key: value for key, value in schema.items() if key not in said}
    return {"name": name, "in": place, **said, "required": required, "schema": schema}


def _body(bound: "Bound", components: Components) -> "dict[str, Any] | None":
    if not bound:
        return None
    required = any(each.required for each in bound)
    whole = next((each for each in bound if not each.key), None)
    if whole:
        kind = {str: "text/plain", bytes: "application/octet-stream"}.get(whole.annotation, "application/json")
        return {"required": required, "content": {kind: {"schema": components.of(whole.annotation)}}}
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {each.key: components.of(each.annotation) for each in bound},
    }
    needed = [each.key for each in bound if each.required]
    schema |= {"required": needed} if needed else {}
    return {"required": required, "content": {"application/json": {"schema": schema}}}


def _responses(route: "Route", bound: "Bound", components: Components, *, guarded: bool) -> "dict[str, Any]":
    declared = route.options.get("responses") or {}
    problem = bool(route.options.get("problem_json"))
    found = {str(int(status)): _response(int(status), said, components, problem) for status, said in declared.items()}
    if not any(status.startswith("2") for status in found):
        found["200"] = {"description": "OK"}
    failures = [400] * bool(bound) + [401, 403] * guarded + [404] * bool(route.parameters) + [500]
    if route.options.get("rate_limit"):
        failures.append(429)
    for status in failures:
        found.setdefault(str(status), _failure(status, components, problem=problem))
    return dict(sorted(found.items()))


def _response(status: int, said: "Any", components: Components, problem: bool) -> "dict[str, Any]":
    if isinstance(said, str):
        # A text names an answer, and takes nothing from it: kit's errors all have the same form.
        return {**(_failure(status, components, problem=problem) if status >= 400 else {}), "description": said}
    schema = {"type": "object", "properties": {"data": components.of(said)}, "required": ["data"]}
    return {"description": _phrase(status), "content": {"application/json": {"schema": schema}}}


def _failure(status: int, components: Components, *, problem: bool) -> "dict[str, Any]":
    name, kind, schema = (
        ("Problem", "application/problem+json", _PROBLEM) if problem else ("Errors", "application/json", _ERRORS)
    )
    components.schemas.setdefault(name, schema)
    content = {kind: {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    return {"description": _phrase(status), "content": content}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Answer"


def _security(options: "dict[str, Any]", used: set[str]) -> "list[dict[str, list[str]]]":
    """Return the alternatives, one of them enough for a caller: any of the roles, with any of the scopes."""
    roles, scopes = _names(options.get("role")), _names(options.get("scope"))
    token = options.get("token")
    if not (roles or scopes or token):
        return []
    alternatives: list[dict[str, list[str]]] = []
    for role in roles or [[]]:
        for scope in scopes or [[]]:
            needed: dict[str, list[str]] = {}
            if roles or scopes:
                needed["authorizer"] = [*role, *scope]
            if token:
                identifies = getattr(token, "identifies", False)
                needed.setdefault("authorizer" if identifies else "token", [])
            used.update(needed)
            alternatives.append(needed)
    return alternatives


def _names(required: "Any") -> "list[list[str]]":
    """Return the alternatives, each with all of its names (`all_of`)."""
    if required is None or required is False:
        return []
    if isinstance(required, (str, AllOf)) or not isinstance(required, (list, tuple, set, frozenset)):
        required = [required]
    names = [each if isinstance(each, AllOf) else [str(getattr(each, "value", each))] for each in required]
    return sorted(map(list, names)) if isinstance(required, (set, frozenset)) else [list(each) for each in names]
