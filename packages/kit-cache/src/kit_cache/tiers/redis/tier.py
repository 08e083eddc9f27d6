"""The rows of one cache name in Redis.

    kit-cache:NAME:meta       the cache's version and epoch, 8 random bytes each
    kit-cache:NAME:row:KEY    a row, or a tombstone
    kit-cache:NAME:tag:TAG    the version of a tag
    kit-cache:NAME:lock:KEY   who is loading a value, with a lease
    kit-cache:NAME:log        the last invalidations, newest first, for the memory of other processes

Rows of one name are spread over a cluster. No command has keys of several rows there, and a value is stored in one
step with the comparison of its own row; on a single server in one step with the epoch's, too.
"""

from collections.abc import Iterable, Sequence
from typing import cast

from kit_cache import clock
from kit_cache.tiers.port import KEY, Change
from kit_cache.tiers.redis.client import Command
from kit_cache.tiers.redis.invalidation import DELETE_IF, TAG_MS, Invalidations, is_meta, worked
from kit_cache.tiers.redis.link import NotAnsweredError
from kit_cache.tiers.redis.wire import ReplyError
from kit_cache.tiers.rows import HEAD, ID, Reading, Row, State, head_of, lease_name, new_id, pack, unpack

_MOST_TAGS = 1000

# Store a row if nothing has happened since its state was read: KEYS row, and on a single server meta; ARGV the row's
# first bytes, the row, its milliseconds, and the meta as they were.
_WRITE = f"""
if redis.call('GETRANGE', KEYS[1], 0, {HEAD - 1}) ~= ARGV[1] then return 0 end
if KEYS[2] and redis.call('GET', KEYS[2]) ~= ARGV[4] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""


class RedisTier(Invalidations):
    """One cache name in Redis; see `kit_cache.tiers.port.Tier` for its methods."""

    # ---- Reading

    def read(self, key: str) -> Reading | None:
        """Return the row's value and state."""
        row = self.row_key(key)
        if self.link.client.clustered:
            commands = [Command(self.meta, ("GET", self.meta)), Command(row, ("GET", row))]
        else:
            commands = [Command(self.meta, ("MGET", self.meta, row))]
        found = self.ask(commands)
        if found is None or not self.link.trusts():
            return None
        if len(found) == 1:
            found = cast("list[object]", found[0]) if isinstance(found[0], list) else found
        if len(found) != 2 or isinstance(found[0], ReplyError):
            return None
        meta = found[0] if is_meta(found[0]) else self._begin()
        return None if meta is None else self._reading(meta, found[1])

    def peek(self, key: str) -> tuple[object, object] | None:
        """Return the bytes of the row and of the cache's version and epoch, as they are."""
        if self.link.client.clustered or not self.link.trusts():
            return None
        found = self.ask([Command(self.meta, ("MGET", self.meta, f"{self.prefix}row:{key}"))])
        if found is None or not isinstance(found[0], list):
            return None
        meta, raw = found[0]
        return raw, meta

    def read_many(self, keys: Sequence[str]) -> list[Reading] | None:
        """Return the readings of several keys, in one round trip."""
        rows = [self.row_key(key) for key in keys]
        found = self.ask([Command(each, ("GET", each)) for each in (self.meta, *rows)])
        if found is None or isinstance(found[0], ReplyError) or not self.link.trusts():
            return None
        meta = found[0] if is_meta(found[0]) else self._begin()
        if meta is None:
            return None
        readings = [self._reading(meta, raw) for raw in found[1:]]
        return None if None in readings else cast("list[Reading]", readings)

    def _reading(self, meta: object, raw: object) -> Reading | None:
        assert isinstance(meta, bytes)
        state = State(meta[:ID], meta[ID:], head_of(raw))
        row = unpack(raw)
        if row is None or row.version != state.version or not row.is_usable():
            return Reading(state)
        if row.tags:
            current = self.tag_versions(row.tags, epoch=state.epoch)
            if current is None:
                return None
            if current != row.tags:
                return Reading(state)
        return Reading(state, row)

    def _begin(self) -> bytes | None:
        """Give the cache its first version, unless another has just done so; return the current one."""
        commands = [
            Command(self.meta, ("SET", self.meta, new_id() + new_id(), "NX")),
            Command(self.meta, ("GET", self.meta)),
        ]
        found = self.ask(commands)
        if found is None:
            return None
        if not is_meta(found[1]) and isinstance(found[1], bytes):  # an epoch that was set after the version had gone
            found = self.ask([Command(self.meta, ("SET", self.meta, new_id() + new_id())), commands[1]])
        return cast("bytes", found[1]) if found is not None and is_meta(found[1]) else None

    def tag_versions(self, tags: Iterable[str], *, epoch: bytes | None = None) -> dict[str, str] | None:
        """Return the current version of each tag; versions that were read in the same epoch are known already."""
        wanted = list(tags)
        known = self._tags[1] if epoch is not None and self._tags[0] == epoch else {}
        missing = [tag for tag in wanted if tag not in known]
        if missing:
            keys = [f"{self.prefix}tag:{tag}" for tag in missing]
            commands = []
            for key in keys:
                commands.append(Command(key, ("SET", key, new_id().hex(), "NX", "PX", TAG_MS)))
                commands.append(Command(key, ("GET", key)))
            found = self.ask(commands)
            if found is None or not all(isinstance(each, bytes) for each in found[1::2]):
                return None
            fresh = {tag: each.decode() for tag, each in zip(missing, cast("list[bytes]", found[1::2]), strict=True)}
            known = {**known, **fresh}
            if epoch is not None:
                self._tags = (epoch, known if len(known) < _MOST_TAGS else fresh)
        return {tag: known[tag] for tag in wanted}

    # ---- Writing

    def write(self, key: str, row: Row, state: State) -> bool | None:
        """Store a row unless the state is no longer `state`; tell whether it is stored."""
        milliseconds = int((row.expires - clock.now()) * 1000)
        if milliseconds <= 0:
            return False
        name, meta = self.row_key(key), state.version + state.epoch
        body = pack(row, state.version)
        if not self.link.client.clustered:
            script = ("EVAL", _WRITE, 2, name, self.meta, state.head, body, milliseconds, meta)
            found = self.ask([Command(name, script), *self._kept_tags(row)])
            if found is None or found[0] == 1 or not self.link.client.clustered:
                return None if found is None or isinstance(found[0], ReplyError) else found[0] == 1
        commands = [
            Command(name, ("EVAL", _WRITE, 1, name, state.head, body, milliseconds)),
            *self._kept_tags(row),
        ]
        found = self.ask(commands)
        after = None if found is None else self.ask([Command(self.meta, ("GET", self.meta))])
        if found is None or after is None or isinstance(found[0], ReplyError):
            return None
        if found[0] == 1 and after[0] != meta:  # something was invalidated between the two
            self.ask([Command(name, ("EVAL", DELETE_IF, 1, name, body[:HEAD]))])
            return False
        return found[0] == 1

    def replace(self, key: str, row: Row, *, tell: bool) -> bool | None:
        """Store a row in place of any other; with `tell` others drop the key from their memory."""
        milliseconds = int((row.expires - clock.now()) * 1000)
        found = self.ask([Command(self.meta, ("GET", self.meta))])
        if found is None or milliseconds <= 0:
            return None
        meta = found[0] if is_meta(found[0]) else self._begin()
        if not isinstance(meta, bytes):
            return None
        name = self.row_key(key)
        found = self.ask(
            [Command(name, ("SET", name, pack(row, meta[:ID]), "PX", milliseconds)), *self._kept_tags(row)]
        )
        if found is None or isinstance(found[0], ReplyError):
            return None
        try:
            return not tell or worked(self.tell([Change(KEY, key)], self.link.ask))
        except NotAnsweredError:
            return None

    def _kept_tags(self, row: Row) -> list[Command]:
        """Return the commands that let a row's tags outlive it."""
        milliseconds = max(TAG_MS, int((row.expires - row.created) * 1000) + 86_400_000)
        keys = [f"{self.prefix}tag:{tag}" for tag in row.tags]
        return [Command(key, ("PEXPIRE", key, milliseconds)) for key in keys]

    # ---- Leases

    def acquire(self, key: str, token: str, seconds: float, state: State) -> bool | None:
        """Take the lease of a load that began in this state, unless another has it."""
        name = f"{self.prefix}lock:{lease_name(key, state)}"
        found = self.ask([Command(name, ("SET", name, token, "NX", "PX", max(1, int(seconds * 1000))))])
        return None if found is None or isinstance(found[0], ReplyError) else found[0] is not None

    def release(self, key: str, token: str, state: State) -> None:
        """Give the lease back, if it is still the one of `token`."""
        name = f"{self.prefix}lock:{lease_name(key, state)}"
        self.ask([Command(name, ("EVAL", DELETE_IF, 1, name, token))])

    def available(self) -> bool:
        """Tell whether Redis answers."""
        found = self.ask([Command(self.meta, ("GET", self.meta))])
        return found is not None and not isinstance(found[0], ReplyError) and self.link.trusts()

    def close(self) -> None:
        """Close the connections."""
        self.link.close()
