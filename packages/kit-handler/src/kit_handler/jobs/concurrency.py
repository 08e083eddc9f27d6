"""Several records of a batch at the same time: threads for functions, tasks for coroutine functions."""

from kit_handler.jobs.runs import drive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from kit_handler.jobs.runs import Run


def in_threads(run: "Run", number: int) -> None:
    """Try the records in `number` threads, each in a copy of the current context variables."""
    from contextvars import copy_context
    from threading import Lock, Thread

    lanes, taking = run.lanes(), Lock()
    unexpected: list[BaseException] = []

    def draw() -> "Iterator[tuple[int, Any]]":
        while not run.stopped and not unexpected:
            with taking:
                lane = next(lanes, ())
            if not lane:
                return
            yield from lane

    def work() -> None:
        try:
            drive(run.in_order(draw()))
        except BaseException as error:  # noqa: BLE001  (SystemExit and the like: raised again below)
            unexpected.append(error)

    threads = [
        Thread(target=copy_context().run, args=(work,), name=f"{run.job.name}-{n}", daemon=True)
        for n in range(min(number, len(run.records)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if unexpected:
        raise unexpected[0]


def in_tasks(run: "Run", number: int) -> None:
    """Try the records in `number` tasks of the process's loop."""
    from kit_handler._coroutines import run as run_in_loop

    lanes = run.lanes()

    def draw() -> "Iterator[tuple[int, Any]]":
        for lane in lanes:
            if run.stopped:
                return
            yield from lane

    async def work_all() -> None:
        import asyncio

        await asyncio.gather(*[run.in_order(draw()) for _ in range(min(number, len(run.records)))])

    run.in_loop = True
    try:
        run_in_loop(work_all(), context=run.context)
    except Exception as error:  # noqa: BLE001  (the time is up; records that are not done count as failed)
        run.stop(error)
    finally:
        run.in_loop = False
