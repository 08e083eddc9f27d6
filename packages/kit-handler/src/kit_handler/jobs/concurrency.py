"""Trying several records of a batch at the same time: threads for functions, tasks for coroutine functions."""

from kit_handler import _loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kit_handler.jobs.runs import Run


def in_threads(run: "Run", number: int) -> None:
    """Try the records in `number` threads, each in a copy of the current context variables."""
    from contextvars import copy_context
    from threading import Lock, Thread

    run.lock = Lock()
    lanes, taking = run.lanes(), Lock()
    unexpected: list[BaseException] = []

    def work() -> None:
        try:
            while not run.stopped and not unexpected:
                with taking:
                    lane = next(lanes, None)
                if lane is None:
                    return
                run.in_order(lane)
        except BaseException as error:  # noqa: BLE001  (SystemExit and the like: raised again below)
            unexpected.append(error)

    count = min(number, len(run.records))
    threads = [
        Thread(target=copy_context().run, args=(work,), name=f"{run.job.name}-{n}", daemon=True) for n in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if unexpected:
        raise unexpected[0]


def in_tasks(run: "Run", number: int) -> None:
    """Try the records in `number` tasks of the process's loop."""
    lanes = run.lanes()

    async def work() -> None:
        while not run.stopped:
            lane = next(lanes, None)
            if lane is None:
                return
            await run.in_order_async(lane)

    async def work_all() -> None:
        import asyncio

        await asyncio.gather(*[work() for _ in range(min(number, len(run.records)))])

    try:
        _loop.run(work_all(), context=run.context)
    except Exception as error:  # noqa: BLE001  (the time is up; what isn't done counts as failed)
        run.errors.append(error)
        run.stopped = True
