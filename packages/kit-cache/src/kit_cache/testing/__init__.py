"""For tests of code that is cached: a clock that is moved by hand, caches that record, and a suite for drivers."""

from kit_cache.testing.clocks import FakeClock
from kit_cache.testing.recording import Event, RecordedCaches
from kit_cache.testing.suite import TierSuite

__all__ = ["Event", "FakeClock", "RecordedCaches", "TierSuite"]
