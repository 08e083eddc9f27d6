"""Every driver of a tier, by one suite."""

import pytest
from kit_cache.settings import CacheSettings
from kit_cache.testing import TierSuite
from kit_cache.tiers import stores
from kit_cache.tiers.disk.database import Database, DiskSettings
from kit_cache.tiers.disk.diskcache import DiskcacheTier
from kit_cache.tiers.disk.tier import DiskTier


class TestDisk(TierSuite):
    @pytest.fixture(autouse=True)
    def place(self, tmp_path):
        self.databases = []
        self.settings = DiskSettings(tmp_path / "disk", None, 2**20)
        yield
        for database in self.databases:
            database.close()

    def make(self, name):
        self.databases.append(Database(self.settings))
        return DiskTier(self.databases[-1], name)


class TestDiskcache(TierSuite):
    @pytest.fixture(autouse=True)
    def place(self, tmp_path):
        self.tiers = []
        self.settings = DiskSettings(tmp_path / "disk", None, 2**20)
        yield
        for tier in self.tiers:
            tier.close()

    def make(self, name):
        self.tiers.append(DiskcacheTier(self.settings, name))
        return self.tiers[-1]


class TestRedis(TierSuite):
    driver = "resp"

    @pytest.fixture(autouse=True)
    def server(self, redis, monkeypatch):
        monkeypatch.setenv("KIT_CACHE_REDIS_DRIVER", self.driver)
        monkeypatch.setenv("KIT_CACHE_REDIS_TIMEOUT_MS", "5000")

    def make(self, name):
        return stores.redis_tier(CacheSettings.from_env(name))


class TestRedisPy(TestRedis):
    driver = "redis-py"
