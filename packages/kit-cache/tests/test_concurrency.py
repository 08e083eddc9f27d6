"""One load per key at a time, and deletions that overtake loads, with threads and with tasks."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import kit_cache
import pytest
from kit_cache import method_cache
from kit_core import invocation

ALL = ("memory", "redis", "disk")


@pytest.mark.parametrize("tiers", [("memory",), ("disk",), ALL])
def test_many_threads_load_once(counting, tiers):
    started, go = threading.Event(), threading.Event()

    def answer(x):
        started.set()
        assert go.wait(10)
        return {"x": x}

    made = counting(answer, tiers=tiers)
    with ThreadPoolExecutor(16) as pool:
        first = pool.submit(made.load, 1)
        assert started.wait(10)
        others = [pool.submit(made.load, 1) for _ in range(15)]
        go.set()
        results = [future.result(10) for future in (first, *others)]
    assert results == [{"x": 1}] * 16
    assert len({id(result) for result in results}) == 16, "each has its own"
    assert made.calls == [1]


def test_those_who_wait_get_the_error_too(counting):
    started, go = threading.Event(), threading.Event()

    def answer(x):
        started.set()
        assert go.wait(10)
        raise ValueError("no value")

    made = counting(answer)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(made.load, 1)
        assert started.wait(10)
        second = pool.submit(made.load, 1)
        go.set()
        for future in (first, second):
            with pytest.raises(ValueError, match="no value"):
                future.result(10)
    with pytest.raises(ValueError, match="no value"):
        made.load(1)


@pytest.mark.parametrize("operation", ["cache_delete", "cache_clear"])
@pytest.mark.parametrize("tiers", [("memory",), ("disk",), ("memory", "redis", "disk")])
def test_a_load_that_was_overtaken_stores_nothing(counting, request, tiers, operation):
    if "redis" in tiers:
        request.getfixturevalue("redis")
    started, go = threading.Event(), threading.Event()

    def answer(x):
        if len(made.calls) > 1:
            return "new"
        started.set()
        assert go.wait(10)
        return "old"

    made = counting(answer, tiers=tiers)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(made.load, 1)
        assert started.wait(10)
        if operation == "cache_delete":
            assert made.load.cache_delete(1)
        else:
            assert made.load.cache_clear()
        # Whoever asks after the deletion doesn't join the load that began before it.
        assert made.load(1) == "new"
        go.set()
        assert slow.result(10) == "old"
    assert made.load(1) == "new"
    kit_cache.reset()
    if tiers != ("memory",):
        assert made.load(1) == "new"


def test_a_function_may_call_itself():
    @method_cache(key_prefix="recursive")
    def factorial(n):
        return n * factorial(n - 1) if n else 1

    assert factorial(30) == 265252859812191058636308480000000


def test_a_load_that_asks_for_itself_does_not_wait_for_itself(counting):
    made = counting(lambda x: made.load(x) if len(made.calls) < 3 else "bottom")
    assert made.load(1) == "bottom"


def test_keys_do_not_wait_for_each_other(counting):
    go = threading.Event()
    made = counting(lambda x: go.wait(10) if x == "slow" else x)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(made.load, "slow")
        assert made.load("quick") == "quick"
        go.set()
        assert slow.result(10) is True


def test_a_thread_waits_for_half_of_its_time_at_most(counting):
    started, go = threading.Event(), threading.Event()

    def answer(x):
        if len(made.calls) > 1:
            return "its own"
        started.set()
        assert go.wait(10)
        return "the other's"

    made = counting(answer)

    def ask():
        with invocation.enter(remaining_ms=200):
            return made.load(1)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(made.load, 1)
        assert started.wait(10)
        assert pool.submit(ask).result(10) == "its own"
        assert not first.done()
        go.set()
        assert first.result(10) == "the other's"


class Loader:
    def __init__(self):
        self.calls = []
        self.go = None

    def cache_key(self):
        return "loader"

    @method_cache(key_prefix="async", tiers=ALL)
    async def load(self, x):
        self.calls.append(x)
        if self.go is not None:
            await self.go.wait()
        if x == "bad":
            raise ValueError(x)
        return {"x": x}


def test_coroutine_functions_are_cached():
    loader = Loader()

    async def main():
        assert await loader.load(1) == {"x": 1}
        assert await loader.load(x=1) == {"x": 1}
        kit_cache.reset()
        assert await loader.load(1) == {"x": 1}, "from the disk"
        assert loader.calls == [1]
        assert await loader.load.cache_delete(1) is True
        await loader.load(1)
        assert loader.calls == [1, 1]
        assert await loader.load.cache_clear() is True
        await loader.load(1)
        assert loader.calls == [1, 1, 1]
        assert (await loader.load.cache_stats())["disk_available"] is True

    asyncio.run(main())


def test_many_tasks_load_once():
    loader = Loader()

    async def main():
        loader.go = asyncio.Event()
        tasks = [asyncio.create_task(loader.load(1)) for _ in range(20)]
        while not loader.calls:
            await asyncio.sleep(0)
        loader.go.set()
        assert await asyncio.gather(*tasks) == [{"x": 1}] * 20
        assert loader.calls == [1]

    asyncio.run(main())


def test_tasks_share_an_error_and_nothing_is_cached():
    loader = Loader()

    async def main():
        results = await asyncio.gather(*(loader.load("bad") for _ in range(3)), return_exceptions=True)
        assert [str(result) for result in results] == ["bad"] * 3
        with pytest.raises(ValueError, match="bad"):
            await loader.load("bad")
        assert loader.calls == ["bad", "bad"]

    asyncio.run(main())


def test_a_task_waits_for_half_of_its_time_at_most():
    loader = Loader()

    async def main():
        loader.go = asyncio.Event()
        leader = asyncio.create_task(loader.load(1))
        while not loader.calls:
            await asyncio.sleep(0)
        with invocation.enter(remaining_ms=200):
            follower = asyncio.create_task(loader.load(1))
        while len(loader.calls) < 2:
            await asyncio.sleep(0)
        assert not leader.done()
        loader.go.set()
        assert await leader == await follower == {"x": 1}

    asyncio.run(main())


def test_a_cancelled_leader_leaves_the_load_to_another():
    loader = Loader()

    async def main():
        loader.go = asyncio.Event()
        leader = asyncio.create_task(loader.load(1))
        while not loader.calls:
            await asyncio.sleep(0)
        others = [asyncio.create_task(loader.load(1)) for _ in range(3)]
        await asyncio.sleep(0)
        leader.cancel()
        loader.go.set()
        assert await asyncio.gather(*others) == [{"x": 1}] * 3
        assert leader.cancelled()
        assert loader.calls == [1, 1]

    asyncio.run(main())


def test_a_cancelled_follower_disturbs_nobody():
    loader = Loader()

    async def main():
        loader.go = asyncio.Event()
        leader = asyncio.create_task(loader.load(1))
        while not loader.calls:
            await asyncio.sleep(0)
        follower = asyncio.create_task(loader.load(1))
        await asyncio.sleep(0)
        follower.cancel()
        loader.go.set()
        assert await leader == {"x": 1}

    asyncio.run(main())


def test_an_async_load_that_was_overtaken_stores_nothing():
    loader = Loader()

    async def main():
        loader.go = asyncio.Event()
        slow = asyncio.create_task(loader.load(1))
        while not loader.calls:
            await asyncio.sleep(0)
        assert await loader.load.cache_delete(1) is True
        loader.go.set()
        await slow
        await loader.load(1)
        assert loader.calls == [1, 1]

    asyncio.run(main())


def test_the_loop_goes_on_while_redis_hangs(monkeypatch):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("KIT_CACHE_REDIS_URL", f"redis://127.0.0.1:{listener.getsockname()[1]}")
        monkeypatch.setenv("KIT_CACHE_REDIS_TIMEOUT_MS", "30000")
        loader, asked, ticked = Loader(), threading.Event(), threading.Event()

        def hang():
            connection, _ = listener.accept()
            asked.set()
            ticked.wait(10)
            connection.close()

        async def tick():
            while not asked.is_set():
                await asyncio.sleep(0)
            ticked.set()

        async def main():
            ticking = asyncio.create_task(tick())
            assert await loader.load(1) == {"x": 1}
            assert ticked.is_set(), "Redis hung up because the loop stood still"
            await ticking

        server = threading.Thread(target=hang)
        server.start()
        asyncio.run(main())
        server.join()


def test_each_loop_has_its_own_loads():
    loader = Loader()
    for _ in range(2):
        asyncio.run(loader.load(1))
    assert loader.calls == [1]
