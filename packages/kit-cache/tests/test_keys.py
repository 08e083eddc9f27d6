import enum
import functools
import uuid
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from kit_cache import CacheConfigError, CacheKeyError, hybrid_cache, method_cache

MEMORY = ("memory",)


class Status(enum.Enum):
    OPEN = 1
    CLOSED = 2


class Text(str):
    __slots__ = ()


@method_cache(cache_name="keys", tiers=MEMORY)
def spelled(a, b=2, /, c=3, *rest, d=4, **more):
    return object()


def test_every_spelling_of_a_call_is_one_key():
    first = spelled(1)
    assert spelled(1, 2) is first
    assert spelled(1, 2, 3) is first
    assert spelled(1, c=3) is first
    assert spelled(1, d=4, c=3) is first


def test_the_caller_is_no_part_of_the_key(counting):
    made = counting("value")

    def one_caller():
        return made.load(1)

    def another_caller():
        return made.load(1)

    assert (one_caller(), another_caller()) == ("value", "value")
    assert made.calls == [1]


def test_different_calls_are_different_keys():
    calls = [
        spelled(1),
        spelled(2),
        spelled(1, 3),
        spelled(1, c=4),
        spelled(1, d=5),
        spelled(1, 2, 3, 4),
        spelled(1, 2, 3, 4, 5),
        spelled(1, 2, 3, "e", 5),
        spelled(1, e=5),
        spelled(1, e=5, f=6),
    ]
    assert len({id(call) for call in calls}) == len(calls)


def test_keyword_order_makes_no_difference():
    assert spelled(1, x=1, y=2) is spelled(1, y=2, x=1)


@pytest.mark.parametrize(
    "values",
    [
        [1, "1", True, 1.0, b"1", Decimal(1), [1], (1,), {1}, {1: 1}, {"1": 1}],
        [0, "", False, None, b"", [], (), set(), {}],
        [0.0, -0.0],
        [Decimal("1.0"), Decimal("1.00")],
        [(1,), (True,), ("1",), [(1,)]],
        [[1, [2]], [[1], 2], [1, 2]],
        [Status.OPEN, Status.CLOSED, 1, "OPEN"],
        [uuid.UUID(int=1), uuid.UUID(int=1).hex, str(uuid.UUID(int=1))],
        [datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 1), "2025-01-01T00:00:00"],  # noqa: DTZ001
        [{"$": 1}, {"$": ["set", 1]}, {1}],
    ],
)
def test_values_of_different_types_are_kept_apart(values):
    results = [spelled(value) for value in values]
    assert len({id(result) for result in results}) == len(values)
    assert [spelled(value) for value in values] == results


def test_the_order_of_dicts_and_sets_makes_no_difference():
    assert spelled({"a": 1, "b": [2]}) is spelled({"b": [2], "a": 1})
    assert spelled({"one", "two", "three"}) is spelled({"three", "two", "one"})


def test_an_argument_that_cant_be_in_a_key_is_named():
    with pytest.raises(CacheKeyError, match=r"spelled: argument 'c' of type 'object'") as caught:
        spelled(1, 2, object())
    assert caught.value.argument == "c"
    assert caught.value.kind == "object"
    with pytest.raises(CacheKeyError, match="of type 'Text'"):
        spelled(Text("x"))
    with pytest.raises(TypeError, match="of type 'list'"):
        spelled([object()])


def test_an_argument_may_say_what_its_key_is():
    class User:
        def __init__(self, name):
            self.name = name

        def cache_key(self):
            return self.name

    assert spelled(User("a")) is spelled(User("a"))
    assert spelled(User("a")) is not spelled(User("b"))


def test_what_does_not_fit_the_signature_is_the_functions_own_error():
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'a'"):
        spelled()
    with pytest.raises(TypeError, match="cached_of_one"):
        cached_of_one(1, 2)
    with pytest.raises(TypeError, match="can't be called with these arguments"):
        cached_of_one.cache_delete(1, 2)


@method_cache(cache_name="keys", tiers=MEMORY)
def cached_of_one(x):
    return object()


def test_decorated_functions_keep_their_spellings():
    def passing(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)

        return wrapper

    @method_cache(cache_name="keys", tiers=MEMORY)
    @passing
    def add(a, b=2):
        return object()

    assert add(1) is add(a=1, b=2)


def test_functions_made_twice_share_nothing():
    def make(n):
        @method_cache(cache_name="keys", tiers=MEMORY)
        def times(x):
            return x * n

        return times

    assert (make(2)(10), make(3)(10)) == (20, 30)


def test_a_function_without_a_name_of_its_own_cant_be_shared():
    with pytest.raises(CacheConfigError, match="key_prefix"):

        @method_cache(tiers=("redis",))
        def local():
            return 1


class Plain:
    def __init__(self, name):
        self.name = name

    @method_cache(cache_name="keys", tiers=MEMORY)
    def who(self, x):
        return self.name

    @method_cache(cache_name="keys", tiers=MEMORY)
    def what(self, x):
        return x


class Tenant(Plain):
    def cache_key(self):
        return self.name

    @method_cache(cache_name="keys", tiers=MEMORY)
    def made(self):
        return object()


class OtherTenant(Tenant):
    pass


def test_instances_share_nothing_by_default():
    a, b = Plain("a"), Plain("b")
    assert [a.who(1), b.who(1), a.who(1), b.who(1)] == ["a", "b", "a", "b"]


def test_methods_share_nothing_with_each_other():
    a = Plain("a")
    assert [a.who(1), a.what(1)] == ["a", 1]


def test_an_instance_at_a_gone_ones_address_gets_none_of_its_values():
    def seen(index):
        instance = Plain(index)
        return id(instance), instance.who(1)

    calls = [seen(index) for index in range(1000)]
    assert [name for _, name in calls] == list(range(1000))
    assert len({address for address, _ in calls}) < 1000, "no address was used twice: this shows nothing"


def test_a_copy_of_an_instance_is_another_instance():
    import copy

    a = Plain("a")
    assert a.who(1) == "a"
    b = copy.copy(a)
    b.name = "b"
    assert b.who(1) == "b"


def test_equal_instances_are_still_two():
    class Equal:
        def __init__(self, name):
            self.name = name

        def __eq__(self, other):
            return True

        def __hash__(self):
            return 1

        @method_cache(cache_name="keys", tiers=MEMORY)
        def who(self):
            return self.name

    assert [Equal("a").who(), Equal("b").who()] == ["a", "b"]


def test_instances_with_the_same_declared_key_share():
    assert Tenant("a").made() is Tenant("a").made()
    assert Tenant("a").made() is not Tenant("b").made()


def test_a_subclass_shares_nothing_with_its_base():
    assert Tenant("a").made() is not OtherTenant("a").made()


def test_key_says_what_of_self_counts():
    class Reader:
        def __init__(self, tenant):
            self.tenant = tenant

        @method_cache(cache_name="keys", tiers=MEMORY, key=lambda self: (self.tenant, 1))
        def read(self):
            return object()

    assert Reader("a").read() is Reader("a").read()
    assert Reader("a").read() is not Reader("b").read()


def test_an_instance_that_cant_be_told_apart_has_to_say_its_key():
    class Slotted:
        __slots__ = ("name",)

        @method_cache(cache_name="keys", tiers=MEMORY)
        def read(self):
            return 1

    with pytest.raises(CacheKeyError, match=r"needs a cache_key\(\) method"):
        Slotted().read()


def test_the_method_may_be_called_through_its_class_or_another_decorator():
    def passing(function):
        @functools.wraps(function)
        def wrapper(self, x):
            return function(self, x)

        return wrapper

    class Wrapped:
        def __init__(self):
            self.state = 1

        @passing
        @method_cache(cache_name="keys", tiers=MEMORY)
        def read(self, x):
            return self

    a, b = Wrapped(), Wrapped()
    assert (a.read(1), b.read(1)) == (a, b)
    p, q = Plain("p"), Plain("q")
    assert (Plain.who(p, 1), Plain.who(q, 1), p.who(1)) == ("p", "q", "p")


def test_a_function_borrowed_by_a_class_stays_a_function():
    class Borrower:
        borrowed = cached_of_one

    assert cached_of_one(7) is cached_of_one(x=7)
    assert Borrower.borrowed(7) is cached_of_one(7)


def test_static_methods_are_functions():
    class Holder:
        @staticmethod
        @method_cache(cache_name="keys", tiers=MEMORY)
        def made(x):
            return object()

    assert Holder.made(1) is Holder().made(x=1)


class Rates:
    @method_cache(cache_name="keys", tiers=MEMORY)
    @staticmethod
    def static(x):
        return object()

    @method_cache(cache_name="keys", tiers=MEMORY)
    @classmethod
    def of_class(cls, x):
        return cls, object()


class OtherRates(Rates):
    pass


def test_the_cache_may_stand_above_static_and_class_methods():
    assert Rates.static(1) is Rates().static(x=1)
    assert Rates.of_class(1) == Rates().of_class(x=1)
    assert Rates.of_class(1) != Rates.of_class(2)
    assert OtherRates.of_class(1)[0] is OtherRates, "a subclass shares nothing with its base"
    kept = Rates.of_class(1)
    assert OtherRates.of_class.cache_delete(1) is True
    assert Rates.of_class(1) == kept
    assert Rates.of_class.cache_delete(1) is True
    assert Rates.of_class(1) != kept


def test_a_class_method_beneath_the_cache_is_refused_at_once():
    with pytest.raises(TypeError, match="not a function"):
        method_cache()(classmethod(len))
    with pytest.raises(TypeError, match="above @classmethod"):

        class Rates:
            @classmethod
            @method_cache()
            def load(cls, x):
                return x


def test_a_function_may_call_its_parameter_cls(counting):
    @method_cache(tiers=MEMORY)
    def load(cls):
        return object()

    assert load("economy") is load("economy")


def test_flags_without_a_name_are_told_apart():
    class Bits(enum.IntFlag):
        ONE = 1

    @method_cache(tiers=MEMORY)
    def load(bits):
        return int(bits)

    assert [load(Bits(8)), load(Bits(16))] == [8, 16]


def test_a_surrogate_pair_is_not_the_character(counting):
    made = counting(lambda x: x, tiers=("disk",))
    assert made.load("\ud83d\ude00") != made.load("\U0001f600")


def test_the_generators_text_is_the_key():
    calls = []

    @hybrid_cache(cache_name="keys", tiers=MEMORY, key_generator=lambda user, **_: f"user:{user['id']}")
    def load(user, verbose=False):
        calls.append(user)
        return user["id"]

    assert [load({"id": 1, "at": 1}), load({"id": 1, "at": 2}, verbose=True), load({"id": 2})] == [1, 1, 2]
    assert len(calls) == 2


@pytest.mark.parametrize("text", ["", None, 7])
def test_the_generator_has_to_return_a_text(text):
    @hybrid_cache(cache_name="keys", tiers=MEMORY, key_generator=lambda: text)
    def load():
        return 1

    with pytest.raises(CacheKeyError, match="must return a text"):
        load()
