"""Run work in a process, kill that process (SIGKILL) at a random moment, and again; count where each kill has hit.

The work runs in forks of a process that has imported everything, so that a life begins within a millisecond or two.
"""

import json
import mmap
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NoReturn
from uuid import UUID

from kit_db import Database
from kit_events import EventBus
from kit_events.publishing.message import Message

_NAMES: list[str] = ["starting"]
_shared = mmap.mmap(-1, 1)  # seen by the parent after the child is gone


def enter(phase: str) -> None:
    """Say what the process does from now on; it matters to nobody in a process that isn't going to be killed."""
    if phase in _NAMES:
        _shared[0] = _NAMES.index(phase)


def kill_often(work: Callable[[], NoReturn], *, phases: Sequence[str], kills: int, longest: float) -> None:
    """Let `work` start, live for a while, and be killed, `kills` times.

    Every other kill comes at a random time, after at most `longest` seconds; the others come when the phase that was
    hit least has begun, at once or shortly afterwards, as short phases would hardly be hit by time alone. Print how
    many kills hit each phase, as JSON.
    """
    _NAMES.extend(phases)
    hits: Counter[str] = Counter(dict.fromkeys(_NAMES, 0))
    for kill in range(kills):
        _shared[0] = 0
        child = os.fork()
        if child == 0:
            _live(work)
        _wait_until(lambda: _shared[0] != 0, 30)
        if kill % 2:
            phase = min(range(1, len(_NAMES)), key=lambda number: (hits[_NAMES[number]], random.random()))
            _wait_until(lambda: _shared[0] == phase, longest * 10)  # noqa: B023  (it is called at once)
            if random.random() < 0.5:
                time.sleep(random.uniform(0, 0.001))
        else:
            time.sleep(random.uniform(0, longest))
        os.kill(child, signal.SIGKILL)
        if not os.WIFSIGNALED(os.waitpid(child, 0)[1]):
            sys.exit("the work has ended by itself")
        hits[_NAMES[_shared[0]]] += 1
    print(json.dumps(hits))


def _wait_until(reached: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not reached() and time.monotonic() < deadline:
        time.sleep(0.0001)


def _live(work: Callable[[], NoReturn]) -> NoReturn:
    try:
        work()
    except BaseException:  # noqa: BLE001  (nothing of the parent's may run in the child)
        traceback.print_exc()
    finally:
        os._exit(1)


class WatchedDatabase(Database):
    """A database whose statements are phases, told apart by how they begin."""

    watched: tuple[tuple[str, str], ...] = ()
    between = "between"

    def run(self, query, parameters=None, *, repeatable=False):  # type: ignore[no-untyped-def]
        phase = next((phase for start, phase in self.watched if query.startswith(start)), None)
        if phase is not None:
            enter(phase)
        result = super().run(query, parameters, repeatable=repeatable)
        if phase is not None:
            enter(self.between)
        return result


class WatchedBus(EventBus):
    """A bus whose sending is a phase, and what comes after it another."""

    def send(self, messages: Sequence[Message]) -> dict[UUID, Exception]:
        enter("sending")
        errors = super().send(messages)
        enter("sent, not marked")
        if errors:
            raise next(iter(errors.values()))
        return errors
