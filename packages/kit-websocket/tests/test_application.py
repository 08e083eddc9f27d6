"""A whole WebSocket API: connecting, tracking, messages, errors; driven by the events that API Gateway sends."""

import asyncio
import json
import os

import pytest
from kit_websocket import APIGatewayWSConnectionManager, DynamoDBError, Middleware, WebSocketResolver


@pytest.fixture
def application(aws, monkeypatch):
    monkeypatch.setenv("DYNAMODB_TABLE", "websocket-connections")
    manager = APIGatewayWSConnectionManager(table_name=os.environ["DYNAMODB_TABLE"], partition="websocket_status")
    resolver = WebSocketResolver()

    @resolver.middleware
    class ConnectionTracking(Middleware):
        async def __call__(self, event, context, next_handler):
            if event["requestContext"]["routeKey"] != "$connect":
                await manager.update_last_seen(event["requestContext"]["connectionId"])
            return await next_handler(event, context)

    @resolver.on_connect()
    async def connect(event, context, connection_id):
        client_data = {
            "user_agent": event.get("headers", {}).get("User-Agent"),
            "source_ip": event["requestContext"]["identity"]["sourceIp"],
        }
        try:
            return await manager.connect(connection_id, client_data)
        except DynamoDBError:
            return {"statusCode": 500, "body": json.dumps({"message": "Internal error"})}

    @resolver.on_disconnect()
    async def disconnect(event, context, connection_id):
        return await manager.disconnect(connection_id)

    @resolver.on_message("message")
    async def receive(event, context, connection_id, body):
        connection = await manager.get_connection(connection_id)
        if not connection:
            return {"statusCode": 400, "message": "Invalid connection"}
        return {"message": body["text"], "client": connection.client_data}

    def handler(event, context):
        return resolver.resolve(event, context)

    handler.manager = manager
    return handler


def test_a_client_connects_sends_and_leaves(application, make_event):
    asyncio.run(application.manager.init_table())
    assert application(make_event("$connect"), None)["statusCode"] == 200
    answer = application(make_event("message", {"action": "message", "text": "hello"}), None)
    assert json.loads(answer["body"]) == {
        "message": "hello",
        "client": {"user_agent": "Mozilla/5.0", "source_ip": "203.0.113.7"},
    }
    assert application(make_event("$disconnect"), None)["statusCode"] == 200
    assert application(make_event("message", {"text": "late"}), None) == {
        "statusCode": 400,
        "message": "Invalid connection",
    }


def test_an_outage_refuses_the_connection_and_fails_the_message(application, make_event):
    # There is no table: DynamoDB refuses everything.
    assert application(make_event("$connect"), None) == {"statusCode": 500, "body": '{"message": "Internal error"}'}
    assert application(make_event("message", {"text": "hello"}), None) == {
        "statusCode": 500,
        "body": '{"message":"Internal server error"}',
    }
