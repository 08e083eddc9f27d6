"""WebSocket APIs as they are written for chainsaws: only the import lines are different.

Each fixture is a whole program, driven by the events that API Gateway sends.
"""

import asyncio
import json
import logging
import os

import pytest
from kit_websocket import APIGatewayWSConnectionManager, DynamoDBError, Middleware, WebSocketResolver

logger = logging.getLogger("application")


@pytest.fixture
def complete(aws, monkeypatch):
    """Return the program that is documented as the complete one."""
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
        return await manager.connect(connection_id, client_data={"ip": event["requestContext"]["identity"]["sourceIp"]})

    @resolver.on_disconnect()
    async def disconnect(event, context, connection_id):
        return await manager.disconnect(connection_id)

    @resolver.on_message("message")
    async def receive(event, context, connection_id, body):
        connection = await manager.get_connection(connection_id)
        if not connection:
            return {"statusCode": 400, "message": "Invalid connection"}
        return {"message": "received", "client": connection.client_data}

    def handler(event, context):
        return resolver.resolve(event, context)

    handler.manager = manager
    return handler


@pytest.fixture
def step_by_step(aws):
    """Return the program that the documentation's single steps make."""
    manager = APIGatewayWSConnectionManager(
        table_name="websocket-connections", partition="websocket_status", connection_ttl=7200
    )
    resolver = WebSocketResolver()

    async def init_resources():
        await manager.init_table()

    @resolver.middleware
    class ConnectionTracking(Middleware):
        async def __call__(self, event, context, next_handler):
            connection_id = event["requestContext"]["connectionId"]
            route_key = event["requestContext"]["routeKey"]
            if route_key != "$connect":
                await manager.update_last_seen(connection_id)
            return await next_handler(event, context)

    @resolver.on_connect()
    async def connect(event, context, connection_id):
        client_data = {
            "user_agent": event.get("headers", {}).get("User-Agent"),
            "source_ip": event["requestContext"]["identity"]["sourceIp"],
        }
        try:
            return await manager.connect(connection_id, client_data)
        except DynamoDBError as e:
            logger.error(f"not connected: {e}")  # noqa: G004
            return {"statusCode": 500, "body": json.dumps({"message": "Internal error"})}

    @resolver.on_disconnect()
    async def disconnect(event, context, connection_id):
        return await manager.disconnect(connection_id)

    @resolver.on_message("message")
    async def receive(event, context, connection_id, body):
        connection = await manager.get_connection(connection_id)
        if not connection:
            return {"statusCode": 400, "body": json.dumps({"message": "Invalid connection"})}
        client_info = connection.client_data
        print(f"{client_info['source_ip']} says {body['text']}")
        return {"message": "Processed"}

    def handler(event, context):
        return resolver.resolve(event, context)

    handler.init_resources = init_resources
    return handler


@pytest.fixture(params=["kit's table", "the documented table"])
def table(request, aws):
    """Make the table, with the key that kit chooses, or with the documented one and nothing besides."""
    if request.param == "kit's table":
        asyncio.run(APIGatewayWSConnectionManager("websocket-connections").init_table())
        return
    aws.client("dynamodb").create_table(
        TableName="websocket-connections",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "connection_id", "AttributeType": "S"},
            {"AttributeName": "_crt", "AttributeType": "N"},
        ],
        KeySchema=[
            {"AttributeName": "connection_id", "KeyType": "HASH"},
            {"AttributeName": "_crt", "KeyType": "RANGE"},
        ],
    )


def test_the_complete_program_connects_answers_and_forgets(complete, make_event, table):
    assert complete(make_event("$connect"), None) == {
        "statusCode": 200,
        "body": '{"message":"Connected successfully"}',
    }
    answer = complete(make_event("message", {"action": "message"}), None)
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == {"message": "received", "client": {"ip": "203.0.113.7"}}
    assert complete(make_event("$disconnect"), None)["statusCode"] == 200
    assert complete(make_event("message", {"text": "late"}), None) == {
        "statusCode": 400,
        "body": '{"message":"Invalid connection"}',
    }


def test_the_complete_program_sees_an_outage_as_a_failure_and_no_missing_connection(complete, make_event):
    # There is no table: DynamoDB refuses everything.
    for route in ("$connect", "message", "$disconnect"):
        answer = complete(make_event(route, {"text": "hello"}), None)
        assert answer["statusCode"] == 500
        assert json.loads(answer["body"])["message"] == "Internal server error"


def test_tracking_prolongs_the_connection_before_its_message_is_handled(complete, make_event, aws):
    asyncio.run(complete.manager.init_table())
    complete(make_event("$connect", connection_id="a"), None)
    table, key = "websocket-connections", {"connection_id": {"S": "a"}}
    aws.client("dynamodb").update_item(
        TableName=table,
        Key=key,
        UpdateExpression="ADD #ttl :ago SET last_seen = :long_ago",
        ExpressionAttributeNames={"#ttl": "_ttl"},
        ExpressionAttributeValues={":ago": {"N": "-7100"}, ":long_ago": {"N": "1"}},
    )
    complete(make_event("message", connection_id="a"), None)
    row = aws.client("dynamodb").get_item(TableName=table, Key=key)["Item"]
    assert int(row["last_seen"]["N"]) >= int(row["connected_at"]["N"])
    assert int(row["_ttl"]["N"]) == int(row["last_seen"]["N"]) + 7200


def test_the_steps_make_a_program(step_by_step, make_event, capsys, table):
    asyncio.run(step_by_step.init_resources())
    assert step_by_step(make_event("$connect"), None)["statusCode"] == 200
    assert step_by_step(make_event("message", {"text": "hello"}), None) == {
        "statusCode": 200,
        "body": '{"message":"Processed"}',
    }
    assert capsys.readouterr().out == "203.0.113.7 says hello\n"
    assert step_by_step(make_event("$disconnect"), None)["statusCode"] == 200
    assert step_by_step(make_event("message", {"text": "late"}), None) == {
        "statusCode": 400,
        "body": '{"message": "Invalid connection"}',
    }


def test_the_error_that_is_caught_names_what_failed(step_by_step, make_event, caplog):
    answer = step_by_step(make_event("$connect"), None)
    assert answer == {"statusCode": 500, "body": '{"message": "Internal error"}'}
    assert [record.getMessage() for record in caplog.records if record.name == "application"] == [
        "not connected: DynamoDB PutItem on table 'websocket-connections' failed: ResourceNotFoundException"
    ]
