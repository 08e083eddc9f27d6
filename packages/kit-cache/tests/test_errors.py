import copy
import importlib
import pickle
import pkgutil

import kit_cache
import pytest
from kit_cache import (
    CacheConfigError,
    CacheError,
    CacheKeyError,
    LoadTimeoutError,
    UncacheableValueError,
    UnknownCacheError,
)
from kit_cache.keys.binding import BindError
from kit_cache.loading.steps import LoaderStopped
from kit_cache.tiers.redis.client import LoginError
from kit_cache.tiers.redis.link import NotAnsweredError
from kit_cache.tiers.redis.wire import ProtocolError, ReplyError

INTERNAL = {BindError, LoaderStopped, LoginError, NotAnsweredError, ProtocolError, ReplyError}


def error_classes():
    """Return every exception class that a module of the package defines, in the order of their names."""
    for found in pkgutil.walk_packages(kit_cache.__path__, "kit_cache."):
        importlib.import_module(found.name)
    known, waiting = set(), [Exception]
    while waiting:
        for each in waiting.pop().__subclasses__():
            waiting.append(each)
            if each.__module__.partition(".")[0] == "kit_cache":
                known.add(each)
    return sorted(known - INTERNAL, key=lambda each: each.__name__)  # which the package catches


MADE = {
    CacheError: CacheError("no"),
    CacheConfigError: CacheConfigError("no"),
    CacheKeyError: CacheKeyError("shop.price", "item", "object"),
    LoadTimeoutError: LoadTimeoutError("price:1", 2.0),
    UncacheableValueError: UncacheableValueError("$.items[3]", "Item", "shop.price"),
    UnknownCacheError: UnknownCacheError("prices"),
}


@pytest.mark.parametrize("kind", error_classes())
def test_every_error_is_one_of_the_root_and_exported(kind):
    assert issubclass(kind, CacheError)
    assert getattr(kit_cache, kind.__name__) is kind


@pytest.mark.parametrize("kind", error_classes())
def test_errors_come_out_of_another_process_as_they_are(kind):
    error = MADE[kind]
    for copied in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert (type(copied), str(copied), vars(copied)) == (kind, str(error), vars(error))
