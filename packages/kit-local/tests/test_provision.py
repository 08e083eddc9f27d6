"""What does not belong to one service: names, order, dynamic references, URLs, errors, and the whole example."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kit_local.errors import TemplateError, UnsupportedError
from kit_local.provision import TYPES, provision
from kit_local.stack import Stack
from kit_local.template import load
from kit_local.template.supported import TYPES as SUPPORTED

LOANS = Path(__file__).parents[3] / "docs" / "examples" / "loans"
Provision = Callable[..., Stack]


def test_every_type_that_is_accepted_is_provisioned() -> None:
    assert set(TYPES) == {name for name in SUPPORTED if not name.startswith("AWS::Serverless::")}


def test_the_example_becomes_a_whole_stack(aws: Any, postgres_server: Any, redis_server: Any) -> None:
    origins = {"Api": "http://127.0.0.1:3000", "Socket": "http://127.0.0.1:3001"}
    stack = provision(load(LOANS), cloud=aws, origins=origins, postgres=postgres_server, redis=redis_server)
    http, socket = (next(api for api in stack.apis if api.logical_id == name) for name in ("Api", "Socket"))
    assert {(route.method, route.path, route.function, route.authorizer, route.payload) for route in http.routes} == {
        ("POST", "/loans", "CreateLoan", "Bearer", "2.0"),
        ("GET", "/loans", "ListLoans", "Bearer", "2.0"),
        ("GET", "/loans/{id}", "GetLoan", "Bearer", "2.0"),
        ("POST", "/loans/{id}/documents", "AddDocument", "Bearer", "2.0"),
    }
    bearer = http.authorizers["Bearer"]
    assert (bearer.function, bearer.payload, bearer.simple_responses) == ("HttpAuthorizer", "2.0", True)
    assert bearer.identity_sources == ("$request.header.Authorization",)
    assert {(route.key, route.authorizer, route.replies) for route in socket.routes} == {
        ("$connect", "token", False),
        ("$disconnect", None, False),
        ("ping", None, True),
    }
    assert (http.kind, http.stage, http.url) == ("http", "$default", "http://127.0.0.1:3000")
    assert (socket.kind, socket.stage, socket.url) == ("websocket", "live", "ws://127.0.0.1:3001/live")
    assert {(source.function, source.origin, source.batch_size, source.report_failures) for source in stack.queues} == {
        ("Underwrite", "sqs", 10, True),
        ("Notify", "sqs", 10, True),
        ("AttachDocument", "s3", 1, False),
    }
    assert stack.outputs == {"HttpUrl": "http://127.0.0.1:3000", "WebSocketUrl": "ws://127.0.0.1:3001/live"}
    assert stack.redis_url == redis_server.url

    environment = stack.functions["CreateLoan"].environment
    assert environment["KIT_WEBSOCKET_ENDPOINT"] == "http://127.0.0.1:3001/live"
    assert environment["AWS_ENDPOINT_URL"] == aws.url
    assert (environment["REDIS_HOST"], environment["REDIS_PORT"]) == (redis_server.host, str(redis_server.port))
    assert environment["DOCUMENTS_BUCKET"] == "loans-documents-123456789012-us-east-1"
    assert aws.client("sns").list_topics()["Topics"][0]["TopicArn"].endswith(environment["EVENT_BUS"])
    assert stack.functions["CreateLoan"].handler == "loans.http.create_loan"
    assert stack.functions["CreateLoan"].code == LOANS / "src"

    stored = aws.client("secretsmanager").get_secret_value(SecretId=environment["DB_SECRET_ARN"])
    secret = json.loads(stored["SecretString"])
    assert secret == {
        "username": "loans",
        "password": secret["password"],
        "engine": "postgres",
        "host": postgres_server.host,
        "port": postgres_server.port,
        "dbname": "loans",
        "dbInstanceIdentifier": secret["dbInstanceIdentifier"],
    }
    assert stack.postgres_url == postgres_server.url_for("loans", "loans", secret["password"])
    assert secret["password"] not in repr(stack)


def test_names_are_the_same_each_time(provision_template: Provision, aws: Any) -> None:
    text = """\
    Resources:
      AVeryLongLogicalIdThatWouldNotFitIntoTheNameOfABucket: {Type: AWS::S3::Bucket}
      Queue: {Type: AWS::SQS::Queue}
    Outputs:
      Bucket: {Value: !Ref AVeryLongLogicalIdThatWouldNotFitIntoTheNameOfABucket}
      Queue: {Value: !GetAtt Queue.QueueName}
    """
    first = provision_template(text).outputs
    aws.reset()
    assert provision_template(text).outputs == first
    assert first["Queue"].startswith("shop-Queue-")
    assert len(first["Bucket"]) <= 63


def test_resources_are_made_in_the_order_they_need(provision_template: Provision) -> None:
    text = """\
    Resources:
      Second: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Sub "${First.Value}!"}}
      First: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Sub "{{resolve:secretsmanager:${Zero}}}"}}
      Zero: {Type: AWS::SecretsManager::Secret, Properties: {SecretString: hello}}
    Outputs:
      Value: {Value: !GetAtt Second.Value}
    """
    assert provision_template(text).outputs == {"Value": "hello!"}


def test_resources_that_need_each_other_are_an_error(provision_template: Provision) -> None:
    text = """\
    Resources:
      A: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !GetAtt B.Value}}
      B: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Ref A}}
    """
    with pytest.raises(TemplateError, match="A -> B -> A"):
        provision_template(text)


def test_dynamic_references_are_looked_up(provision_template: Provision, aws: Any) -> None:
    text = """\
    Resources:
      Secret:
        Type: AWS::SecretsManager::Secret
        Properties: {Name: db, SecretString: '{"user": "ann", "port": 5432}'}
      Parameter: {Type: AWS::SSM::Parameter, Properties: {Name: /app/colour, Type: String, Value: blue}}
    Outputs:
      User: {Value: !Sub "{{resolve:secretsmanager:${Secret}:SecretString:user}}@{{resolve:ssm:/app/colour}}"}
      Port: {Value: "{{resolve:secretsmanager:db:SecretString:port::}}"}
      All: {Value: "{{resolve:secretsmanager:db}}"}
      Version: {Value: "{{resolve:ssm:/app/colour:1}}"}
    """
    assert provision_template(text).outputs == {
        "User": "ann@blue",
        "Port": "5432",
        "All": '{"user": "ann", "port": 5432}',
        "Version": "blue",
    }


@pytest.mark.parametrize("reference", ["secretsmanager:db:SecretBinary", "sqs:x"])
def test_a_dynamic_reference_that_is_none_is_an_error(provision_template: Provision, reference: str) -> None:
    text = f"""\
    Resources:
      Queue: {{Type: AWS::SQS::Queue, Properties: {{QueueName: "{{{{resolve:{reference}}}}}"}}}}
    """
    with pytest.raises(TemplateError, match="dynamic reference"):
        provision_template(text)


def test_a_missing_key_of_a_secret_is_named_without_the_secret(provision_template: Provision) -> None:
    text = """\
    Resources:
      Secret: {Type: AWS::SecretsManager::Secret, Properties: {Name: db, SecretString: '{"user": "hidden"}'}}
    Outputs:
      User: {Value: !Sub "{{resolve:secretsmanager:${Secret}:SecretString:pass}}"}
    """
    with pytest.raises(TemplateError, match="no key 'pass'") as caught:
        provision_template(text)
    assert caught.value.line == 4
    assert "hidden" not in str(caught.value)


def test_the_address_of_an_api_becomes_the_local_one(provision_template: Provision) -> None:
    text = """\
    Transform: AWS::Serverless-2016-10-31
    Globals:
      Function:
        {Runtime: python3.12, Handler: a.b, CodeUri: src}
    Resources:
      One:
        Type: AWS::Serverless::Function
        Properties:
          Events:
            A: {Type: HttpApi, Properties: {Path: /, Method: get, ApiId: !Ref Other}}
            B: {Type: HttpApi, Properties: {Path: /, Method: get, ApiId: !Ref Http}}
            C: {Type: Api, Properties: {Path: /, Method: get}}
      Two:
        Type: AWS::Serverless::Function
        Properties:
          Environment: {Variables: {URL: !Sub "https://${Http}.execute-api.${AWS::Region}.${AWS::URLSuffix}/x?y=1"}}
      Http: {Type: AWS::Serverless::HttpApi}
      Other: {Type: AWS::Serverless::HttpApi, Properties: {StageName: v1}}
    Outputs:
      Staged: {Value: !Sub "https://${Other}.execute-api.${AWS::Region}.${AWS::URLSuffix}/v1/things"}
      Rest: {Value: !Sub "https://${ServerlessRestApi}.execute-api.${AWS::Region}.amazonaws.com/Prod/"}
      Endpoint: {Value: !GetAtt Http.ApiEndpoint}
      Elsewhere: {Value: "https://abcdefghij.execute-api.us-east-1.amazonaws.com/v1"}
    """
    stack = provision_template(text)
    urls = {api.logical_id: api.url for api in stack.apis}
    assert stack.outputs == {
        "Staged": f"{urls['Other']}/things",
        "Rest": f"{urls['ServerlessRestApi']}/",
        "Endpoint": urls["Http"],
        "Elsewhere": "https://abcdefghij.execute-api.us-east-1.amazonaws.com/v1",
    }
    assert urls["ServerlessRestApi"].endswith("/Prod")
    assert stack.functions["Two"].environment["URL"] == f"{urls['Http']}/x?y=1"


@pytest.mark.parametrize(
    ("resource", "line", "message"),
    [
        (
            "{Type: AWS::SQS::Queue, Properties: {DelaySeconds: !GetAtt Nothing.Arn}}",
            2,
            "no parameter or resource 'Nothing'",
        ),
        (
            "{Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !GetAtt Q.Colour}}",
            2,
            "no attribute 'Colour'",
        ),
        ("{Type: AWS::SNS::Subscription, Properties: {TopicArn: arn:x, Protocol: sqs, Endpoint: y}}", 2, "Subscribe"),
        ("{Type: AWS::DynamoDB::Table, Properties: {KeySchema: 5}}", 2, "KeySchema"),
        ("{Type: AWS::SQS::Queue, Properties: {DelaySeconds: [1]}}", 2, "cannot be read"),
    ],
)
def test_a_resource_that_cannot_be_made_is_named(
    provision_template: Provision, resource: str, line: int, message: str
) -> None:
    with pytest.raises(TemplateError, match=message) as caught:
        provision_template(f"Resources:\n  A: {resource}\n  Q: {{Type: AWS::SQS::Queue}}\n")
    assert (caught.value.resource, caught.value.line) == ("A", line)


def test_every_unsupported_value_is_told_at_once(provision_template: Provision, redis_server: Any) -> None:
    text = """\
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Topic: {Type: AWS::SNS::Topic}
      Mail:
        Type: AWS::SNS::Subscription
        Properties:
          TopicArn: !Ref Topic
          Protocol: email
          Endpoint: a@b.example
      Job:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: !Sub nodejs22.x
          Handler: a.b
          CodeUri: src
          Events:
            Other:
              Type: SQS
              Properties:
                Queue: arn:aws:sqs:us-east-1:999999999999:other
      Cache: {Type: AWS::ElastiCache::CacheCluster, Properties: {Engine: memcached}}
    """
    with pytest.raises(UnsupportedError) as caught:
        provision_template(text, redis=redis_server)
    assert {(found.resource, found.property, found.line) for found in caught.value.findings} == {
        ("Mail", "Protocol", 8),
        ("Job", "Runtime", 13),
        ("Job", "Events.Other.EventSourceArn", 19),
        ("Cache", "Engine", 21),
    }


def test_what_refers_to_a_resource_left_out_still_has_a_value(provision_template: Provision) -> None:
    text = """\
    Resources:
      Stream: {Type: AWS::StepFunctions::StateMachine}
      Queue: {Type: AWS::SQS::Queue}
    Outputs:
      Stream: {Value: !GetAtt Stream.Arn}
    """
    assert provision_template(text, ignore_unsupported=True).outputs == {"Stream": "unsupported-Stream.Arn"}
