"""AWS on this machine: moto behind HTTP, in threads of this process."""

import atexit
import os
import threading
import urllib.request
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from kit_testing.errors import ServerError, require

if TYPE_CHECKING:
    from kit_testing.servers.aws.bridges import Bridge
    from kit_testing.servers.aws.moto import MotoServer

ACCOUNT = "123456789012"
KEY_ID = "test"
SECRET_KEY = "test"  # noqa: S105
POOL = 50  # connections that one client keeps; pollers hold one each for as long as they wait


class Aws:
    """An AWS endpoint on 127.0.0.1. moto keeps its state per process, so that there is one at a time.

    port: 0 for any free one
    region: `AWS_REGION`, else us-east-1, by default

    `bridges` is a list of callables `(call, call_next) -> reply` before moto, the first one outermost.

    Example:
        with Aws() as aws:
            aws.client("s3").create_bucket(Bucket="documents")
    """

    account = ACCOUNT

    def __init__(self, port: int = 0, *, region: str | None = None) -> None:
        self.region = region or os.environ.get("AWS_REGION") or "us-east-1"
        self.bridges: list[Bridge] = []
        self._port = port
        self._server: MotoServer | None = None
        self._clients: dict[str, Any] = {}
        self._lock = threading.RLock()

    @property
    def url(self) -> str:
        """The endpoint's URL. ServerError while it is not started."""
        if self._server is None:
            raise ServerError("the local AWS endpoint is not started")
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start the endpoint, unless it runs. ServerError when the port is taken."""
        with self._lock:
            if self._server is not None:
                return
            for module in ("boto3", "moto"):
                require(module, extra="aws")
            from kit_testing.servers.aws.moto import MotoServer

            self._server = MotoServer(self._port, self.bridges)
            self._port = self._server.port
            atexit.register(self.stop)

    def stop(self) -> None:
        """Stop the endpoint and close the clients; its state stays until `reset` or the end of the process."""
        with self._lock:
            clients, self._clients = self._clients, {}
            for client in clients.values():
                client.close()
            server, self._server = self._server, None
            if server is not None:
                server.close()
                atexit.unregister(self.stop)

    def reset(self) -> None:
        """Forget every resource."""
        from kit_testing.servers.aws.moto import reset

        reset()

    def client(self, service: str, **options: Any) -> Any:
        """Return a boto3 client for this endpoint; the same one each time, unless `options` of its own are given."""
        with self._lock:
            if options:
                return self._made(service, options)
            if service not in self._clients:
                self._clients[service] = self._made(service, {})
            return self._clients[service]

    def environment(self) -> dict[str, str]:
        """Return the environment variables that lead an AWS SDK here, past any HTTP proxy."""
        return _past_proxies() | {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCOUNT_ID": self.account,
        }

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _made(self, service: str, options: dict[str, Any]) -> Any:
        from kit_testing.servers.aws.boto import client

        defaults = {"endpoint_url": self.url, "region_name": self.region}
        return client(service, pool=POOL, key_id=KEY_ID, secret_key=SECRET_KEY, **{**defaults, **options})


def _past_proxies() -> dict[str, str]:
    proxies = urllib.request.getproxies_environment()
    if set(proxies) <= {"no"}:
        return {}
    exceptions = ",".join(filter(None, (proxies.get("no"), "127.0.0.1")))
    return {"NO_PROXY": exceptions, "no_proxy": exceptions}
