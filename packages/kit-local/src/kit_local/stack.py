"""What a template comes to once everything in it has a value: what the provisioner hands to the runner."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from kit_local.sources.timing import Timing


@dataclass(frozen=True)
class Function:
    """One Lambda function, ready to be started."""

    logical_id: str
    name: str
    arn: str
    handler: str  # "package.module.function"
    code: Path  # the folder that becomes the first entry of sys.path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)  # may hold secrets
    timeout: float = 3.0  # seconds
    memory: int = 128  # MB
    reserved_concurrency: int | None = None
    runtime: str = ""  # "python3.12", as the template says
    dead_letters: str = ""  # ARN of the queue for asynchronous events that have failed, empty without one


@dataclass(frozen=True)
class Authorizer:
    """A Lambda authorizer of one API."""

    name: str
    function: str  # logical id
    kind: Literal["REQUEST", "TOKEN"] = "REQUEST"
    # As in the template: "$request.header.Authorization", "method.request…", "route.request…"
    identity_sources: tuple[str, ...] = ()
    payload: Literal["1.0", "2.0"] = "1.0"
    simple_responses: bool = False
    ttl: int = 0  # seconds that an answer is kept for the same identity


@dataclass(frozen=True)
class Route:
    """One method and path of an HTTP or REST API, or one route key of a WebSocket API."""

    function: str  # logical id
    method: str = ""  # upper case, "ANY" for all; empty for WebSocket routes
    path: str = ""  # "/loans/{id}", "/files/{key+}", "$default"
    key: str = ""  # WebSocket only: "$connect", "ping", …
    payload: Literal["1.0", "2.0"] = "2.0"
    authorizer: str | None = None  # name in Api.authorizers
    timeout: float | None = None  # seconds that the caller waits; None: as long as its kind of API lets it
    replies: bool = False  # WebSocket only: the function's answer goes back to the client


@dataclass(frozen=True)
class Cors:
    """What an API answers preflight requests with, instead of its functions.

    An HTTP API also puts the headers into every other answer, and takes them away from the functions'. A REST API
    only answers `OPTIONS` (with 200, by a mock integration); the headers of its other answers are the functions' own.
    """

    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    allow_credentials: bool = False
    max_age: int | None = None


@dataclass(frozen=True)
class Api:
    """One API Gateway API."""

    logical_id: str
    api_id: str
    kind: Literal["http", "rest", "websocket"]
    stage: str  # "$default" for HTTP APIs that name none
    url: str  # where it answers locally, without a trailing slash, stage included where AWS has it in the path
    routes: tuple[Route, ...] = ()
    authorizers: Mapping[str, Authorizer] = field(default_factory=dict)
    cors: Cors | None = None
    selection: str = "$request.body.action"  # WebSocket only
    stage_variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class QueueSource:
    """A queue that feeds a function: an SQS event source, or the hidden queue behind a topic or a bucket.

    SNS and S3 call functions directly; here each such pair has a queue of its own between them (`origin`
    tells which), so that an asynchronous call is retried like Lambda does it: three attempts, then gone
    or to the function's dead-letter target.
    """

    function: str  # logical id
    queue_url: str
    queue_arn: str
    mapping: str = ""  # where the template says so: "Underwrite.Events.Requested"
    origin: Literal["sqs", "sns", "s3"] = "sqs"
    origin_arn: str = ""  # the subscription's ARN for "sns", the bucket's for "s3"
    batch_size: int = 10
    window: float = 0.0  # seconds, MaximumBatchingWindowInSeconds
    report_failures: bool = False  # ReportBatchItemFailures
    maximum_concurrency: int | None = None
    fifo: bool = False
    filters: tuple[Mapping[str, Any], ...] = ()  # parsed FilterCriteria patterns, any of them lets a message in
    enabled: bool = True
    attempts: int = 0  # maxReceiveCount of the queue's redrive policy, 0 without one
    dead_letters: str = ""  # what the terminal calls the queue where a message is after those


@dataclass(frozen=True)
class StreamSource:
    """A DynamoDB or Kinesis stream that feeds a function."""

    function: str  # logical id
    function_arn: str
    arn: str  # of the stream
    kind: Literal["dynamodb", "kinesis"]
    mapping: str = ""  # where the template says so: "Index.Events.Changes"
    position: str = "TRIM_HORIZON"
    batch_size: int = 100
    window: float = 0.0  # seconds
    report_failures: bool = False
    filters: tuple[Mapping[str, Any], ...] = ()
    enabled: bool = True
    retries: int = -1  # after the first attempt; -1: without end
    oldest: int = -1  # seconds after which a record is given up; -1: never
    bisects: bool = False  # a batch that fails is halved
    on_failure: str = ""  # ARN of the queue that is told of what is given up

    @property
    def name(self) -> str:
        """The table's or the stream's name."""
        return self.arn.split(":")[5].split("/")[1]


@dataclass(frozen=True)
class Target:
    """What a rule or a schedule calls."""

    arn: str
    kind: str  # the service: "lambda", "sqs", "sns", "events" for another bus
    function: str = ""  # logical id, of a function
    input: str = ""  # a constant instead of the event, as JSON
    path: str = ""  # a part instead of the event: "$.detail"
    group: str = ""  # MessageGroupId, of a FIFO queue
    plain: bool = False  # `input` is sent as it is, whatever text it is


@dataclass(frozen=True)
class Rule:
    """A rule of EventBridge, or a schedule of EventBridge Scheduler; one with a pattern, a timing, or both."""

    name: str  # logical id
    arn: str
    bus: str = "default"
    pattern: Mapping[str, Any] | None = None
    timing: Timing | None = None
    enabled: bool = True
    targets: tuple[Target, ...] = ()
    of_scheduler: bool = False
    starts: datetime | None = None
    ends: datetime | None = None


@dataclass(frozen=True)
class Stack:
    """Everything that runs."""

    name: str
    region: str
    account: str
    folder: Path
    functions: Mapping[str, Function] = field(default_factory=dict)  # by logical id
    apis: tuple[Api, ...] = ()
    queues: tuple[QueueSource, ...] = ()
    streams: tuple[StreamSource, ...] = ()
    rules: tuple[Rule, ...] = ()
    bucket_events: str = ""  # URL of the hidden queue of the buckets that tell EventBridge, empty without any
    outputs: Mapping[str, str] = field(default_factory=dict)
    # The application's database as its own user, None where the template has none.
    postgres_url: str | None = field(default=None, repr=False)
    redis_url: str | None = None
