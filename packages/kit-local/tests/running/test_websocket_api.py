"""AWS::Serverless::WebSocketApi, running: routes, a route response, and the rules that a developer chooses."""

import asyncio
from typing import Any

import aiohttp
import pytest
from kit_local.gateway.rules import WebSocketRules

pytestmark = pytest.mark.anyio

APP = """
import boto3

def talk(event, context):
    note(event, context)
    request = event["requestContext"]
    if request["routeKey"] == "twice":
        client = boto3.client("apigatewaymanagementapi")
        return {"statusCode": 200, "body": " ".join(post(client, request["connectionId"]) for _ in range(2))}
    return {"statusCode": 200, "body": f"{request['stage']} {request['routeKey']}"}

def post(client, connection):
    try:
        client.post_to_connection(ConnectionId=connection, Data=b"pushed")
        return "sent"
    except client.exceptions.LimitExceededException:
        return "throttled"
"""
SOCKET = """
Talk: {Type: AWS::Serverless::Function, Properties: {Handler: app.talk}}
Socket:
  Type: AWS::Serverless::WebSocketApi
  Properties:
    StageName: live
    RouteSelectionExpression: $request.body.action
    Routes:
      $connect: {FunctionArn: !GetAtt Talk.Arn}
      twice: {FunctionArn: !GetAtt Talk.Arn, RouteResponseSelectionExpression: $default}
      whisper: {FunctionArn: !GetAtt Talk.Arn}
TwiceAnswer:
  Type: AWS::ApiGatewayV2::RouteResponse
  Properties: {ApiId: !Ref Socket, RouteId: !Ref SocketTwiceRoute, RouteResponseKey: $default}
"""


async def test_it_serves_its_routes(run_template: Any, http: aiohttp.ClientSession) -> None:
    shop = await run_template(SOCKET, APP)
    async with http.ws_connect(shop.urls["websocket"]) as ws:
        await ws.send_json({"action": "whisper"})
        await shop.until(lambda: "200, body not sent: no route response" in shop.screen.getvalue())
        await ws.send_json({"action": "twice"})
        assert [await ws.receive_str() for _ in range(3)] == ["pushed", "pushed", "sent sent"]
    assert {event["requestContext"]["stage"] for event in shop.notes} == {"live"}


@pytest.mark.parametrize(
    ("rules", "answer"), [(WebSocketRules(throttled=1), "throttled throttled"), (WebSocketRules(speed=600), 1001)]
)
async def test_the_rules_are_the_developers(
    run_template: Any, http: aiohttp.ClientSession, rules: WebSocketRules, answer: str | int
) -> None:
    shop = await run_template(SOCKET, APP, websocket=rules)
    async with http.ws_connect(shop.urls["websocket"]) as ws, asyncio.timeout(60):
        if rules.throttled:
            await ws.send_json({"action": "twice"})
        assert (await ws.receive()).data == answer
