"""Under an ASGI server, with the client of PyPI."""

import socket
import threading

import pytest
import uvicorn
from kit_handler import Router
from kit_handler.asgi import AsgiApp
from postgrest import APIError, SyncPostgrestClient


class Server(uvicorn.Server):
    """A server that tells when it is up."""

    def __init__(self, config):
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets=None):
        await super().startup(sockets)
        self.up.set()


@pytest.fixture
def url(own_client):
    router = Router()
    router.include(own_client.api.router, "/rest/v1")
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(uvicorn.Config(AsgiApp(router), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    assert server.up.wait(60)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/rest/v1"
    server.should_exit = True
    thread.join()
    listener.close()


def test_a_mounted_api_under_asgi(url):
    headers = {"Accept-Profile": "public", "Content-Profile": "public"}
    with SyncPostgrestClient(url, headers=headers) as client:
        rows = client.from_("books").select("id,author(name)").in_("title", ["Notes", "a,b"]).execute().data
        assert rows == [{"id": 2, "author": {"name": "Ada"}}]
        assert client.from_("authors").insert([{"name": 'x"y'}, {"name": "z"}]).execute().data[0]["name"] == 'x"y'
        with pytest.raises(APIError) as caught:
            client.from_("loans").select("*").execute()
        assert caught.value.code == "PGRST302"
