"""AWS::Serverless::WebSocketApi: what SAM makes of it, and what it leaves out."""

import logging
from collections.abc import Callable

import pytest
from kit_local.errors import TemplateError, UnsupportedError
from kit_local.stack import Authorizer, Route, Stack

Provision = Callable[..., Stack]

HEAD = """\
    Transform: AWS::Serverless-2016-10-31
    Globals:
      Function: {Runtime: python3.12, Handler: a.b, CodeUri: src}
    Resources:
      Talk: {Type: AWS::Serverless::Function}
      Guard: {Type: AWS::Serverless::Function}
"""


def socket(properties: str, routes: str = "$default: {FunctionArn: !GetAtt Talk.Arn}") -> str:
    """Return a template with an API; its routes are on line 11."""
    return f"""{HEAD}\
      Socket:
        Type: AWS::Serverless::WebSocketApi
        Properties:
          Routes:
            {routes}
          {properties}
    """


def test_routes_stage_and_authorizer(provision_template: Provision) -> None:
    stack = provision_template(f"""{HEAD}\
      Socket:
        Type: AWS::Serverless::WebSocketApi
        Properties:
          Name: talk
          StageName: live
          StageVariables: {{COLOUR: blue}}
          RouteSelectionExpression: $request.body.kind
          DefaultRouteSettings: {{ThrottlingRateLimit: 100}}
          Auth:
            AuthType: CUSTOM
            AuthArn: !GetAtt Guard.Arn
            IdentitySource: [route.request.querystring.token]
          Routes:
            $connect: {{FunctionArn: !GetAtt Talk.Arn}}
            $default: {{FunctionArn: !GetAtt Talk.Arn, OperationName: other}}
            sendMessage: {{FunctionArn: !GetAtt Talk.Arn, IntegrationTimeout: 1500}}
    Outputs:
      Url: {{Value: !Sub "wss://${{Socket}}.execute-api.${{AWS::Region}}.amazonaws.com/live"}}
    """)
    (made,) = stack.apis
    name = "SocketConnectAuthorizer"
    assert (made.kind, made.stage, made.url) == ("websocket", "live", "ws://127.0.0.1:3000/live")
    assert (made.selection, made.stage_variables) == ("$request.body.kind", {"COLOUR": "blue"})
    assert set(made.routes) == {
        Route("Talk", key="$connect", payload="1.0", authorizer=name),
        Route("Talk", key="$default", payload="1.0"),
        Route("Talk", key="sendMessage", payload="1.0", timeout=1.5),
    }
    assert dict(made.authorizers) == {name: Authorizer(name, "Guard", "REQUEST", ("route.request.querystring.token",))}
    assert stack.outputs == {"Url": "ws://127.0.0.1:3000/live"}


def test_the_stage_is_called_default(provision_template: Provision) -> None:
    stack = provision_template(socket("RouteSelectionExpression: $request.body.action"))
    assert stack.apis[0].url == "ws://127.0.0.1:3000/default"


def test_globals_are_its_own(provision_template: Provision) -> None:
    text = socket("Name: talk").replace(
        "Resources:", "  WebSocketApi: {RouteSelectionExpression: $request.body.kind}\n    Resources:"
    )
    assert provision_template(text).apis[0].selection == "$request.body.kind"


ANSWERS = """\
      Answer:
        Type: AWS::ApiGatewayV2::RouteResponse
        Properties: {ApiId: !Ref Socket, RouteId: !Ref SocketAskRoute, RouteResponseKey: $default}
"""


@pytest.mark.parametrize("answers", [True, False])
def test_sam_makes_no_route_response(
    provision_template: Provision, caplog: pytest.LogCaptureFixture, answers: bool
) -> None:
    route = "ask: {FunctionArn: !GetAtt Talk.Arn, RouteResponseSelectionExpression: $default}"
    text = socket("RouteSelectionExpression: $request.body.action", route).rstrip() + "\n"
    with caplog.at_level(logging.WARNING, logger="kit.local"):
        stack = provision_template(text + (ANSWERS if answers else ""))
    assert [route.replies for route in stack.apis[0].routes] == [answers]
    warned = "template.yaml:11: the answers of the route 'ask' reach no client: SocketAskRoute needs an"
    assert (warned in caplog.text) is not answers


@pytest.mark.parametrize(
    ("properties", "routes", "place", "reason"),
    [
        ("Domain: {DomainName: a.example, CertificateArn: arn}", "a: {}", "Domain", "not supported"),
        ("Name: a", "a: {FunctionArn: x, ApiKeyRequired: true}", "Routes.a.ApiKeyRequired", "not supported"),
        ("Name: a", "a: {FunctionArn: x, RequestModels: {}}", "Routes.a.RequestModels", "not supported"),
        ("Name: a", "a: {FunctionArm: x}", "Routes.a.FunctionArm", "did you mean 'FunctionArn'"),
        ("Auth: {AuthTyp: CUSTOM}", "a: {FunctionArn: x}", "Auth.AuthTyp", "did you mean 'AuthType'"),
        ("Route: {}", "a: {FunctionArn: x}", "Route", "did you mean 'Routes'"),
        ("Name: a", "sendIt: {FunctionArn: x}\n            sendit: {FunctionArn: x}", "Routes.sendit", "'sendIt'"),
        ("Name: a", "$connect: {FunctionArn: x}\n            connect: {FunctionArn: x}", "Routes.connect", "all but"),
    ],
)
def test_what_would_be_left_out_is_named(
    provision_template: Provision, properties: str, routes: str, place: str, reason: str
) -> None:
    with pytest.raises(UnsupportedError, match=reason) as caught:
        provision_template(socket(properties, routes))
    assert [(found.resource, found.property) for found in caught.value.findings] == [("Socket", place)]


def test_only_a_function_authorizes(provision_template: Provision) -> None:
    text = socket(
        "RouteSelectionExpression: $request.body.action\n          Auth: {AuthType: AWS_IAM}",
        "$connect: {FunctionArn: !GetAtt Talk.Arn}",
    )
    with pytest.raises(UnsupportedError, match="can only be authorized by a function") as caught:
        provision_template(text)
    assert [(found.resource, found.line) for found in caught.value.findings] == [("Socket", 11)]


def test_sams_own_refusal_has_its_line(provision_template: Provision) -> None:
    text = socket("RouteSelectionExpression: $request.body.action", "send-it: {FunctionArn: !GetAtt Talk.Arn}")
    with pytest.raises(TemplateError, match=r"template\.yaml:7: .*must be alphanumeric"):
        provision_template(text)
