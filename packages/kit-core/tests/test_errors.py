"""Every error is an instance of the root, and pickles."""

import pickle

import pytest
from kit_core import errors

MADE = [
    errors.UnserialisableTypeError("$.a", "no"),
    errors.UnserialisableValueError("$.a", "no"),
    errors.NaiveTimeError("$.a"),
    errors.InvalidJsonError("no"),
    errors.TimeUpError(),
    errors.CoroutineCancelledError(),
    errors.HttpConnectionError("GET", "https://x/", "OSError", "gone"),
]


def test_all_are_here() -> None:
    known = {each for each in vars(errors).values() if isinstance(each, type) and not each.__name__.startswith("_")}
    assert {type(each) for each in MADE} | {errors.CoreError} == known


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_it_has_the_root_and_pickles(error: errors.CoreError) -> None:
    assert isinstance(error, errors.CoreError)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
