"""Whatever an event looks like, the id is text that can stand in a log line and a header field, or None."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from kit_handler import correlation_id
from kit_handler.correlation import enter, leave

NAMES = [
    "headers", "multiValueHeaders", "messageAttributes", "MessageAttributes", "Sns", "body", "attributes", "messageId",
    "requestContext", "requestId", "eventID", "responseElements", "x-amz-request-id", "id", "x-correlation-id",
    "X-Amzn-Trace-Id", "AWSTraceHeader", "stringValue", "Value", "correlation_id", "MessageId", "Records",
]  # fmt: skip
texts = st.text() | st.sampled_from(["Root=1-a-b;Parent=c", "Root=", '{"MessageAttributes": {"x-correlation-id": 7}}'])
events = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.integers(), inner),
    max_leaves=25,
)


@settings(max_examples=500)
@given(events, st.none() | st.builds(object))
def test_it_is_printable_and_short_or_none(event: Any, context: Any) -> None:
    token = enter(event, context)
    try:
        found = correlation_id()
        assert found is None or (found.isprintable() and 0 < len(found) <= 256)
        assert correlation_id() == found
    finally:
        leave(token)
    assert correlation_id() is None


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=256), events)
def test_the_callers_own_id_comes_first(given_id: str, beside: Any) -> None:
    rest = beside if isinstance(beside, dict) else {}
    for event in (
        {**rest, "headers": {"X-Correlation-Id": given_id}},
        {**rest, "headers": None, "multiValueHeaders": {"x-correlation-ID": [given_id]}},
        {**rest, "headers": {"x-correlation-id": [given_id]}},
    ):
        token = enter(event)
        assert correlation_id() == given_id
        leave(token)
