"""boto3, met here alone: clients, and the credentials and region that it finds.

Importing boto3 takes some 300 ms on a cold start, so that it is imported when a client is first asked for.
"""

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kit_aws import environment, forks
from kit_aws.botocore import aws_errors, foreign_module
from kit_aws.errors import CredentialsError, RegionNotSetError
from kit_aws.version import VERSION

if TYPE_CHECKING:
    from boto3.session import Session

_lock = threading.Lock()
_known_environment: tuple[Any, ...] | None = None  # with the makers of clients
_session: "Session | None" = None
_clients: dict[tuple[Any, ...], Any] = {}
handled: list[str] = []  # events for which somebody has registered a handler with a client of this module's
_inherited: list[Any] = []  # a forked child neither uses nor closes these: the locks within may be held for ever


def client(
    service: str,
    *,
    region: str | None = None,
    endpoint_url: str | None = None,
    connect_timeout: float = 1,
    read_timeout: float = 5,
    max_attempts: int = 3,
    **config: Any,
) -> Any:
    """Return this process's boto3 client for a service, made when it is first asked for.

    The same arguments in the same environment give the same client; a changed `AWS_…` variable (endpoint, region,
    credentials) gives a new one. Timeouts are seconds, `max_attempts` counts the first try; `config` takes any option
    of `botocore.config.Config`, and an unknown one is a TypeError. A process that was forked off gets clients of its
    own, as long as it asks. Raise `RegionNotSetError`.
    """
    settings = {"connect_timeout": connect_timeout, "read_timeout": read_timeout, "max_attempts": max_attempts}
    options = {**settings, **config}
    current = _surroundings()
    key = (current, service, region, endpoint_url, _frozen(options))
    found = _clients.get(key)
    if found is None:
        with _lock:
            session = _session_of(current)
            found = _clients.get(key)
            if found is None:
                found = _clients[key] = _build(session, service, region, endpoint_url, options)
    return found


def forget_clients() -> None:
    """Drop every client and the session, so that the next call makes new ones."""
    global _known_environment, _session
    with _lock:
        _clients.clear()
        handled.clear()
        _known_environment = _session = None


@forks.in_child
def _leave_to_the_parent() -> None:
    global _clients, _known_environment, _lock, _session
    _inherited.append((_clients, _session))
    _lock, _clients = threading.Lock(), {}
    _known_environment = _session = None


def resolved_credentials() -> Any:
    """Return botocore's credentials from wherever it finds them; their frozen form is refreshed before it expires."""
    with aws_errors("credentials"):
        with _lock:
            credentials = _session_of(_surroundings()).get_credentials()
        if credentials is None:
            raise CredentialsError("No AWS credentials in the environment, a profile or the instance's metadata")
        return credentials.get_frozen_credentials()


def resolved_region() -> str:
    """Return the region of the environment, else the profile's. Raise `RegionNotSetError`."""
    found = environment.region()
    if found is None:
        with _lock:
            found = _session_of(_surroundings()).region_name
    if found is None:
        raise RegionNotSetError("Set AWS_REGION, or give a region")
    return found


def _surroundings() -> tuple[Any, ...]:
    """Return the environment, and the makers of sessions and clients, which tests replace.

    A client that was made before a test mocked AWS must not serve the test, nor the mocked one what comes after.
    """
    import boto3.session
    import botocore.handlers
    import botocore.session

    sessions = boto3.session.Session
    makers = (
        *(boto3.Session, boto3.client, boto3.DEFAULT_SESSION, boto3.session.botocore, sessions, sessions.client),
        *(botocore.session.Session.create_client, botocore.session.get_session),
    )
    return (environment.fingerprint(), len(botocore.handlers.BUILTIN_HANDLERS), *makers)  # moto adds one


def _patched_maker() -> Any:
    """Return the function or class that somebody has put in the place of boto3's, or None."""
    import boto3.session

    if getattr(boto3.client, "__globals__", None) is not vars(boto3):
        return boto3.client
    for maker in (boto3.Session, boto3.session.Session):
        if getattr(maker, "__module__", None) != "boto3.session":
            return maker().client
    default = boto3.DEFAULT_SESSION
    return None if default is None or type(default) is boto3.session.Session else default.client


def _session_of(current: tuple[Any, ...]) -> "Session":
    """Return the session for this environment; the lock is held, since making one is not thread-safe."""
    global _known_environment, _session
    if _session is None or current != _known_environment:
        import boto3.session

        # Clients of an environment that is gone would only take memory.
        _clients.clear()
        handled.clear()
        _session = boto3.session.Session(region_name=environment.region())
        _known_environment = current
    return _session


def _build(session: "Session", service: str, region: str | None, endpoint_url: str | None, options: Any) -> Any:
    from botocore.config import Config

    options = dict(options)
    options.setdefault("retries", {"mode": "standard", "total_max_attempts": options["max_attempts"]})
    del options["max_attempts"]
    options.setdefault("tcp_keepalive", True)
    for name in ("use_fips_endpoint", "use_dualstack_endpoint"):
        if environment.is_on(f"AWS_{name.upper()}"):  # botocore takes no other word than "true" for it
            options.setdefault(name, True)
    options["user_agent_extra"] = " ".join(filter(None, (options.get("user_agent_extra"), f"kit-aws/{VERSION}")))
    if service == "s3":
        # Said outright, "virtual" also leads presigned URLs to the bucket's region instead of by way of us-east-1; and
        # a bucket's name in front of a custom host seldom resolves.
        style = "path" if endpoint_url or environment.custom_endpoint(service) else "virtual"
        options["s3"] = {"addressing_style": style, **(options.get("s3") or {})}
    with aws_errors(f"client({service!r})"):
        maker = _patched_maker()
        make = maker or session.client
        made = make(service, region_name=region, endpoint_url=endpoint_url, config=Config(**options))
    made.meta.events.register("before-parse", _check_whole)
    if maker is None:
        _note_handlers(made.meta.events)
    return made


def _note_handlers(events: Any) -> None:
    """Note each event that gets a handler from now on: `call` leaves all calls to clients with handlers."""
    for name in ("register", "register_first", "register_last"):
        register = getattr(events, name)

        def noted(event: str, handler: Any, *args: Any, register: Any = register, **options: Any) -> None:
            if foreign_module(handler):
                handled.append(event)
            register(event, handler, *args, **options)

        setattr(events, name, noted)


def _check_whole(operation_model: Any, response_dict: Any, **_: Any) -> None:
    """Refuse an answer that broke off: newer versions of botocore take half of one for an empty one."""
    from botocore.exceptions import IncompleteReadError

    body, expected = response_dict["body"], response_dict["headers"].get("content-length")
    if operation_model.http.get("method") == "HEAD" or not isinstance(body, bytes) or not expected:
        return
    if len(body) < int(expected):
        raise IncompleteReadError(actual_bytes=len(body), expected_bytes=expected)


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple(sorted((key, _frozen(item)) for key, item in value.items()))
    if isinstance(value, list | tuple | set):
        return tuple(map(_frozen, value))
    return value
