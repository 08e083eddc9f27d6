import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from kit_websocket import (
    APIGatewayWSConnectionManager,
    ConnectionManager,
    DynamoDBError,
    TableNotSetError,
    TableShapeError,
)

TABLE = "websocket-connections"


@pytest.fixture
def dynamodb(aws):
    return aws.client("dynamodb")


@pytest.fixture(params=[None, "_crt"], ids=["plain key", "sort key"])
def connections(aws, request):
    manager = ConnectionManager(TABLE, sort_key=request.param)
    asyncio.run(manager.init_table())
    return manager


def rows(dynamodb):
    return dynamodb.scan(TableName=TABLE)["Items"]


def shift(dynamodb, connection_id, **seconds):
    """Move numbers of a connection's row, as time would."""
    (row,) = (row for row in rows(dynamodb) if row["connection_id"] == {"S": connection_id})
    keys = {part["AttributeName"] for part in dynamodb.describe_table(TableName=TABLE)["Table"]["KeySchema"]}
    dynamodb.delete_item(TableName=TABLE, Key={name: row[name] for name in keys})
    for name, by in seconds.items():
        row[f"_{name}"] = {"N": str(int(row[f"_{name}"]["N"]) + by)}
    dynamodb.put_item(TableName=TABLE, Item=row)


def test_the_table_is_as_the_templates_of_an_application_declare_it(connections, dynamodb):
    table = dynamodb.describe_table(TableName=TABLE)["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["KeySchema"][0] == {"AttributeName": "connection_id", "KeyType": "HASH"}
    indexes = {index["IndexName"]: index["KeySchema"] for index in table["GlobalSecondaryIndexes"]}
    names = ("user_id", "endpoint_id", "area")
    assert indexes == {f"{name}-index": [{"AttributeName": name, "KeyType": "HASH"}] for name in names}
    expiry = dynamodb.describe_time_to_live(TableName=TABLE)["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "_ttl"}


def test_the_creation_time_is_part_of_the_key_on_request_only(aws, dynamodb):
    asyncio.run(ConnectionManager("plain").init_table())
    asyncio.run(ConnectionManager("sorted", sort_key="_crt").init_table())
    keys = [dynamodb.describe_table(TableName=name)["Table"]["KeySchema"] for name in ("plain", "sorted")]
    assert [[part["AttributeName"] for part in key] for key in keys] == [["connection_id"], ["connection_id", "_crt"]]


def test_making_the_table_again_changes_nothing(connections, dynamodb):
    async def again():
        await connections.connect("a")
        await asyncio.gather(connections.init_table(), connections.init_table())

    asyncio.run(again())
    assert len(rows(dynamodb)) == 1


def test_a_table_with_another_key_is_refused(aws):
    asyncio.run(ConnectionManager(TABLE).init_table())
    with pytest.raises(TableShapeError, match="_crt") as caught:
        asyncio.run(ConnectionManager(TABLE, sort_key="_crt").init_table())
    assert caught.value.found == ("connection_id",)
    assert caught.value.expected == ("connection_id", "_crt")


def test_a_table_that_is_none_of_connections_is_refused(dynamodb):
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    with pytest.raises(TableShapeError, match="'id'"):
        asyncio.run(ConnectionManager(TABLE).init_table())


def test_a_connection_is_written_down(connections, dynamodb):
    before = datetime.now(UTC).replace(microsecond=0)
    response = asyncio.run(connections.connect("a=", {"source_ip": "203.0.113.7"}, user_id="u-1"))
    assert response == {"statusCode": 200, "body": '{"message":"Connected successfully"}'}

    (row,) = rows(dynamodb)
    created = int(row["_crt"]["N"])
    assert row == {
        "connection_id": {"S": "a="},
        "status": {"S": "connected"},
        "connected_at": {"N": str(created)},
        "last_seen": {"N": str(created)},
        "client_data": {"M": {"source_ip": {"S": "203.0.113.7"}}},
        "user_id": {"S": "u-1"},
        "_ptn": {"S": "websocket_status"},
        "_crt": {"N": str(created)},
        "_ttl": {"N": str(created + 7200)},
    }

    found = asyncio.run(connections.get_connection("a="))
    assert found.connection_id == "a="
    assert found.status == "connected"
    assert before <= found.connected_at == found.last_seen <= datetime.now(UTC)
    assert found.connected_at.utcoffset() == timedelta(0)
    assert found.client_data == {"source_ip": "203.0.113.7"}
    assert found.user_id == "u-1"
    assert found.partition == "websocket_status"


def test_a_connection_of_nobody_has_no_user_and_no_data(connections, dynamodb):
    asyncio.run(connections.connect("a"))
    (row,) = rows(dynamodb)
    assert not {"user_id", "client_data"} & row.keys()
    found = asyncio.run(connections.get_connection("a"))
    assert found.user_id is None
    assert found.client_data is None


def test_what_the_client_has_said_is_not_shown(connections):
    asyncio.run(connections.connect("a", {"token": "hunter2"}))
    assert repr(asyncio.run(connections.get_connection("a"))) == "Connection('a', user_id=None)"


def test_client_data_comes_back_as_it_was(connections):
    @dataclass
    class Device:
        name: str
        seen: datetime

    data = {
        "int": 7,
        "big": 2**100,
        "float": 0.1,
        "round": 3.0,
        "exact": Decimal("1.00000000000000000001"),
        "text": "",
        "none": None,
        "yes": True,
        "bytes": b"\x00\xff",
        "list": [1, [2.5, "x"], {}],
        "device": Device("phone", datetime(2024, 9, 11, tzinfo=UTC)),
        "id": UUID(int=1),
        "tags": {"b", "a"},
    }
    asyncio.run(connections.connect("a", data))
    found = asyncio.run(connections.get_connection("a")).client_data
    assert found == data | {
        "device": {"name": "phone", "seen": "2024-09-11T00:00:00Z"},
        "id": "00000000-0000-0000-0000-000000000001",
        "tags": ["a", "b"],
    }
    kinds = {name: type(value) for name, value in found.items()}
    assert (kinds["int"], kinds["float"], kinds["exact"], kinds["yes"]) == (int, float, Decimal, bool)


def nested(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("data", "cause", "named"),
    [
        ({"a": float("nan")}, ValueError, "client_data.a is nan"),
        ({"a": [1, object()]}, TypeError, "client_data.a.1"),
        ({1: "a"}, TypeError, "client_data has the key 1"),
        ({"a": 10**38 + 1}, ValueError, "client_data.a is a number of more than 38 digits"),
        ({"a": 1e-140}, ValueError, "client_data.a is a number beyond"),
        (nested(40), ValueError, "nested too deeply"),
    ],
)
def test_client_data_that_cannot_be_stored_is_refused_by_name(connections, dynamodb, data, cause, named):
    with pytest.raises(DynamoDBError, match=named) as caught:
        asyncio.run(connections.connect("a", data))
    assert type(caught.value.__cause__).__name__ == caught.value.code or isinstance(caught.value.__cause__, cause)
    assert rows(dynamodb) == []


def test_an_empty_user_is_refused(connections):
    with pytest.raises(ValueError, match="user_id is empty"):
        asyncio.run(connections.connect("a", user_id=""))


def test_connecting_confirms_the_chosen_subprotocol(connections):
    response = asyncio.run(connections.connect("a", subprotocol="loans.v2"))
    assert response["headers"] == {"Sec-WebSocket-Protocol": "loans.v2"}


def test_connecting_twice_is_one_connection(connections):
    async def twice():
        await connections.connect("a", user_id="u")
        await connections.connect("a", {"n": 2}, user_id="u")
        assert (await connections.get_connection("a")).client_data == {"n": 2}
        await connections.disconnect("a")
        return await connections.get_connection("a")

    assert asyncio.run(twice()) is None


def test_every_row_of_a_connection_goes_when_it_disconnects(connections, dynamodb):
    asyncio.run(connections.connect("a"))
    shift(dynamodb, "a", crt=-60)
    asyncio.run(connections.connect("a"))
    asyncio.run(connections.connect("b"))
    asyncio.run(connections.disconnect("a"))
    assert [row["connection_id"]["S"] for row in rows(dynamodb)] == ["b"]


def test_disconnecting_forgets_the_connection(connections):
    asyncio.run(connections.connect("a"))
    assert asyncio.run(connections.disconnect("a")) == {
        "statusCode": 200,
        "body": '{"message":"Disconnected successfully"}',
    }
    assert asyncio.run(connections.get_connection("a")) is None
    assert asyncio.run(connections.disconnect("a")) == {
        "statusCode": 404,
        "body": '{"message":"Connection not found"}',
    }


def test_an_unknown_connection_is_none(connections):
    assert asyncio.run(connections.get_connection("nobody")) is None


def test_an_expired_row_does_not_count_though_dynamodb_still_has_it(connections, dynamodb):
    asyncio.run(connections.connect("a", user_id="u"))
    shift(dynamodb, "a", ttl=-7200)
    assert asyncio.run(connections.get_connection("a")) is None
    assert asyncio.run(connections.get_user_connections("u")) == []
    assert asyncio.run(connections.update_last_seen("a")) is False
    assert asyncio.run(connections.get_connection("a")) is None


def test_seeing_a_connection_prolongs_it(connections, dynamodb):
    asyncio.run(connections.connect("a", {"n": 1}, user_id="u"))
    shift(dynamodb, "a", ttl=-7000)
    before = rows(dynamodb)[0]
    assert asyncio.run(connections.update_last_seen("a")) is True
    (after,) = rows(dynamodb)
    assert int(after["_ttl"]["N"]) >= int(before["_ttl"]["N"]) + 7000
    assert int(after["last_seen"]["N"]) >= int(before["last_seen"]["N"])
    assert {name: value for name, value in after.items() if name not in ("_ttl", "last_seen")} == {
        name: value for name, value in before.items() if name not in ("_ttl", "last_seen")
    }


def test_seeing_a_connection_that_is_gone_does_not_bring_it_back(connections, dynamodb):
    assert asyncio.run(connections.update_last_seen("gone")) is False
    assert rows(dynamodb) == []


def test_the_time_to_live_is_the_managers(aws, dynamodb):
    manager = ConnectionManager(TABLE, connection_ttl=60)
    asyncio.run(manager.init_table())
    asyncio.run(manager.connect("a"))
    (row,) = rows(dynamodb)
    assert int(row["_ttl"]["N"]) == int(row["_crt"]["N"]) + 60


def test_a_user_has_several_connections(connections):
    user = UUID(int=7)

    async def several():
        for name in ("a", "b", "c"):
            await connections.connect(name, user_id=user if name != "c" else "somebody else")
        return await connections.get_user_connections(user)

    assert {connection.connection_id for connection in asyncio.run(several())} == {"a", "b"}


def test_a_users_connections_are_read_to_the_last_page(connections, dynamodb):
    # DynamoDB ends a page at 1 MB.
    for number in range(8):
        asyncio.run(connections.connect(f"c-{number}", {"blob": "x" * 300_000}, user_id="u"))
    assert "LastEvaluatedKey" in dynamodb.query(
        TableName=TABLE,
        IndexName="user_id-index",
        KeyConditionExpression="user_id = :u",
        ExpressionAttributeValues={":u": {"S": "u"}},
    )
    assert len(asyncio.run(connections.get_user_connections("u"))) == 8


def test_partitions_keep_the_users_of_two_apis_apart(aws):
    chat, trade = (ConnectionManager(TABLE, partition=name) for name in ("chat", "trade"))
    asyncio.run(chat.init_table())
    asyncio.run(chat.connect("a", user_id="u"))
    asyncio.run(trade.connect("b", user_id="u"))
    assert [found.connection_id for found in asyncio.run(chat.get_user_connections("u"))] == ["a"]
    assert [found.connection_id for found in asyncio.run(trade.get_user_connections("u"))] == ["b"]


def test_the_table_is_named_by_the_argument_or_the_environment_when_it_is_needed(aws, monkeypatch, dynamodb):
    monkeypatch.delenv("DYNAMODB_TABLE", raising=False)
    manager = ConnectionManager()
    with pytest.raises(TableNotSetError, match="DYNAMODB_TABLE"):
        asyncio.run(manager.get_connection("a"))
    monkeypatch.setenv("DYNAMODB_TABLE", TABLE)
    asyncio.run(manager.init_table())
    asyncio.run(ConnectionManager("other").init_table())
    assert sorted(dynamodb.list_tables()["TableNames"]) == ["other", "other-rooms", TABLE, f"{TABLE}-rooms"]


def test_the_seeds_name_is_the_same_class():
    assert APIGatewayWSConnectionManager is ConnectionManager


@pytest.mark.parametrize("options", [{"sort_key": "created"}, {"connection_ttl": 0}])
def test_settings_that_mean_nothing_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        ConnectionManager(TABLE, **options)


def test_a_missing_table_is_an_error_and_no_missing_connection(aws):
    with pytest.raises(DynamoDBError, match="GetItem on table 'nowhere' failed: ResourceNotFoundException") as caught:
        asyncio.run(ConnectionManager("nowhere").get_connection("a"))
    assert (caught.value.operation, caught.value.code, caught.value.table) == (
        "GetItem",
        "ResourceNotFoundException",
        "nowhere",
    )
    assert caught.value.__cause__ is not None


def test_an_outage_is_an_error_in_every_method(aws, monkeypatch):
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", f"http://{host}:{port}")
    manager = ConnectionManager("outage-test")
    asyncio.run(manager.init_table())
    asyncio.run(manager.connect("a"))
    server.stop()

    async def every_method():
        return await asyncio.gather(
            manager.init_table(),
            manager.connect("a"),
            manager.disconnect("a"),
            manager.get_connection("a"),
            manager.update_last_seen("a"),
            manager.get_user_connections("u"),
            return_exceptions=True,
        )

    errors = asyncio.run(every_method())
    assert {type(error) for error in errors} == {DynamoDBError}
    assert {error.code for error in errors} <= {"EndpointConnectionError", "ConnectionRefusedError"}
