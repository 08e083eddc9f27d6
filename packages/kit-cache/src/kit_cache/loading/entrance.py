"""The names of this room that fronts and `Cache` use, in one import."""

from uuid import UUID

from kit_cache.loading.flow import Call, fetch
from kit_cache.loading.lookup import look_quickly, look_up, look_up_many, peek, peek_of
from kit_cache.loading.steps import run, run_async

# Types in which two equal values are one value. float isn't here (0.0 == -0.0), nor Decimal (1.0 == 1.00) and
# datetime (12:00Z == 14:00+02:00): those take the long way, through text.
EXACT: frozenset[type] = frozenset((str, int, bool, bytes, UUID, type(None)))

__all__ = ["EXACT", "Call", "fetch", "look_quickly", "look_up", "look_up_many", "peek", "peek_of", "run", "run_async"]
