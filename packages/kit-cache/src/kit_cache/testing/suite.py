"""The behaviour of every tier: a suite for the drivers of this package, and for a user's own."""

from kit_cache import clock
from kit_cache.tiers.port import CLEAR, KEY, PATTERN, TAG, Tier
from kit_cache.tiers.rows import Row


def row(body: bytes = b"j1", *, ttl: float = 60.0, tags: "dict[str, str] | None" = None) -> Row:
    """Return a row that is fresh for `ttl` seconds."""
    now = clock.now()
    return Row(body, now, now + ttl, now + ttl, tags or {})


class TierSuite:
    """Tests of a tier, for pytest: subclass it, and make the tier.

    `tier` and `other` are two tiers of the same name, as two processes have them; `foreign` is of another name.

    >>> class TestMyTier(TierSuite):
    ...     def make(self, name: str) -> Tier:
    ...         return MyTier(name)
    """

    def make(self, name: str) -> Tier:
        """Return a new tier of a cache name, over the same store as every other one that this makes."""
        raise NotImplementedError

    def store(self, tier: Tier, key: str, body: bytes = b"j1", *, tags: tuple[str, ...] = ()) -> bool | None:
        """Store a value as a loader does."""
        reading = tier.read(key)
        assert reading is not None
        versions = tier.tag_versions(tags)
        assert versions is not None
        return tier.write(key, row(body, tags=versions), reading.state)

    def body(self, tier: Tier, key: str) -> bytes | None:
        """Return the value that a tier has under a key."""
        reading = tier.read(key)
        assert reading is not None
        return None if reading.row is None else reading.row.body

    def test_a_value_is_there_for_all(self) -> None:
        """Stored by one process, read by another, not by another name."""
        tier, other, foreign = self.make("a"), self.make("a"), self.make("b")
        assert self.body(tier, "k") is None
        assert self.store(tier, "k", b"j\x00\xff") is True
        assert self.body(other, "k") == b"j\x00\xff"
        assert self.body(foreign, "k") is None

    def test_a_value_ends(self) -> None:
        """A row is no hit after its time."""
        tier = self.make("a")
        reading = tier.read("k")
        assert reading is not None
        tier.write("k", row(ttl=-1), reading.state)
        assert self.body(tier, "k") is None

    def test_several_keys_at_once(self) -> None:
        """Readings come in the order of the keys."""
        tier = self.make("a")
        self.store(tier, "1", b"j1")
        self.store(tier, "3", b"j3")
        readings = tier.read_many(["1", "2", "3"])
        assert readings is not None
        assert [each.row and each.row.body for each in readings] == [b"j1", None, b"j3"]

    def test_a_deletion_refuses_loads_under_way(self) -> None:
        """A value that was loaded before a deletion is not stored after it, also of a key that was not there."""
        tier, other = self.make("a"), self.make("a")
        for key in ("missing", "there"):
            if key == "there":
                self.store(tier, key)
            reading = tier.read(key)
            assert reading is not None
            assert other.delete([key]) is True
            assert tier.write(key, row(b"jold"), reading.state) is False
            assert self.body(tier, key) is None
            assert self.store(tier, key, b"jnew") is True
            assert self.body(other, key) == b"jnew"

    def test_clearing(self) -> None:
        """Nothing is left of the name, loads under way are refused, and other names stay."""
        tier, other, foreign = self.make("a"), self.make("a"), self.make("b")
        self.store(tier, "k")
        self.store(foreign, "k")
        reading = tier.read("new")
        assert reading is not None
        assert other.clear() is True
        tier.write("new", row(), reading.state)
        assert self.body(tier, "k") is None
        assert self.body(tier, "new") is None
        assert self.body(foreign, "k") == b"j1"

    def test_tags(self) -> None:
        """Values with a tag go with it, others stay; loads under way are refused."""
        tier, other = self.make("a"), self.make("a")
        self.store(tier, "1", tags=("red", "round"))
        self.store(tier, "2", tags=("red",))
        self.store(tier, "3", tags=("round",))
        self.store(tier, "4")
        reading = tier.read("5")
        assert reading is not None
        assert other.invalidate_tags(["red", "unheard-of"]) is True
        assert tier.write("5", row(), reading.state) is False
        assert [self.body(tier, key) is not None for key in "1234"] == [False, False, True, True]
        self.store(other, "1", tags=("red",))
        assert self.body(tier, "1") is not None

    def test_patterns(self) -> None:
        """Keys that match go, others stay; loads under way are refused."""
        tier, other = self.make("a"), self.make("a")
        for key in ("user:1", "user:22", "users", "x[1]", "x1"):
            self.store(tier, key)
        reading = tier.read("user:3")
        assert reading is not None
        assert other.delete_pattern("user:*") is True
        assert tier.write("user:3", row(), reading.state) is False
        assert other.delete_pattern("x\\[?]") is True
        left = [key for key in ("user:1", "user:22", "users", "x[1]", "x1") if self.body(tier, key) is not None]
        assert left == ["users", "x1"]

    def test_others_are_told(self) -> None:
        """Invalidations by others are known, in order, once."""
        tier, other = self.make("a"), self.make("a")
        tier.read("k")
        assert tier.changes() == []
        other.delete(["k"])
        other.delete_pattern("x*")
        other.invalidate_tags(["red"])
        other.replace("r", row(), tell=True)
        changes = tier.changes()
        assert changes is not None
        assert [tuple(each) for each in changes] == [(KEY, "k"), (PATTERN, "x*"), (TAG, "red"), (KEY, "r")]
        assert tier.changes() == []
        other.clear()
        changes = tier.changes()
        assert changes is not None
        assert [each.kind for each in changes] == [CLEAR]

    def test_a_value_in_any_case(self) -> None:
        """`replace` asks for no state."""
        tier = self.make("a")
        tier.delete(["k"])
        assert tier.replace("k", row(b"jset"), tell=True) is True
        assert self.body(tier, "k") == b"jset"

    def test_leases(self) -> None:
        """One holder at a time, who alone can give it back; after an invalidation it is another lease."""
        tier, other = self.make("a"), self.make("a")
        reading = tier.read("k")
        assert reading is not None
        assert tier.acquire("k", "mine", 60, reading.state) is True
        assert other.acquire("k", "theirs", 60, reading.state) is False
        assert other.acquire("other", "theirs", 60, reading.state) is True
        other.release("k", "theirs", reading.state)
        assert other.acquire("k", "theirs", 60, reading.state) is False
        tier.release("k", "mine", reading.state)
        assert other.acquire("k", "theirs", 60, reading.state) is True
        tier.delete(["k"])
        after = tier.read("k")
        assert after is not None
        assert tier.acquire("k", "mine", 60, after.state) is True

    def test_availability(self) -> None:
        """A tier that works says so."""
        assert self.make("a").available() is True
