"""`rate_limit=`: who is counted, when there is room again, and what a driver may do."""

from typing import Any

import pytest
from kit_handler import RateLimit, Request, Response, route
from kit_handler.http.interceptors.rate_limit import MemoryBuckets


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("time.monotonic", clock)
    return clock


def limited(limit: Any, **options: Any) -> Any:
    handler = route(rate_limit=limit, **options)(lambda request: Response.ok())
    return lambda **fields: handler(Request(**fields))


def test_what_is_over_the_limit_is_429_and_says_when_to_come_back(clock: Clock) -> None:
    call = limited(RateLimit(3, per=60))
    answers = [call(source_ip="203.0.113.7") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].headers["Retry-After"] == "20"
    assert answers[3].body["errors"][0]["id"] == "too_many_requests"
    assert call(source_ip="203.0.113.8").status_code == 200
    clock.now += 19
    assert call(source_ip="203.0.113.7").headers["Retry-After"] == "1"
    clock.now += 1
    assert [call(source_ip="203.0.113.7").status_code for _ in range(2)] == [200, 429]


def test_a_burst_may_be_smaller_than_the_limit(clock: Clock) -> None:
    call = limited(RateLimit(60, per=60, burst=2))
    assert [call().status_code for _ in range(3)] == [200, 200, 429]
    clock.now += 1000
    assert [call().status_code for _ in range(3)] == [200, 200, 429]


def test_a_clock_that_goes_back_gives_and_takes_nothing(clock: Clock) -> None:
    call = limited(RateLimit(1, per=10))
    assert call().status_code == 200
    clock.now -= 500
    assert call().headers["Retry-After"] == "10"


def test_an_ipv6_caller_is_the_network_of_one_customer(clock: Clock) -> None:
    call = limited(RateLimit(1, per=60))
    addresses = ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1", "fe80::1%eth0", "not:an:address")
    assert [call(source_ip=each).status_code for each in addresses] == [200, 429, 200, 200, 200]


@pytest.mark.parametrize(
    ("authorizer", "status"), [(None, 401), ({}, 403), ({"principalId": "p"}, 200), ({"sub": 7}, 200)]
)
def test_a_limit_by_caller_needs_a_caller(authorizer: Any, status: int) -> None:
    assert limited(RateLimit(1, key="authorizer"))(authorizer=authorizer).status_code == status


def test_a_caller_is_counted_wherever_they_call_from(clock: Clock) -> None:
    call = limited(RateLimit(1, key="authorizer"))
    callers = ({"sub": "a", "source": 1}, {"sub": "a", "source": 2}, {"sub": "b"}, {"profile_id": "a"})
    assert [call(authorizer=each).status_code for each in callers] == [200, 429, 200, 200]


def test_a_callable_chooses_whom_to_count(clock: Clock) -> None:
    call = limited(RateLimit(1, key=lambda request: request.headers.get("x-tenant")))
    tenants = ({"X-Tenant": "a"}, {"X-Tenant": "a"}, {}, {})
    assert [call(headers=each).status_code for each in tenants] == [200, 429, 200, 200]


def test_an_address_is_counted_before_anything_is_checked_and_a_caller_before_the_roles(clock: Clock) -> None:
    asked = []

    def check(token: str, request: Request) -> bool:
        asked.append(token)
        return False

    guess = limited(RateLimit(2), token=check)
    answers = [guess(headers={"X-Authorization-Token": str(n)}).status_code for n in range(4)]
    assert (answers, asked) == ([403, 403, 429, 429], ["0", "1"])
    call = limited(RateLimit(1, key="authorizer"), role="A")
    assert [call(authorizer={"sub": "a"}).status_code for _ in range(2)] == [403, 429]


def test_routes_with_the_same_object_share_it(clock: Clock) -> None:
    shared = RateLimit(1)
    assert [limited(shared)().status_code, limited(shared)().status_code] == [200, 429]
    assert limited(RateLimit(1))().status_code == 200


def test_a_driver_is_told_key_rate_and_burst() -> None:
    told = []

    class Driver:
        def take(self, key: str, *, rate: float, burst: float) -> float:
            told.append((key, rate, burst))
            return 2.1

    answer = limited(RateLimit(30, per=60, burst=5, name="loans", buckets=Driver()))(source_ip="203.0.113.7")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    assert told == [("loans:203.0.113.7", 0.5, 5)]


def test_a_driver_may_be_asynchronous() -> None:
    class Driver:
        async def take(self, key: str, *, rate: float, burst: float) -> float:
            return 0.0 if key == "a" else 1.0

    limit = RateLimit(1, buckets=Driver())
    assert [limited(limit)(source_ip=each).status_code for each in "ab"] == [200, 429]


@pytest.mark.parametrize("outcome", [ConnectionError("redis is gone"), None, "soon", float("nan"), -1.0])
def test_a_driver_that_fails_is_503(outcome: Any, caplog: pytest.LogCaptureFixture) -> None:
    class Driver:
        def take(self, key: str, *, rate: float, burst: float) -> Any:
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

    refused = limited(RateLimit(1, buckets=Driver()))()
    assert refused.status_code == 503
    assert "redis" not in str(refused.body)
    assert "the rate limit can't be checked" in caplog.text


def test_memory_does_not_grow_with_the_callers(clock: Clock) -> None:
    buckets = MemoryBuckets()
    for number in range(11_000):
        buckets.take(str(number), rate=1, burst=1)
    assert len(buckets._buckets) == 10_000
    assert buckets.take("10999", rate=1, burst=1) == 1
    assert buckets.take("0", rate=1, burst=1) == 0


@pytest.mark.parametrize(
    "wrong", [{"limit": 0}, {"limit": -1}, {"limit": 1, "per": 0}, {"limit": 1, "burst": 0}, {"limit": "7"}]
)
def test_a_limit_of_nothing_is_a_value_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        RateLimit(**wrong)


@pytest.mark.parametrize("wrong", ["caller", 7, None])
def test_an_unknown_key_is_a_type_error(wrong: Any) -> None:
    with pytest.raises(TypeError):
        RateLimit(1, key=wrong)


@pytest.mark.parametrize("wrong", [True, 10, "10/s", lambda request: None])
def test_a_limit_is_a_rate_limit(wrong: Any) -> None:
    with pytest.raises(TypeError):
        limited(wrong)


def test_cors_is_on_the_refusal_too() -> None:
    call = limited(RateLimit(1), cors=True)
    assert call().status_code == 200
    refused = call()
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (429, "*")
