"""The two clocks that every entry is held to, so that neither a freeze nor a clock that is set prolongs it.

The monotonic clock may stand still while an environment is frozen; the wall clock may be set back. An entry of this
process is over when either says so. Outside the process only the wall clock means anything: `now` never runs back.

Compiled fronts (`kit_cache.fronts`) have this module as their globals: `kit_cache.testing.FakeClock` replaces `wall`
and `mono` here.
"""

import time

mono = time.monotonic
wall = time.time
_JITTER = 0.05  # seconds by which a clock that is only adjusted may lag behind the other
_known_wall = wall()
_known_mono = mono()


def now() -> float:
    """Return the seconds since the epoch; a wall clock that is set back does not set this back."""
    global _known_wall, _known_mono
    seen, passed = wall(), mono()
    expected = _known_wall + (passed - _known_mono)
    if seen < expected - _JITTER:
        return expected
    _known_wall, _known_mono = seen, passed
    return seen


def restart() -> None:
    """Take the clocks as they are; for tests that have moved them."""
    global _known_wall, _known_mono, wall, mono
    wall, mono = time.time, time.monotonic
    _known_wall, _known_mono = wall(), mono()
