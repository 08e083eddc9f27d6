"""One cache name: its tiers, its loads, and the rules that hold a value in several places together.

Redis, where it is configured, has the last word: when it answers, a value that memory or disk still have and Redis has
no more is dropped there, and a value from Redis goes to both. Without Redis, or while it is away, the disk answers.
"""

from kit_cache.core.core import Core

__all__ = ["Core"]
