"""Messages to connections of several WebSocket APIs, through the local endpoint."""

import asyncio
import http.client
import json
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.anyio

APP = """
import boto3

def connect(event, context):
    note(event, context)
    return {"statusCode": 200}

def push(event, context):
    client = boto3.client("apigatewaymanagementapi")
    return [answer(client, connection, event["text"]) for connection in event["connections"]]

def answer(client, connection, text):
    try:
        posted = client.post_to_connection(ConnectionId=connection, Data=text.encode())
        return posted["ResponseMetadata"]["HTTPStatusCode"]
    except client.exceptions.GoneException:
        return 410
"""
PUSH = "Push: {Type: AWS::Serverless::Function, Properties: {FunctionName: push, Handler: app.push}}\n"
API = """
{name}:
  Type: AWS::ApiGatewayV2::Api
  Properties: {{Name: {name}, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action}}
{name}Connect:
  Type: AWS::Serverless::Function
  Properties: {{Handler: app.connect}}
{name}Integration:
  Type: AWS::ApiGatewayV2::Integration
  Properties:
    ApiId: !Ref {name}
    IntegrationType: AWS_PROXY
    IntegrationUri: !Sub
      - arn:aws:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{Called}}/invocations
      - {{Called: !GetAtt {name}Connect.Arn}}
{name}Route:
  Type: AWS::ApiGatewayV2::Route
  Properties: {{ApiId: !Ref {name}, RouteKey: $connect, Target: !Sub "integrations/${{{name}Integration}}"}}
{name}Stage:
  Type: AWS::ApiGatewayV2::Stage
  Properties: {{ApiId: !Ref {name}, StageName: live}}
"""


async def opened(shop: Any, http: aiohttp.ClientSession, name: str) -> tuple[Any, str]:
    """Open a connection to an API; return it with its id."""
    before = len(shop.notes)
    socket = await http.ws_connect(shop.urls["apis"][name])
    notes = await shop.until(lambda: shop.notes[before:])
    return socket, notes[0]["requestContext"]["connectionId"]


async def push(shop: Any, text: str, *connections: str) -> Any:
    payload = json.dumps({"text": text, "connections": connections})
    answer = await shop.call("lambda", "invoke", FunctionName="push", Payload=payload)
    return json.loads(answer["Payload"].read())


@pytest.mark.parametrize("names", [("One",), ("One", "Two", "Three")])
async def test_a_message_reaches_the_connection_of_any_api(
    run_template: Any, http: aiohttp.ClientSession, names: tuple[str, ...]
) -> None:
    shop = await run_template(PUSH + "".join(API.format(name=name) for name in names), APP)
    sockets = [await opened(shop, http, name) for name in names]
    ids = [connection for _, connection in sockets]
    assert await push(shop, "hello", *ids, "nobody=") == [200] * len(ids) + [410]
    for socket, _ in sockets:
        assert await socket.receive_str(timeout=30) == "hello"
    await sockets[0][0].close()
    assert await push(shop, "again", *ids) == [410] + [200] * (len(ids) - 1)


async def test_the_local_endpoint_has_every_command(run_template: Any, http: aiohttp.ClientSession) -> None:
    shop = await run_template("".join(API.format(name=name) for name in ("One", "Two")), APP)
    socket, connection = await opened(shop, http, "Two")
    api = "apigatewaymanagementapi"
    found = await shop.call(api, "get_connection", ConnectionId=connection)
    assert found["Identity"]["SourceIp"] == "127.0.0.1"
    await shop.call(api, "post_to_connection", ConnectionId=connection, Data=b"\xff")
    assert await socket.receive_bytes(timeout=30) == b"\xff"
    with pytest.raises(ClientError, match="PayloadTooLargeException"):
        await shop.call(api, "post_to_connection", ConnectionId=connection, Data=b"x" * (128 * 1024 + 1))
    await shop.call(api, "delete_connection", ConnectionId=connection)
    assert (await socket.receive(timeout=30)).type is aiohttp.WSMsgType.CLOSE
    with pytest.raises(ClientError, match="GoneException"):
        await shop.call(api, "get_connection", ConnectionId=connection)


async def test_an_api_answers_for_its_own_connections_alone(run_template: Any, http: aiohttp.ClientSession) -> None:
    shop = await run_template("".join(API.format(name=name) for name in ("One", "Two")), APP)
    _, connection = await opened(shop, http, "Two")
    for name, status in (("One", 410), ("Two", 200)):
        url = shop.urls["apis"][name].replace("ws://", "http://")
        async with http.get(f"{url}/@connections/{connection}") as answer:
            assert answer.status == status


async def test_an_object_may_be_called_like_a_command(run_template: Any) -> None:
    shop = await run_template("Files: {Type: AWS::S3::Bucket, Properties: {BucketName: files}}", APP)
    await shop.call("s3", "put_object", Bucket="files", Key="@connections/one", Body=b"text")
    found = await shop.call("s3", "get_object", Bucket="files", Key="@connections/one")
    assert found["Body"].read() == b"text"


async def test_a_template_without_an_api_has_no_connections(run_template: Any) -> None:
    shop = await run_template("Files: {Type: AWS::S3::Bucket}", APP)

    def ask() -> int:
        with closing(http.client.HTTPConnection(urlsplit(shop.cloud.url).netloc)) as connection:
            connection.request("POST", "/@connections/one", b"hello")
            return connection.getresponse().status

    assert await asyncio.to_thread(ask) == 410
