"""Invalidations of one cache name in Redis: the rows first, then the log that tells other processes of them."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import cast

from kit_cache import clock
from kit_cache.tiers.port import CLEAR, KEY, PATTERN, TAG, Change
from kit_cache.tiers.redis.client import Command
from kit_cache.tiers.redis.link import Link, NotAnsweredError
from kit_cache.tiers.redis.wire import Part, ReplyError
from kit_cache.tiers.rows import HEAD, ID, NO_VERSION, TOMBSTONE_SECONDS, is_value, new_id, tombstone

_TOMBSTONE_MS = TOMBSTONE_SECONDS * 1000
TAG_MS = 8 * 86_400_000
_LOG_LENGTH = 1000
_LOG_SECONDS = 3600
_LONGEST_SILENCE = 1800.0  # seconds after which the log may have lost something
_PAGE = 1000
_MOST_PENDING = 1000

# Delete a key if it begins with a text.
DELETE_IF = """
if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) == ARGV[1] then return redis.call('UNLINK', KEYS[1]) end
return 0
"""

Ask = Callable[[Sequence[Command]], list[object]]
Operation = Callable[[Ask], None]


class Invalidations:
    """The half of a tier that forgets, and lists the invalidations of others."""

    def __init__(self, link: Link, prefix: str) -> None:
        self.link = link
        self.prefix = prefix
        self.meta = prefix + "meta"
        self.log = prefix + "log"
        self._tags: tuple[bytes, dict[str, str]] = (b"", {})
        self._seen: tuple[bytes, bytes | None] | None = None  # the version and the newest line of the log
        self._seen_at = (0.0, 0.0)
        self._missed: dict[Change, None] = {}
        self._own: deque[bytes] = deque(maxlen=_LOG_LENGTH)
        self._lock = threading.Lock()

    def row_key(self, key: str) -> str:
        """Return the name of a row in Redis."""
        return f"{self.prefix}row:{key}"

    def ask(self, commands: Sequence[Command]) -> list[object] | None:
        """Return the replies, or None if Redis does not answer."""
        try:
            return self.link.ask(commands)
        except NotAnsweredError:
            return None

    def delete(self, keys: Sequence[str]) -> bool:
        """Put tombstones in the rows' places, now or as soon as Redis answers; tell whether it was now."""
        return self._invalidate([Change(KEY, key) for key in keys])

    def delete_pattern(self, pattern: str) -> bool:
        """Delete the rows whose keys match, in pages, and refuse the loads that are under way."""
        return self._invalidate([Change(PATTERN, pattern)])

    def invalidate_tags(self, tags: Sequence[str]) -> bool:
        """Begin a new version of each tag: rows of the old one are misses, and go when their time is over."""
        return self._invalidate([Change(TAG, tag) for tag in tags])

    def clear(self) -> bool:
        """Begin a new version: every row is of an older one."""
        return self._invalidate([Change(CLEAR)])

    def _invalidate(self, changes: Sequence[Change]) -> bool:
        if not changes:
            return True
        try:
            return self._apply(changes, self.link.ask, self.link.on_nodes)
        except NotAnsweredError:
            with self._lock:
                self._missed.update(dict.fromkeys(changes))
                if len(self._missed) > _MOST_PENDING:
                    self._missed = {Change(CLEAR): None}
            self.link.later(self, self._make_up)
            return False

    def _make_up(self) -> None:
        """Do the deletions that Redis missed; OSError while it is still away."""
        with self._lock:
            changes = list(self._missed)

        def ask(commands: Sequence[Command]) -> list[object]:
            replies = self.link.client.execute(commands)
            if any(isinstance(each, ReplyError) and each.code in ("READONLY", "LOADING") for each in replies):
                raise ConnectionResetError("Redis is not ready")
            return replies

        def on_nodes(operation: Operation) -> None:
            for node in self.link.client.primaries():
                operation(partial(self.link.client.ask, node))

        self._apply(changes, ask, on_nodes)
        with self._lock:
            for change in changes:
                self._missed.pop(change, None)

    def _apply(self, changes: Sequence[Change], ask: Ask, on_nodes: Callable[[Operation], None]) -> bool:
        kinds = {change.kind for change in changes}
        keys = [self.row_key(change.name) for change in changes if change.kind == KEY]
        done = True
        if keys:
            replies = ask([Command(each, ("SET", each, tombstone(), "PX", _TOMBSTONE_MS)) for each in keys])
            full = [each for each, reply in zip(keys, replies, strict=True) if isinstance(reply, ReplyError)]
            if full:  # nothing may be written, but deleting is allowed
                done = worked(ask([Command(each, ("DEL", each)) for each in full]))
        if TAG in kinds:
            names = [f"{self.prefix}tag:{change.name}" for change in changes if change.kind == TAG]
            replies = ask([Command(each, ("SET", each, new_id().hex(), "PX", TAG_MS)) for each in names])
            done = (worked(replies) or worked(ask([Command(each, ("DEL", each)) for each in names]))) and done
        if CLEAR in kinds:
            replies = ask([Command(self.meta, ("SET", self.meta, new_id() + new_id()))])
            done = (worked(replies) or worked(ask([Command(self.meta, ("DEL", self.meta))]))) and done
        elif TAG in kinds or PATTERN in kinds:
            replies = ask([Command(self.meta, ("SETRANGE", self.meta, ID, new_id()))])
            done = (worked(replies) or worked(ask([Command(self.meta, ("DEL", self.meta))]))) and done
        for change in changes:
            if change.kind == PATTERN:
                on_nodes(partial(self._unlink_matching, self.row_key(change.name)))
        told = self.tell(changes, ask)
        return done and (worked(told) or worked(ask([Command(self.log, ("DEL", self.log))])))

    def tell(self, changes: Sequence[Change], ask: Ask) -> list[object]:
        """Write invalidations into the log; this process has done them itself, and will not do them again."""
        lines = [new_id() + f"{change.kind}{change.name}".encode("utf-8", "surrogatepass") for change in changes]
        self._own.extend(lines)
        return ask(
            [
                Command(self.log, ("LPUSH", self.log, *lines)),
                Command(self.log, ("LTRIM", self.log, 0, _LOG_LENGTH - 1)),
                Command(self.log, ("EXPIRE", self.log, _LOG_SECONDS)),
            ]
        )

    def _unlink_matching(self, match: str, ask: Ask) -> None:
        for keys in _pages(ask, match, _PAGE):
            if self.link.client.clustered:
                ask([Command(None, ("UNLINK", key)) for key in keys])
            else:
                ask([Command(None, ("UNLINK", *keys))])

    # ---- What others have invalidated

    def changes(self) -> list[Change] | None:
        """Return the invalidations since this was last asked; CLEAR where they can't be known."""
        commands = [Command(self.meta, ("GET", self.meta)), Command(self.log, ("LRANGE", self.log, 0, 0))]
        found = self.ask(commands)
        if found is None or not self.link.trusts() or any(isinstance(each, ReplyError) for each in found):
            return None
        version = (cast("bytes | None", found[0]) or NO_VERSION)[:ID]
        newest = cast("list[bytes]", found[1])
        head = newest[0] if newest else None
        before, (seen_wall, seen_mono) = self._seen, self._seen_at
        now, passed = clock.now(), clock.mono()
        silent = max(now - seen_wall, passed - seen_mono) > _LONGEST_SILENCE
        if before is not None and not silent and before == (version, head):
            self._seen_at = (now, passed)
            return []
        changed: list[Change] = []
        if before is not None:
            if silent or before[0] not in (version, NO_VERSION):
                changed = [Change(CLEAR)]
            elif head != before[1]:
                since = self._since(before[1])
                if since is None:
                    return None
                changed = since
        self._seen, self._seen_at = (version, head), (now, passed)
        return changed

    def _since(self, last: bytes | None) -> list[Change] | None:
        found = self.ask([Command(self.log, ("LRANGE", self.log, 0, -1))])
        if found is None or not isinstance(found[0], list):
            return None
        lines = cast("list[bytes]", found[0])
        if last is not None and last not in lines:
            return [Change(CLEAR)]
        if last is None and len(lines) >= _LOG_LENGTH:
            return [Change(CLEAR)]
        recent = lines[: lines.index(last)] if last is not None else lines
        own = frozenset(self._own)
        texts = [line[ID:].decode("utf-8", "surrogatepass") for line in reversed(recent) if line not in own]
        return [Change(text[:1], text[1:]) for text in texts]

    def sweep(self) -> None:
        """Give the memory of rows back that are of an older version: in pages, so that nobody else waits for it."""
        found = self.ask([Command(self.meta, ("GET", self.meta))])
        if found is None or not is_meta(found[0]):
            return
        version = cast("bytes", found[0])[:ID]

        def on_node(ask: Ask) -> None:
            for keys in _pages(ask, self.row_key("*"), _PAGE // 2):
                heads = ask([Command(None, ("GETRANGE", key, 0, HEAD + ID - 1)) for key in keys])
                old = [
                    (key, head[:HEAD])
                    for key, head in zip(keys, heads, strict=True)
                    if isinstance(head, bytes) and is_value(head) and head[HEAD:] != version
                ]
                if old:
                    ask([Command(None, ("EVAL", DELETE_IF, 1, key, head)) for key, head in old])

        try:
            self.link.on_nodes(on_node)
        except NotAnsweredError:
            return


def _pages(ask: Ask, match: str, size: int) -> Iterator[list[bytes]]:
    """Yield the keys of one node that match, in pages; none where it refuses."""
    cursor: Part = b"0"
    while True:
        (reply,) = ask([Command(None, ("SCAN", cursor, "MATCH", match, "COUNT", size))])
        if not isinstance(reply, list):
            return
        cursor, keys = reply
        if keys:
            yield keys
        if cursor == b"0":
            return


def is_meta(found: object) -> bool:
    """Tell whether this is a cache's version and epoch."""
    return isinstance(found, bytes) and len(found) == 2 * ID and found[:ID] != NO_VERSION


def worked(replies: Sequence[object]) -> bool:
    """Tell whether no reply is an error."""
    return not any(isinstance(reply, ReplyError) for reply in replies)
