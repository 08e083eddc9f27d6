"""Reads the routes and authorizers of an API from its OpenAPI document, as SAM writes it for HTTP and REST APIs."""

import logging
from collections.abc import Mapping
from typing import Any

from kit_local.provision.apis import Draft, cors, seconds, sources
from kit_local.provision.builder import Builder
from kit_local.stack import Authorizer, Cors, Route

_log = logging.getLogger("kit.local")
_METHODS = ("delete", "get", "head", "options", "patch", "post", "put", "x-amazon-apigateway-any-method")
_AUTHORIZER = "x-amazon-apigateway-authorizer"
_INTEGRATION = "x-amazon-apigateway-integration"
_VALIDATOR = "x-amazon-apigateway-request-validator"
_PREFLIGHT = "method.response.header.Access-Control-"


def read_body(builder: Builder, draft: Draft, body: Mapping[str, Any]) -> None:
    """Add to `draft` everything that `body` describes."""
    schemes = body.get("securityDefinitions") or (body.get("components") or {}).get("securitySchemes") or {}
    for name, scheme in schemes.items():
        _authorizer(builder, draft, name, scheme)
    settings = body.get("x-amazon-apigateway-cors")
    if settings:
        draft.cors = cors(settings)
    for path, methods in (body.get("paths") or {}).items():
        for method, operation in methods.items():
            if method.lower() in _METHODS:
                default = body.get("security")
                _operation(builder, draft, path, method.lower(), {"security": default, **operation})


def _authorizer(builder: Builder, draft: Draft, name: str, scheme: Mapping[str, Any]) -> None:
    spec = scheme.get(_AUTHORIZER) or {}
    kind = str(spec.get("type", "")).upper()
    function = builder.function(str(spec.get("authorizerUri", "")))
    if kind not in ("REQUEST", "TOKEN") or function is None:
        reason = f"the authorizer {name!r} is not a function of this template"
        return builder.unsupported(draft.item, f"Auth.Authorizers.{name}", reason)
    rest = draft.kind == "rest"
    identity = sources(spec.get("identitySource"))
    if kind == "TOKEN" and not identity:
        identity = (f"method.request.header.{scheme.get('name', 'Authorization')}",)
    draft.authorizers[name] = Authorizer(
        name=name,
        function=function,
        kind="TOKEN" if kind == "TOKEN" else "REQUEST",
        identity_sources=identity,
        payload="2.0" if not rest and str(spec.get("authorizerPayloadFormatVersion", "1.0")) == "2.0" else "1.0",
        simple_responses=str(spec.get("enableSimpleResponses", False)).lower() == "true",
        # REST APIs keep answers for five minutes unless told otherwise, HTTP APIs do not.
        ttl=int(spec.get("authorizerResultTtlInSeconds", 300 if rest else 0)),
    )
    if spec.get("identityValidationExpression"):
        reason = "a ValidationExpression is not supported"
        builder.unsupported(draft.item, f"Auth.Authorizers.{name}.Identity.ValidationExpression", reason)
    return None


def _operation(builder: Builder, draft: Draft, path: str, method: str, operation: Mapping[str, Any]) -> None:
    integration = operation.get(_INTEGRATION) or {}
    kind = str(integration.get("type", "")).lower()
    verb = "ANY" if method.startswith("x-") else method.upper()
    where = f"{verb} {path}"
    if kind == "mock" and method == "options":
        return _preflight(builder, draft, path, integration, secured=bool(operation["security"]))
    function = builder.function(str(integration.get("uri", "")))
    if kind != "aws_proxy" or function is None:
        return builder.unsupported(draft.item, "DefinitionBody", f"{where} is not a function of this template")
    wanted = [name for requirement in operation["security"] or () for name in requirement if name != "NONE"]
    if any(name not in draft.authorizers for name in wanted) or len(wanted) > 1:
        return builder.unsupported(draft.item, "Auth", f"{where} wants {' and '.join(wanted)}, which is not supported")
    if _VALIDATOR in operation:
        builder.unsupported(draft.item, "RequestModel", f"{where} wants its requests validated")
    version = str(integration.get("payloadFormatVersion", "1.0"))
    draft.routes[where] = Route(
        function=function,
        method=verb,
        path="$default" if path == "/$default" else path,
        payload="2.0" if version == "2.0" and draft.kind == "http" else "1.0",
        authorizer=wanted[0] if wanted else None,
        timeout=seconds(integration.get("timeoutInMillis")),
    )
    return None


def _preflight(builder: Builder, draft: Draft, path: str, integration: Mapping[str, Any], *, secured: bool) -> None:
    """Note how a REST API answers OPTIONS; SAM writes the same answer for every path."""
    if secured:
        text = "%s: OPTIONS %s wants the authorizer, so browsers are refused; see AddDefaultAuthorizerToCorsPreflight"
        _log.warning(text, draft.item.logical_id, path)
        return
    responses = integration.get("responses") or {}
    headers = next((answer.get("responseParameters") for answer in responses.values()), None) or {}
    values = {key.removeprefix(_PREFLIGHT).lower(): str(value).strip("'") for key, value in headers.items()}
    age = values.get("max-age")
    draft.cors = Cors(
        allow_origins=sources(values.get("allow-origin")),
        # SAM lists for each path the methods that it has; every path is told all of them here.
        allow_methods=tuple(sorted({*(draft.cors or Cors()).allow_methods, *sources(values.get("allow-methods"))})),
        allow_headers=sources(values.get("allow-headers")),
        allow_credentials=values.get("allow-credentials") == "true",
        max_age=int(age) if age else None,
    )
