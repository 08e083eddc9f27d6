"""The Runtime API of a worker: no web page takes its events."""

import asyncio

import aiohttp
import pytest
from kit_local.runtime.api import Invocation, RuntimeApi

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://somewhere.example"},
        {"origin": "http://localhost:3000"},
        {"Referer": "https://somewhere.example/"},
        {"sec-fetch-site": "cross-site"},
        {"Host": "somewhere.example"},
        {"Host": "localhost"},
    ],
    ids=str,
)
async def test_a_web_page_takes_no_event(http: aiohttp.ClientSession, headers: dict[str, str]) -> None:
    api = RuntimeApi()
    await api.start()
    try:
        url = f"http://{api.address}/2018-06-01/runtime"
        answer = api.hand(Invocation("one", b"{}", {}))
        for path, method in (("invocation/next", "GET"), ("invocation/one/response", "POST"), ("init/error", "POST")):
            async with http.request(method, f"{url}/{path}", headers=headers) as refusal:
                assert refusal.status == 403
        assert not answer.done()
        assert not api.ready.done()
        async with asyncio.timeout(30), http.get(f"{url}/invocation/next") as event:
            assert event.headers["Lambda-Runtime-Aws-Request-Id"] == "one"
    finally:
        await api.stop()
