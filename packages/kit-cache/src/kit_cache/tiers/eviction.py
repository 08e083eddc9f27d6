"""Which entry goes when the memory is full: S3-FIFO (Yang et al., SOSP 2023), with a first queue that adapts its size.

New entries wait in a small queue. One that is read there moves to the main queue, the others go and leave a ghost. An
entry of the main queue that was read since it was last looked at gets another round. A new entry whose ghost is still
there goes to the main queue at once, and tells that the small queue was too short; a ghost of the main queue tells
that it was too long. A hit changes one number of the entry, and takes no lock.
"""

from collections import OrderedDict
from typing import Protocol

_FIRST_SHARE = 0.1
_MOST_SHARE = 0.95
_LEAST_SHARE = 0.01
_MOST_ROUNDS = 3
_MOST_STEPS = 64  # entries that one eviction looks at: where all were read, no put may go round all of them


class Counted(Protocol):
    """An entry: how often it was read, and how many of these readings count no longer."""

    uses: int
    forgiven: int


class S3Fifo:
    """The order in which entries go; it holds keys and entries, and knows nothing of their values."""

    def __init__(self) -> None:
        self._small: OrderedDict[str, Counted] = OrderedDict()
        self._main: OrderedDict[str, Counted] = OrderedDict()
        self._small_ghosts: OrderedDict[int, None] = OrderedDict()
        self._main_ghosts: OrderedDict[int, None] = OrderedDict()
        self._share = _FIRST_SHARE

    def add(self, key: str, entry: Counted) -> None:
        """Take a new entry in."""
        ghost = hash(key)
        size = max(1, len(self._small) + len(self._main))
        if ghost in self._small_ghosts:
            del self._small_ghosts[ghost]
            step = max(1.0, len(self._main_ghosts) / max(1, len(self._small_ghosts))) / size
            self._share = min(_MOST_SHARE, self._share + step)
            self._main[key] = entry
            return
        if ghost in self._main_ghosts:
            del self._main_ghosts[ghost]
            step = max(1.0, len(self._small_ghosts) / max(1, len(self._main_ghosts))) / size
            self._share = max(_LEAST_SHARE, self._share - step)
        self._small[key] = entry

    def remove(self, key: str) -> None:
        """Forget an entry that has gone by itself."""
        if self._small.pop(key, None) is None:
            self._main.pop(key, None)

    def evict(self) -> str | None:
        """Take the next one out and return its key, None if there is none; each is passed three times at most."""
        small, main, steps = self._small, self._main, 0
        while small or main:
            steps += 1
            size = len(small) + len(main)
            if small and (not main or len(small) >= max(1, int(size * self._share))):
                key, entry = small.popitem(last=False)
                if steps < _MOST_STEPS and entry.uses > entry.forgiven:
                    entry.forgiven = entry.uses
                    main[key] = entry
                    continue
                self._remember(self._small_ghosts, key, size)
                return key
            key, entry = main.popitem(last=False)
            left = min(entry.uses - entry.forgiven, _MOST_ROUNDS)
            if left > 0 and steps < _MOST_STEPS:
                entry.forgiven = entry.uses - left + 1
                main[key] = entry
                continue
            self._remember(self._main_ghosts, key, size)
            return key
        return None

    def clear(self) -> None:
        """Forget everything, ghosts too."""
        self.__init__()  # type: ignore[misc]  # it has no other state

    @staticmethod
    def _remember(ghosts: "OrderedDict[int, None]", key: str, most: int) -> None:
        ghosts[hash(key)] = None
        while len(ghosts) > most:
            ghosts.popitem(last=False)
