"""HTTP, REST and WebSocket APIs: routes, authorizers, CORS, and what is unsupported about them."""

import logging
from collections.abc import Callable

import pytest
from kit_local.errors import TemplateError, UnsupportedError
from kit_local.stack import Api, Authorizer, Cors, Route, Stack

Provision = Callable[..., Stack]

SAM = """\
    Transform: AWS::Serverless-2016-10-31
    Globals:
      Function: {Runtime: python3.12, Handler: a.b, CodeUri: src}
    Resources:
      Token: {Type: AWS::Serverless::Function}
      Request: {Type: AWS::Serverless::Function}
"""


def api(stack: Stack, name: str = "Api") -> Api:
    return next(api for api in stack.apis if api.logical_id == name)


def test_a_rest_api_with_both_kinds_of_authorizers(provision_template: Provision) -> None:
    stack = provision_template(
        SAM
        + """\
      Api:
        Type: AWS::Serverless::Api
        Properties:
          StageName: v1
          Variables: {COLOUR: blue}
          Auth:
            DefaultAuthorizer: ByToken
            Authorizers:
              ByToken:
                FunctionArn: !GetAtt Token.Arn
                Identity: {Header: X-Token, ReauthorizeEvery: 60}
              ByRequest:
                FunctionPayloadType: REQUEST
                FunctionArn: !GetAtt Request.Arn
                Identity: {Headers: [Authorization], QueryStrings: [key]}
      Items:
        Type: AWS::Serverless::Function
        Properties:
          AutoPublishAlias: live
          Events:
            Get: {Type: Api, Properties: {RestApiId: !Ref Api, Path: "/items/{id}", Method: get}}
            Any:
              Type: Api
              Properties: {RestApiId: !Ref Api, Path: "/items/{rest+}", Method: any, Auth: {Authorizer: ByRequest}}
            Open: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /, Method: post, Auth: {Authorizer: NONE}}}
    """
    )
    made = api(stack)
    assert (made.kind, made.stage, made.url) == ("rest", "v1", "http://127.0.0.1:3000/v1")
    assert made.stage_variables == {"COLOUR": "blue"}
    assert set(made.routes) == {
        Route("Items", "GET", "/items/{id}", payload="1.0", authorizer="ByToken"),
        Route("Items", "ANY", "/items/{rest+}", payload="1.0", authorizer="ByRequest"),
        Route("Items", "POST", "/", payload="1.0"),
    }
    headers, key = "method.request.header.Authorization", "method.request.querystring.key"
    assert dict(made.authorizers) == {
        "ByToken": Authorizer("ByToken", "Token", "TOKEN", ("method.request.header.X-Token",), ttl=60),
        "ByRequest": Authorizer("ByRequest", "Request", "REQUEST", (headers, key), ttl=300),
    }


def test_the_timeout_of_an_integration(provision_template: Provision) -> None:
    stack = provision_template(
        SAM
        + """\
      Items:
        Type: AWS::Serverless::Function
        Properties:
          Events:
            Old: {Type: Api, Properties: {Path: /, Method: get, TimeoutInMillis: 1500}}
            New: {Type: HttpApi, Properties: {Path: /, Method: get, TimeoutInMillis: 2500}}
      Socket: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: s, ProtocolType: WEBSOCKET}}
      Stage: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: !Ref Socket, StageName: live}}
      Call:
        Type: AWS::ApiGatewayV2::Integration
        Properties:
          {ApiId: !Ref Socket, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Items.Arn, TimeoutInMillis: "3500"}
      Route:
        Type: AWS::ApiGatewayV2::Route
        Properties: {ApiId: !Ref Socket, RouteKey: $default, Target: !Sub "integrations/${Call}"}
    """
    )
    assert sorted(route.timeout or 0 for made in stack.apis for route in made.routes) == [1.5, 2.5, 3.5]


def test_requests_that_are_to_be_validated_are_unsupported(provision_template: Provision) -> None:
    text = """\
      Api:
        Type: AWS::Serverless::Api
        Properties: {StageName: v1, Models: {Loan: {type: object, required: [amount]}}}
      Items:
        Type: AWS::Serverless::Function
        Properties:
          Events:
            Post:
              Type: Api
              Properties: {RestApiId: !Ref Api, Path: /, Method: post, RequestModel: {Model: Loan, ValidateBody: true}}
    """
    with pytest.raises(UnsupportedError, match="POST / wants its requests validated"):
        provision_template(SAM + text)


def test_cors_of_a_rest_api(provision_template: Provision) -> None:
    stack = provision_template(
        SAM
        + """\
      Api:
        Type: AWS::Serverless::Api
        Properties:
          StageName: v1
          Cors: {AllowOrigin: "'https://shop.example'", AllowHeaders: "'content-type,x-id'", MaxAge: "'600'"}
      Items:
        Type: AWS::Serverless::Function
        Properties:
          Events:
            Get: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /items, Method: get}}
            Put: {Type: Api, Properties: {RestApiId: !Ref Api, Path: "/items/{id}", Method: put}}
    """
    )
    assert api(stack).cors == Cors(
        allow_origins=("https://shop.example",),
        allow_methods=("GET", "OPTIONS", "PUT"),
        allow_headers=("content-type", "x-id"),
        max_age=600,
    )
    assert {route.method for route in api(stack).routes} == {"GET", "PUT"}


def test_an_authorizer_in_front_of_preflight_requests_is_warned_of(
    provision_template: Provision, caplog: pytest.LogCaptureFixture
) -> None:
    text = """\
      Api:
        Type: AWS::Serverless::Api
        Properties:
          StageName: v1
          Cors: "'*'"
          Auth: {DefaultAuthorizer: A, Authorizers: {A: {FunctionArn: !GetAtt Token.Arn}}}
      Items:
        Type: AWS::Serverless::Function
        Properties: {Events: {Get: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /items, Method: get}}}}
    """
    with caplog.at_level(logging.WARNING, logger="kit.local"):
        stack = provision_template(SAM + text)
    assert api(stack).cors is None
    assert "AddDefaultAuthorizerToCorsPreflight" in caplog.text


def test_an_http_api_with_cors_a_default_route_and_an_authorizer(provision_template: Provision) -> None:
    stack = provision_template(
        SAM
        + """\
      Api:
        Type: AWS::Serverless::HttpApi
        Properties:
          StageName: live
          StageVariables: {COLOUR: blue, NUMBER: 1, DEBUG: yes}
          CorsConfiguration:
            {AllowOrigins: ["https://shop.example"], AllowMethods: [GET, PUT], AllowHeaders: ["*"], MaxAge: 5,
             ExposeHeaders: [etag], AllowCredentials: true}
          Auth:
            Authorizers:
              A:
                FunctionArn: !GetAtt Request.Arn
                AuthorizerPayloadFormatVersion: "1.0"
                EnableFunctionDefaultPermissions: true
                Identity: {Headers: [X-Key], ReauthorizeEvery: 30}
      Items:
        Type: AWS::Serverless::Function
        Properties:
          Events:
            Rest: {Type: HttpApi, Properties: {ApiId: !Ref Api}}
            Old:
              Type: HttpApi
              Properties:
                {ApiId: !Ref Api, Path: /old, Method: any, PayloadFormatVersion: "1.0", Auth: {Authorizer: A}}
    """
    )
    made = api(stack)
    variables = {"COLOUR": "blue", "NUMBER": "1", "DEBUG": "true"}
    assert (made.stage, made.url, made.stage_variables) == ("live", "http://127.0.0.1:3000/live", variables)
    assert set(made.routes) == {
        Route("Items", "ANY", "$default", payload="2.0"),
        Route("Items", "ANY", "/old", payload="1.0", authorizer="A"),
    }
    assert made.authorizers["A"] == Authorizer("A", "Request", "REQUEST", ("$request.header.X-Key",), ttl=30)
    assert made.cors == Cors(("https://shop.example",), ("GET", "PUT"), ("*",), ("etag",), True, 5)


def test_an_http_api_from_resources_of_its_own(provision_template: Provision) -> None:
    stack = provision_template("""\
    Resources:
      Items: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.12, Handler: a.b, Code: src}}
      Api:
        Type: AWS::ApiGatewayV2::Api
        Properties: {Name: api, ProtocolType: HTTP, CorsConfiguration: {AllowOrigins: ["*"]}}
      Guard:
        Type: AWS::ApiGatewayV2::Authorizer
        Properties:
          ApiId: !Ref Api
          Name: guard
          AuthorizerType: REQUEST
          AuthorizerPayloadFormatVersion: "2.0"
          EnableSimpleResponses: true
          AuthorizerResultTtlInSeconds: 10
          IdentitySource: [$request.header.Authorization]
          AuthorizerUri: !Sub arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${Items.Arn}/invocations
      Integration:
        Type: AWS::ApiGatewayV2::Integration
        Properties:
          {ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Items.Arn, PayloadFormatVersion: "2.0"}
      Get:
        Type: AWS::ApiGatewayV2::Route
        Properties:
          ApiId: !Ref Api
          RouteKey: GET /items
          AuthorizationType: CUSTOM
          AuthorizerId: !Ref Guard
          Target: !Join [/, [integrations, !Ref Integration]]
      Rest:
        Type: AWS::ApiGatewayV2::Route
        Properties: {ApiId: !Ref Api, RouteKey: $default, Target: !Sub "integrations/${Integration}"}
      Stage: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: !Ref Api, StageName: $default, AutoDeploy: true}}
    """)
    made = api(stack)
    assert set(made.routes) == {
        Route("Items", "GET", "/items", payload="2.0", authorizer="guard"),
        Route("Items", "ANY", "$default", payload="2.0"),
    }
    source = ("$request.header.Authorization",)
    assert made.authorizers["guard"] == Authorizer("guard", "Items", "REQUEST", source, "2.0", True, 10)
    assert made.cors == Cors(("*",))


def test_a_websocket_route_replies_only_where_both_sides_say_so(provision_template: Provision) -> None:
    stack = provision_template("""\
    Resources:
      Talk: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.12, Handler: a.b, Code: src}}
      Api:
        Type: AWS::ApiGatewayV2::Api
        Properties: {Name: api, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.kind}
      To:
        Type: AWS::ApiGatewayV2::Integration
        Properties: {ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Talk.Arn}
      Asked:
        Type: AWS::ApiGatewayV2::Route
        Properties:
          {ApiId: !Ref Api, RouteKey: a, RouteResponseSelectionExpression: $default, Target: !Sub "integrations/${To}"}
      AskedAnswer:
        Type: AWS::ApiGatewayV2::RouteResponse
        Properties: {ApiId: !Ref Api, RouteId: !Ref Asked, RouteResponseKey: $default}
      Unasked:
        Type: AWS::ApiGatewayV2::Route
        Properties: {ApiId: !Ref Api, RouteKey: b, Target: !Sub "integrations/${To}"}
      UnaskedAnswer:
        Type: AWS::ApiGatewayV2::RouteResponse
        Properties: {ApiId: !Ref Api, RouteId: !Ref Unasked, RouteResponseKey: $default}
      Deployment: {Type: AWS::ApiGatewayV2::Deployment, DependsOn: [Asked, Unasked], Properties: {ApiId: !Ref Api}}
      Stage:
        Type: AWS::ApiGatewayV2::Stage
        Properties: {ApiId: !Ref Api, StageName: live, DeploymentId: !Ref Deployment}
    """)
    made = api(stack)
    assert {(route.key, route.replies) for route in made.routes} == {("a", True), ("b", False)}
    assert (made.selection, made.url) == ("$request.body.kind", "ws://127.0.0.1:3000/live")


@pytest.mark.parametrize(
    ("kind", "properties", "message"),
    [
        ("HttpApi", "Auth: {EnableIamAuthorizer: true, DefaultAuthorizer: AWS_IAM}", "AWS_IAM"),
        (
            "HttpApi",
            "Auth: {DefaultAuthorizer: J, Authorizers: {J: {IdentitySource: $request.header.Authorization, "
            "JwtConfiguration: {issuer: 'https://i.example', audience: [a]}}}}",
            "authorizer 'J' is not a function",
        ),
        ("Api", "StageName: v1, Auth: {ApiKeyRequired: true}", "api_key"),
        (
            "Api",
            "StageName: v1, Auth: {DefaultAuthorizer: C, Authorizers: {C: {UserPoolArn: 'arn:aws:cognito:x'}}}",
            "authorizer 'C' is not a function",
        ),
        (
            "Api",
            "StageName: v1, Auth: {DefaultAuthorizer: A, Authorizers: {A: {FunctionArn: !GetAtt Token.Arn, "
            "Identity: {ValidationExpression: 'x.*'}}}}",
            "ValidationExpression",
        ),
    ],
)
def test_authorization_by_anything_but_a_function_is_unsupported(
    provision_template: Provision, kind: str, properties: str, message: str
) -> None:
    key = "ApiId" if kind == "HttpApi" else "RestApiId"
    text = f"""\
      Api:
        Type: AWS::Serverless::{kind}
        Properties: {{{properties}}}
      Items:
        Type: AWS::Serverless::Function
        Properties: {{Events: {{Get: {{Type: {kind}, Properties: {{{key}: !Ref Api, Path: /items, Method: get}}}}}}}}
    """
    with pytest.raises(UnsupportedError, match=message) as caught:
        provision_template(SAM + text)
    assert {found.resource for found in caught.value.findings} == {"Api"}
    assert all(found.line in (8, 9) for found in caught.value.findings)


def test_an_api_without_a_stage_or_with_two_is_unsupported(provision_template: Provision) -> None:
    text = """\
    Resources:
      Api: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: api, ProtocolType: HTTP}}
      Two: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: two, ProtocolType: HTTP}}
      A: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: !Ref Two, StageName: a}}
      B: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: !Ref Two, StageName: b}}
    """
    with pytest.raises(UnsupportedError) as caught:
        provision_template(text)
    assert {(found.resource, found.line) for found in caught.value.findings} == {("Api", 2), ("B", 5)}


def test_a_part_of_an_api_that_is_not_in_the_template_is_an_error(provision_template: Provision) -> None:
    text = "Resources: {A: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: abc, StageName: a}}}"
    with pytest.raises(TemplateError, match="ApiId has to be an API of this template"):
        provision_template(text)
