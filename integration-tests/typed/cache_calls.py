"""kit-cache under strict type checkers: the documented calls, and the types that come out of them."""

from decimal import Decimal
from typing import assert_type
from uuid import UUID

from kit_cache import Cache, CachedValue, CacheError, CacheKeyError, clear, hybrid_cache, method_cache, reset, stats


class Rates:
    def cache_key(self) -> str:
        return "v1"

    @method_cache(ttl=300, cache_name="rates")
    def of_loan(self, loan_id: UUID) -> dict[str, Decimal]:
        return {"rate": Decimal("4.20")}

    @method_cache(key=lambda self: self.cache_key())
    async def later(self, loan_id: UUID) -> Decimal:
        return Decimal(1)


def is_foreign(currency: str) -> bool:  # strict mode knows no parameter of a lambda here
    return currency != "EUR"


@hybrid_cache(ttl=60, cache_name="api", condition=is_foreign)
async def to_euro(currency: str) -> Decimal:
    return Decimal("0.92")


@method_cache(ttl=60, cache_name="names", tiers=("memory", "redis"))
def names(first: str, *, upper: bool = False) -> list[str]:
    return [first.upper() if upper else first]


async def one() -> int:
    return 1


async def calls(loan_id: UUID) -> None:
    """Call cached functions, and forget what they kept."""
    rates = Rates()
    assert_type(rates.of_loan(loan_id), dict[str, Decimal])
    assert_type(rates.of_loan(loan_id=loan_id), dict[str, Decimal])
    assert_type(rates.of_loan.cache_delete(loan_id), bool)
    assert_type(await rates.later(loan_id), Decimal)
    assert_type(await to_euro("USD"), Decimal)
    assert_type(await to_euro.cache_delete("USD"), bool)
    assert_type(names("a", upper=True), list[str])
    names.cache_clear()
    assert_type(names.cache_get("a"), CachedValue)
    assert_type(names.cache_key("a"), str)
    cache = Cache("typed", ttl=60, stale=10.0, tags=("a",))
    assert_type(cache.get_or_set("k", lambda: 1), int)
    assert_type(await cache.aget_or_set("k", one), int)
    assert_type(cache.set("k", 1, ttl=5), bool)
    print(stats("rates")["hits"], names.cache_stats())
    try:
        clear("rates")
    except CacheKeyError as error:
        print(error.argument)
    except CacheError:
        reset()
