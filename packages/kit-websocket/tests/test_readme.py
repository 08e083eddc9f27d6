"""The README and the guide, run as they are written."""

import asyncio
import json
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1]
GUIDE = PACKAGE.parents[1] / "docs" / "guides" / "websocket.md"


def run(document):
    """Run a document's Python blocks, one after the other in one namespace, and return the namespace."""
    text = document.read_text()
    namespace = {}
    for block in re.finditer(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        # Blank lines in front, so that a traceback shows the document's own line numbers.
        source = "\n" * text.count("\n", 0, block.start(1)) + block.group(1)
        exec(compile(source, str(document), "exec"), namespace)
    return namespace


@pytest.fixture
def table(aws, gateway, monkeypatch):
    monkeypatch.setenv("DYNAMODB_TABLE", "connections")


def test_readme(table, gateway, make_event):
    shown = run(PACKAGE / "README.md")
    asyncio.run(shown["connections"].init_table())
    handler = shown["handler"]
    assert handler(make_event("$connect", authorizer={}), None)["statusCode"] == 401
    assert handler(make_event("$connect", connection_id="a"), None)["statusCode"] == 200
    assert handler(make_event("$connect", connection_id="b"), None)["statusCode"] == 200
    for each in ("a", "b"):
        assert handler(make_event("enter", {"room": "general"}, connection_id=each), None) == {"statusCode": 200}
    said = handler(make_event("say", {"room": "general", "text": "hi"}, connection_id="a"), None)
    assert said["body"] == '{"reached":1}'
    assert gateway.messages("b") == [{"action": "said", "text": "hi"}]
    assert handler(make_event("$disconnect", connection_id="b"), None)["statusCode"] == 200
    assert asyncio.run(shown["loan_approved"]("l-1", "u-1")) == 1
    assert gateway.messages("a") == [{"action": "loan", "id": "l-1"}]


@pytest.mark.skipif(not GUIDE.exists(), reason="the guides are not part of the source distribution")
def test_guide(table, gateway, make_event):
    shown = run(GUIDE)
    handler = shown["handler"]
    assert handler(make_event("$connect"), None) == {"statusCode": 503, "body": '{"message":"Try again in a minute"}'}
    asyncio.run(shown["connections"].init_table())
    assert handler(make_event("$connect", authorizer={}), None)["statusCode"] == 401
    assert handler(make_event("$connect", connection_id="a"), None)["statusCode"] == 200
    assert json.loads(handler(make_event("rename", {"name": "Ada"}), None)["body"])["name"] == "Ada"
    assert json.loads(handler(make_event("hum", "hm"), None)["body"]) == {"action": "unknown", "text": "hm"}
    assert handler(make_event("rename", {"name": "A" * 10_000}), None) == {"statusCode": 413}
    drawing = {"shape": "line", "points": [[0, 1], [2, 3]]}
    drawn = json.loads(handler(make_event("draw", drawing, connection_id="a"), None)["body"])
    assert drawn == {"action": "drawn", "by": "u-1", "from": "203.0.113.7", "points": 2}
    wrong = json.loads(handler(make_event("draw", drawing | {"points": [[0]]}, connection_id="a"), None)["body"])
    assert json.dumps(wrong, ensure_ascii=False) in GUIDE.read_text()
    entered = handler(make_event("enter", {"room": "general", "name": "Ada"}, connection_id="a"), None)
    assert json.loads(entered["body"]) == {"members": [{"name": "Ada"}]}
    said = handler(make_event("say", {"room": "general", "text": "hi"}, connection_id="b"), None)
    assert json.loads(said["body"]) == {"reached": 1}
    assert gateway.messages("a") == [{"action": "said", "text": "hi", "room": "general", "seq": 1}]
    assert asyncio.run(shown["tell"]("u-1", {"id": "l-1"})) == "1 connection(s)"
    assert gateway.messages("a")[1:] == [{"action": "loan", "id": "l-1"}]
    assert asyncio.run(shown["announce"]("news")).reached == 1
    stream = make_event("stream", {"funct": "processData", "payload": '{"key": "value"}'}, connection_id="a")
    assert json.loads(handler(stream, None)["body"]) == {"key": "value"}
    assert shown["expired"]({"Records": []}, None) == {"batchItemFailures": []}
    assert handler(make_event("$disconnect", connection_id="a"), None)["statusCode"] == 200
    assert asyncio.run(shown["tell"]("u-1", {"id": "l-1"})) == "0 connection(s)"
    guarded = shown["protected"](shown["resolver"])
    assert guarded.resolve(make_event("$connect", connection_id="c"), None)["statusCode"] == 401
