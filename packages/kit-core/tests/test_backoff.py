"""Waiting times."""

import random

import pytest
from kit_core.backoff import Backoff


def test_the_longest_wait_doubles_up_to_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda least, most: most)
    backoff = Backoff(0.1, 1.0)
    assert [backoff.delay(attempt) for attempt in (0, 1, 2, 3, 4, 5, 10_000)] == [0.1, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


@pytest.mark.parametrize(("least", "expected"), [(0.0, 0.0), (0.5, 0.4), (1.0, 0.8)])
def test_a_share_of_the_wait_is_certain(monkeypatch: pytest.MonkeyPatch, least: float, expected: float) -> None:
    monkeypatch.setattr(random, "uniform", lambda least, most: least)
    assert Backoff(0.1, 1.0, least=least).delay(4) == expected


def test_waits_are_random_within_their_bounds() -> None:
    waits = [Backoff(1.0, 4.0, least=0.5).delay(2) for _ in range(100)]
    assert all(1.0 <= wait <= 2.0 for wait in waits)
    assert len(set(waits)) > 1


def test_there_is_a_wait_between_every_two_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda least, most: most)
    assert list(Backoff(1.0, 8.0).delays(4)) == [1.0, 2.0, 4.0]
    assert list(Backoff(1.0, 8.0).delays(1)) == []


@pytest.mark.parametrize(("base", "cap", "least"), [(0, 1, 0), (2, 1, 0), (1, 2, -0.1), (1, 2, 1.1)])
def test_what_makes_no_sense_is_refused(base: float, cap: float, least: float) -> None:
    with pytest.raises(ValueError, match="not"):
        Backoff(base, cap, least=least)
