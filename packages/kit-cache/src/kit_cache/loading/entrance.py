"""What fronts and `Cache` need of this room, in one import."""

from kit_cache.loading.flow import Call, fetch
from kit_cache.loading.lookup import look_quickly, look_up, look_up_many
from kit_cache.loading.steps import run, run_async

__all__ = ["Call", "fetch", "look_quickly", "look_up", "look_up_many", "run", "run_async"]
