"""A callable's parameters, against the standard library's own reading of them."""

import functools
import inspect
import sys
from typing import Any

import pytest
from kit_core.parameters import (
    annotations_of,
    class_annotations_of,
    globals_of,
    innermost,
    is_async,
    is_generator,
    parameters_of,
    refuse_unknown,
)


def free(a, /, b, c=1, *args, d, e=2, **kwargs): ...


class Holder:
    def __init__(self, x: int, y: int = 1) -> None: ...
    def method(self, a: int, b: int = 2) -> None: ...
    @classmethod
    def of(cls, a): ...
    @staticmethod
    def static(a): ...
    def __call__(self, q, *, z=1): ...


class Made:
    def __new__(cls, a):
        return object.__new__(cls)


class Bare: ...


async def coroutine(a: str, b=0): ...


class Asynchronous:
    async def __call__(self, a): ...


def decorated(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@pytest.mark.parametrize(
    "called",
    [
        free, Holder, Holder(1).method, Holder.method, Holder.of, Holder.static, Holder(1), Made, coroutine,
        Asynchronous(), lambda: 0, decorated(free), decorated(decorated(coroutine)), functools.partial(free, 1, 2),
        functools.partial(free, 1, c=5), functools.partial(Holder(1).method, b=3), functools.partial(free, e=4),
        functools.partial(Holder(1).method, a=3), functools.partial(functools.partial(free, 1), 2),
    ],
)  # fmt: skip
def test_it_is_read_as_inspect_reads_it(called: Any) -> None:
    found = parameters_of(called)
    assert found is not None
    known = inspect.signature(called).parameters.values()
    assert found.positional == tuple(
        each.name for each in known if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
    )
    assert found.positional_only == sum(each.kind == each.POSITIONAL_ONLY for each in known)
    assert found.keyword_only == tuple(each.name for each in known if each.kind == each.KEYWORD_ONLY)
    assert found.defaults == {each.name: each.default for each in known if each.default is not each.empty}
    assert found.takes_args == any(each.kind == each.VAR_POSITIONAL for each in known)
    assert found.takes_kwargs == any(each.kind == each.VAR_KEYWORD for each in known)
    assert found.names == found.positional + found.keyword_only
    assert set(found.required) == set(found.names) - set(found.defaults)


@pytest.mark.parametrize("called", [len, Bare, dict, 7, None])
def test_a_callable_without_python_code_has_none(called: Any) -> None:
    assert parameters_of(called) is None


def test_annotations_are_of_the_function_inside() -> None:
    assert annotations_of(decorated(coroutine)) == {"a": str}
    assert annotations_of(functools.partial(Holder(1).method, 1)) == {"a": int, "b": int, "return": None}
    assert annotations_of(Holder) == {"x": int, "y": int, "return": None}
    assert annotations_of(len) == {}
    assert innermost(decorated(decorated(free))) is free


@pytest.mark.skipif(sys.version_info < (3, 14), reason="before, such a function can't be defined")
def test_an_annotation_may_name_a_class_that_comes_later() -> None:
    def late(first: Later, second: int): ...  # type: ignore[name-defined]  # noqa: F821

    found = annotations_of(late)
    assert (found["first"].__forward_arg__, found["second"]) == ("Later", int)


def test_the_annotations_of_a_class_are_those_of_its_own_body() -> None:
    class Base:
        first: int

    class Derived(Base):
        second: "Later"  # type: ignore[name-defined]  # noqa: F821

    class Bare(Derived): ...

    assert class_annotations_of(Derived) == {"second": "Later"}
    assert class_annotations_of(Bare) == {}


@pytest.mark.skipif(sys.version_info < (3, 14), reason="before, such a class can't be defined")
def test_a_class_may_name_what_only_type_checkers_know() -> None:
    class Late:
        first: Later  # type: ignore[name-defined]  # noqa: F821
        second: int

    found = class_annotations_of(Late)
    assert (found["first"].__forward_arg__, found["second"]) == ("Later", int)


def test_the_globals_are_of_the_function_inside() -> None:
    for called in (decorated(free), functools.partial(Holder(1).method, 1), Holder, Asynchronous()):
        assert globals_of(called) is globals()
    assert globals_of(len) == {}


@pytest.mark.parametrize(
    ("called", "itself", "followed"),
    [
        (coroutine, True, True), (free, False, False), (Asynchronous(), True, True), (Asynchronous, False, False),
        (functools.partial(coroutine, 1), True, True), (decorated(coroutine), False, True), (Holder(1), False, False),
        (decorated(functools.partial(coroutine, 1)), False, True), (len, False, False), (None, False, False),
    ],
)  # fmt: skip
def test_a_callable_that_makes_coroutines(called: Any, itself: bool, followed: bool) -> None:
    assert is_async(called) is itself
    assert is_async(called, follow_wrapped=True) is followed


@pytest.mark.skipif(not hasattr(inspect, "markcoroutinefunction"), reason="new in Python 3.12")
def test_a_function_that_is_marked_as_one() -> None:
    def marked(): ...

    assert is_async(inspect.markcoroutinefunction(marked))


def test_wrappers_of_each_other_end() -> None:
    def one(): ...
    def two(): ...

    one.__wrapped__, two.__wrapped__ = two, one  # type: ignore[attr-defined]
    assert parameters_of(one) is not None


def one_by_one():
    yield 1


async def one_by_one_later():
    yield 1


class Generating:
    def __call__(self):
        yield 1

    def method(self):
        yield 1


@pytest.mark.parametrize(
    "called",
    [
        one_by_one,
        one_by_one_later,
        functools.partial(one_by_one),
        Generating(),
        Generating().method,
        functools.partial(Generating().method),
    ],
)
def test_generators_are_told_apart(called):
    assert is_generator(called)
    assert not is_async(called)


@pytest.mark.parametrize("called", [test_generators_are_told_apart, Generating, len, object(), lambda: one_by_one()])
def test_what_runs_when_it_is_called_is_no_generator(called):
    assert not is_generator(called)


def test_unknown_keywords_are_named_with_the_near_ones() -> None:
    refuse_unknown("job", {}, ["margin"])
    with pytest.raises(TypeError) as caught:
        refuse_unknown("job", {"marging": 1, "x": 2}, ["margin", "partial"])
    assert str(caught.value) == "job does not know 'marging' (did you mean 'margin'?), 'x'; it knows margin, partial"
