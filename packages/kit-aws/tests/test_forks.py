"""A process that is forked off shares neither a socket with its parent nor waits for a lock of its threads."""

import os
import sys
from subprocess import run
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

# Runs `work` in a forked child; one that waits for ever is killed.
IN_CHILD = """
import os, signal, threading
import kit_aws
from kit_aws.cache import ValueCache

def in_child(work):
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        try:
            work()
        except BaseException as error:
            os.write(2, repr(error).encode())
            os._exit(1)
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
        os._exit(1)  # threads that wait would keep this process
"""


def script(text: str) -> None:
    ended = run([sys.executable, "-c", IN_CHILD + text], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr


def test_a_child_has_clients_and_connections_of_its_own(aws: Any, serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(lambda call: (200, {"Content-Type": "application/x-amz-json-1.0"}, b'{"QueueUrls": []}'))
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    script("""
parents = kit_aws.client("sqs")
parents.list_queues()

def work():
    assert kit_aws.client("sqs") is not parents
    kit_aws.client("sqs").list_queues()

in_child(work)
assert kit_aws.client("sqs") is parents
parents.list_queues()
""")
    assert (server.connections, len(server.calls)) == (2, 3)


def test_a_child_does_not_use_a_sessions_connections(serve: Any) -> None:
    server = serve(lambda call: (200, {}, b""))
    script(f"""
session = kit_aws.SignedSession("execute-api", "eu-west-1", kit_aws.Credentials("AKIDEXAMPLE", "secret"))
ask = lambda: session.request("GET", {server.url!r})
ask()
in_child(ask)
ask()
session.close()
""")
    assert (server.connections, len(server.calls)) == (2, 3)


def test_a_child_waits_for_no_client_that_a_thread_of_its_parent_was_making(aws: Any) -> None:
    script("""
from boto3.session import Session

make, making, done = Session.client, threading.Event(), threading.Event()

def slowly(*args, **options):
    making.set()
    done.wait()
    return make(*args, **options)

Session.client = slowly
thread = threading.Thread(target=kit_aws.client, args=("sqs",))
thread.start()
making.wait()

def work():
    Session.client = make
    kit_aws.client("sqs")

in_child(work)
done.set()
thread.join()
""")


def test_a_child_waits_for_no_value_that_a_thread_of_its_parent_was_reading() -> None:
    script("""
cache = ValueCache()
cache.get("kept", lambda: 1, max_age=60)
reading, done = threading.Event(), threading.Event()

def read():
    reading.set()
    done.wait()
    return "parent's"

thread = threading.Thread(target=cache.get, args=("a", read), kwargs={"max_age": 60})
thread.start()
reading.wait()

def work():
    assert cache.get("a", lambda: "child's", max_age=60) == "child's"
    assert cache.get("kept", lambda: 2, max_age=60) == 1

in_child(work)
done.set()
thread.join()
assert cache.get("a", lambda: None, max_age=60) == "parent's"
""")


def test_a_child_waits_for_no_lock_that_a_thread_of_its_parent_was_holding() -> None:
    script("""
cache = ValueCache()
cache.get("a", lambda: 1, max_age=60)
dropping, done = threading.Event(), threading.Event()

def belongs(key):
    dropping.set()
    return not done.wait()

thread = threading.Thread(target=cache.drop, args=(belongs,))
thread.start()
dropping.wait()
in_child(lambda: cache.drop())
done.set()
thread.join()
""")
