"""The methods of every tier outside the process: the port of Redis, the disk, and a user's own driver."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from kit_cache.tiers.rows import Reading, Row, State

KEY, TAG, PATTERN, CLEAR = "k", "t", "p", "c"


class Change(NamedTuple):
    """An invalidation by anybody: a key, a tag, a pattern, or everything; `kind` is the letter of one of these."""

    kind: str
    name: str = ""


class Peeking(Protocol):
    """A tier with a quick way for hits; a driver may do without."""

    def peek(self, key: str) -> tuple[object, object] | None:
        """Return the bytes of the row and of the cache's version and epoch, as they are."""


class Tier(Protocol):
    """A place for encoded values that may fail at any time, and never raises because of it.

    None always means: it does not answer. Methods are called by several threads at once.
    """

    def read(self, key: str) -> Reading | None:
        """Return the row's value and state."""

    def read_many(self, keys: Sequence[str]) -> list[Reading] | None:
        """Return the readings of several keys, in their order."""

    def tag_versions(self, tags: Iterable[str]) -> dict[str, str] | None:
        """Return the current version of each tag."""

    def write(self, key: str, row: Row, state: State) -> bool | None:
        """Store a row unless the state is no longer `state`; tell whether it is stored."""

    def replace(self, key: str, row: Row, *, tell: bool) -> bool | None:
        """Store a row in place of any other; with `tell` others drop the key from their memory."""

    def delete(self, keys: Sequence[str]) -> bool:
        """Forget keys, and refuse the loads of them that are under way; tell whether that is done."""

    def delete_pattern(self, pattern: str) -> bool:
        """Forget the keys that match a glob pattern likewise, and refuse all loads that are under way."""

    def invalidate_tags(self, tags: Sequence[str]) -> bool:
        """Forget every row with one of the tags likewise."""

    def clear(self) -> bool:
        """Forget every key of the cache likewise."""

    def changes(self) -> list[Change] | None:
        """Return the invalidations since this was last asked; CLEAR where they can't be known."""

    def acquire(self, key: str, token: str, seconds: float, state: State) -> bool | None:
        """Take the lease of a load that began in this state, unless another has it."""

    def release(self, key: str, token: str, state: State) -> None:
        """Give the lease back, if it is still the one of `token`."""

    def available(self) -> bool:
        """Tell whether the tier answers."""

    def close(self) -> None:
        """Let go of connections and files."""
