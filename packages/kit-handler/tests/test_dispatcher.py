"""`Dispatcher`: every event reaches the handler that it is for, or raises."""

import functools
from types import SimpleNamespace
from typing import Any

import pytest
from kit_handler import ConfigurationError, Dispatcher, Request, Response, UnhandledSourceError, job, route, trigger
from kit_testing import LambdaContext
from kit_testing.events import (
    PAYLOADS,
    activemq_event,
    alexa_event,
    appsync_event,
    authorizer_event,
    bedrock_event,
    cognito_event,
    custom_resource_event,
    documentdb_event,
    dynamodb_event,
    eventbridge_event,
    firehose_event,
    http_event,
    iot_event,
    kafka_event,
    kinesis_event,
    lex_event,
    rabbitmq_event,
    rotation_event,
    s3_batch_event,
    s3_event,
    s3_test_event,
    schedule_event,
    sns_event,
    sqs_event,
    sqs_record,
    websocket_event,
)


@route
def http(request: Request) -> Response:
    return Response.ok("http")


def websocket(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return {"statusCode": 200, "body": event["requestContext"]["routeKey"]}


def named(name: str) -> Any:
    return lambda event, context: name


WINDOW = kinesis_event(["a"], stream="clicks") | {
    "window": {"start": "2026-03-01T12:30:00Z", "end": "2026-03-01T12:32:00Z"},
    "state": {"n": 1},
    "shardId": "shardId-000000000000",
    "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/clicks",
    "isFinalInvokeForWindow": False,
    "isWindowTerminatedEarly": False,
}
SOURCES: list[tuple[dict[str, Any], list[str]]] = [
    (sqs_event(["a"], queue="loans"), ["arn:aws:sqs:us-east-1:123456789012:loans", "loans", "aws:sqs"]),
    (sqs_event(["a"], groups=["g"], queue="loans"), ["loans.fifo", "aws:sqs"]),
    (kinesis_event(["a"], stream="clicks"), ["clicks", "aws:kinesis"]),
    (dynamodb_event([{"id": "1"}], table="loans"), ["loans", "aws:dynamodb"]),
    (sns_event(["a"], topic="loans"), ["arn:aws:sns:us-east-1:123456789012:loans", "loans", "aws:sns"]),
    (s3_event(["a"], bucket="files"), ["files", "aws:s3"]),
    (s3_test_event(bucket="files"), ["files", "aws:s3"]),
    (eventbridge_event({}, detail_type="Order Placed", source="shop"), ["Order Placed", "shop", "aws:events"]),
    (schedule_event("nightly"), ["nightly", "Scheduled Event", "aws.events", "schedule", "aws:events"]),
    (schedule_event("nightly", scheduler=True), ["nightly", "aws.scheduler", "schedule"]),
    (cognito_event("PreSignUp_SignUp"), ["PreSignUp_SignUp", "PreSignUp", "cognito"]),
    (lex_event("Order", bot="shop"), ["Order", "shop", "lex"]),
    (authorizer_event(), ["authorizer"]),
    (authorizer_event("token"), ["authorizer"]),
    (authorizer_event("websocket"), ["authorizer"]),
    (custom_resource_event(resource_type="Custom::Seed"), ["Custom::Seed", "custom_resource"]),
    ({"awslogs": {"data": ""}}, ["aws:logs"]),
    (
        {"eventSource": "aws:kafka", "eventSourceArn": "arn:aws:kafka:r:1:cluster/c/uuid", "records": {}},
        ["c", "aws:kafka"],
    ),
    (kafka_event(["a"], self_managed=True), ["SelfManagedKafka"]),
    (activemq_event(["a"]), ["aws:mq"]),
    (rabbitmq_event(["a"]), ["aws:rmq"]),
    (documentdb_event([{"_id": "1"}]), ["test", "aws:docdb"]),
    (firehose_event(["a"]), ["stream", "aws:firehose"]),
    (s3_batch_event(["a"]), ["aws:s3batch"]),
    (iot_event({"n": 1}, topic="lamps/7") | {"topic": "lamps/7"}, ["lamps/7", "iot"]),
    (alexa_event("Order"), ["Order", "IntentRequest", "alexa"]),
    (alexa_event(), ["LaunchRequest", "alexa"]),
    ({"currentIntent": {"name": "Order"}, "bot": {"name": "shop"}}, ["Order", "shop", "lex_v1"]),
    (bedrock_event("pay", action_group="loans"), ["loans", "bedrock"]),
    (bedrock_event(path="/loans"), ["actions", "bedrock"]),
    (appsync_event("loan"), ["Query.loan", "appsync"]),
    ({"typeName": "Query", "fieldName": "loan", "arguments": {}}, ["Query.loan", "appsync"]),
    ([appsync_event("loan"), appsync_event("loan")], ["Query.loan", "appsync"]),
    (rotation_event("setSecret", name="db"), ["setSecret", "rotation"]),
    (WINDOW, ["clicks", "aws:kinesis"]),
    (WINDOW | {"Records": []}, ["clicks", "aws:kinesis"]),
    ([sqs_record("a", queue="loans")], ["arn:aws:sqs:us-east-1:123456789012:loans", "loans", "aws:sqs"]),
    ([{"eventSource": "aws:kafka", "eventSourceArn": "arn:aws:kafka:r:1:cluster/c/uuid"}], ["c", "aws:kafka"]),
]


@pytest.mark.parametrize(("event", "names"), SOURCES)
def test_the_narrowest_name_wins(event: dict[str, Any], names: list[str]) -> None:
    for last in range(len(names)):
        app = Dispatcher(http=http, websocket=websocket)
        for name in names[last:]:
            app.add(named(name), name)
        assert app(event, LambdaContext()) == names[last]


@pytest.mark.parametrize(
    "event", [event for event, _ in SOURCES] + [[], [None], [{}], {}, None, [1], "x", {"anything": 1}]
)
def test_nothing_is_dropped_in_silence(event: Any) -> None:
    with pytest.raises(UnhandledSourceError, match="dispatcher"):
        Dispatcher(http=http, websocket=websocket)(event, LambdaContext())


@pytest.mark.parametrize("version", PAYLOADS)
def test_requests_go_to_http(version: str) -> None:
    event = http_event(version=version)
    assert Dispatcher(http=http)(event)["statusCode"] == 200
    with pytest.raises(UnhandledSourceError):
        Dispatcher(websocket=websocket)(event)


@pytest.mark.parametrize("route_key", ["$connect", "$disconnect", "message"])
def test_events_of_a_websocket_go_there(route_key: str) -> None:
    event = websocket_event(route_key)
    assert Dispatcher(http=http, websocket=websocket)(event)["body"] == route_key
    with pytest.raises(UnhandledSourceError):
        Dispatcher(http=http)(event)


def test_jobs_and_triggers_are_made_where_they_are_registered() -> None:
    app, seen = Dispatcher(), []

    class Order:
        @classmethod
        def from_record(cls, raw: dict[str, Any]) -> list["Order"]:
            return [cls()]

    @app.job("orders", "returns", margin=0.1)
    def ship(order: "Order") -> None:
        seen.append(type(order))

    @app.trigger("PreSignUp")
    def sign_up(event: dict[str, Any]) -> dict[str, bool]:
        return {"autoConfirmUser": True}

    assert app(sqs_event(["a"], queue="orders")) == {"batchItemFailures": []}
    assert app(sqs_event(["a"], queue="returns"), LambdaContext(timeout=0.5)) == {"batchItemFailures": []}
    assert seen == [Order, Order]
    assert app(cognito_event())["response"]["autoConfirmUser"] is True
    assert sign_up.__name__ == "sign_up"


def test_a_job_that_is_one_already_is_taken_as_it_is() -> None:
    app = Dispatcher()

    def inject(handler: Any) -> Any:
        @functools.wraps(handler)
        def wrapper(event: Any, context: Any = None) -> Any:
            return {"around": handler(event, context)}

        return wrapper

    @app.job("orders")
    @inject
    @job
    def ship(record: dict[str, Any]) -> None:
        pass

    assert app(sqs_event(["a"], queue="orders")) == {"around": {"batchItemFailures": []}}
    with pytest.raises(TypeError, match="already"):
        app.job("others", margin=3)(ship)


@pytest.mark.parametrize("options", [{}, {"concurrency": 4}])
def test_a_job_above_the_dispatchers_decorator_would_lose_its_options_and_is_an_error(options: dict[str, Any]) -> None:
    app = Dispatcher()
    with pytest.raises(TypeError, match=r"ship is a job already.*@job can't stand above it"):

        @job(**options)
        @app.job("orders")
        def ship(record: dict[str, Any]) -> None: ...


@pytest.mark.parametrize(
    ("above", "below"),
    [
        (job, job), (job, trigger), (job, route), (trigger, trigger), (trigger, job), (trigger, route),
        (Dispatcher().job("a"), trigger), (Dispatcher().job("a"), route), (Dispatcher().trigger("a"), job),
    ],
)  # fmt: skip
def test_handlers_are_no_functions_of_records_or_events(above: Any, below: Any) -> None:
    def handle(record: dict[str, Any]) -> None: ...

    with pytest.raises(TypeError, match=f"handle is a {below.__name__} already"):
        above(below(handle))


def test_what_cannot_be_registered_fails_at_import() -> None:
    app = Dispatcher()
    app.add(named("a"), "a")
    for wrong in (
        lambda: app.add(named("a"), "b", "a"),
        lambda: app.add(named("a")),
        lambda: app.add(named("a"), ""),
        lambda: app.job()(lambda record: None),
        lambda: app.add("text", "c"),  # type: ignore[type-var]
    ):
        with pytest.raises(ConfigurationError):
            wrong()
    with pytest.raises(TypeError, match="retries"):
        app.job("d", retries=3)(lambda record: None)
    with pytest.raises(UnhandledSourceError):
        app(sqs_event(["a"], queue="b"))


ROUTES = SimpleNamespace(get_profile=named("profile"), get_http_log=named("log"), _hidden=named("hidden"), number=3)
JOBS = {"job_ship_order": named("ship"), "bill_order": named("bill")}


@pytest.mark.parametrize(
    ("function_name", "called"),
    [
        ("shop-prod-GetProfile-1A2B3C", "profile"),
        ("shop-GetHTTPLog-1A2B", "log"),
        ("GetProfile", "profile"),
        ("shop-JobShipOrder-1A2B", "ship"),
        ("shop-JobBillOrder-1A2B", "bill"),
    ],
)
def test_a_function_is_found_by_its_name(function_name: str, called: str) -> None:
    """D9: the seed's entrypoint takes the last part but one, and jobs begin with Job."""
    app = Dispatcher(jobs=JOBS, routes=ROUTES, http=http)
    assert app(http_event(), LambdaContext(function_name=function_name)) == called


def test_a_module_of_routes_may_have_one_that_is_called_get() -> None:
    routes = SimpleNamespace(get=named("get"), get_profile=named("profile"))
    app = Dispatcher(routes=routes)
    assert [app({}, LambdaContext(function_name=f"shop-{name}-1")) for name in ("Get", "GetProfile")] == [
        "get",
        "profile",
    ]


@pytest.mark.parametrize(
    "function_name", ["shop-GetNothing-1", "shop-JobNothing-1", "shop-_hidden-1", "a-Number-1", ""]
)
def test_a_function_that_nothing_is_called_after_is_dispatched_by_its_events(function_name: str) -> None:
    app = Dispatcher(jobs=JOBS, routes=ROUTES, http=http)
    context = LambdaContext(function_name=function_name)
    assert app(http_event(), context)["statusCode"] == 200
    with pytest.raises(UnhandledSourceError):
        app(sqs_event(["a"]), context)


@pytest.mark.parametrize(
    "event", [event for event, _ in SOURCES] + [{}, None, [1], "x", http_event(), websocket_event()]
)
def test_a_default_takes_what_nothing_else_is_registered_for(event: Any) -> None:
    app = Dispatcher(default=named("default"))
    assert app(event, LambdaContext()) == "default"


def test_a_default_comes_last() -> None:
    app = Dispatcher(http=http, default=named("default"))
    app.add(named("loans"), "loans")
    assert app(sqs_event(["a"], queue="loans"), LambdaContext()) == "loans"
    assert app(sqs_event(["a"], queue="others"), LambdaContext()) == "default"
    assert app(http_event(), LambdaContext())["statusCode"] == 200


def test_the_list_of_a_pipe_goes_to_a_job() -> None:
    app, seen = Dispatcher(), []

    @app.job("loans")
    def process(record: dict[str, Any]) -> None:
        seen.append(record["body"])

    assert app([sqs_record("a", queue="loans"), sqs_record("b", queue="loans")]) == {"batchItemFailures": []}
    assert seen == ["a", "b"]


def test_a_tumbling_window_goes_to_a_trigger_whose_answer_has_the_state() -> None:
    app = Dispatcher()

    @app.trigger("clicks")
    def count(event: dict[str, Any]) -> dict[str, Any]:
        return {"state": {"n": event["state"]["n"] + len(event["Records"])}}

    assert app(WINDOW, LambdaContext()) == {"state": {"n": 2}}
    assert app(WINDOW | {"Records": [], "isFinalInvokeForWindow": True}, LambdaContext()) == {"state": {"n": 1}}
