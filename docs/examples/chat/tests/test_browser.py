"""The page in headless Chromium, against kit-local: two people, a deployment, and connections that break."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Eventually = Callable[[Callable[[], Any]], Any]
PAGE = Path(__file__).parent.parent / "src/chat/page.html"


class Page:
    """The chat in one browser."""

    def __init__(self, browser: Any, url: str, name: str, room: str) -> None:
        self.browser = browser
        browser.get(url)
        self.type("name", name)
        self.type("room", room)
        self.find("#enter button").click()

    def find(self, selector: str) -> Any:
        return self.browser.find_element("css selector", selector)

    def type(self, field: str, text: str) -> None:
        element = self.find(f"#{field}")
        element.clear()
        element.send_keys(text)

    def say(self, text: str) -> None:
        self.type("text", text)
        self.find("#speak button").click()

    @property
    def state(self) -> str:
        return str(self.find("#state").text)

    @property
    def people(self) -> str:
        return str(self.find("#people").text)

    @property
    def said(self) -> list[str]:
        return str(self.find("#said").text).splitlines()


@pytest.fixture(scope="module")
def pages(running: Any, browsers: Callable[[], Any]) -> tuple[Page, Page]:
    """Ada and Bob in the lobby."""
    ada, bob = (Page(browsers(), running.urls["http"], name, "lobby") for name in ("Ada", "Bob"))
    return ada, bob


def test_two_browsers_talk(pages: tuple[Page, Page], eventually: Eventually) -> None:
    ada, bob = pages
    for page in pages:
        eventually(lambda page=page: page.state == "in lobby" and page.people == "Ada, Bob")
    ada.say("hello <b>Bob</b>")
    for page in pages:
        eventually(lambda page=page: page.said == ["Ada: hello <b>Bob</b>"])
    bob.say("hello Ada")
    for page in pages:
        eventually(lambda page=page: page.said == ["Ada: hello <b>Bob</b>", "Bob: hello Ada"])


def test_a_deployment_goes_by_unnoticed(running: Any, pages: tuple[Page, Page], eventually: Eventually) -> None:
    ada, _ = pages
    connections = [running.connections_of(name) for name in ("Ada", "Bob")]
    code = running.folder / "src" / "chat" / "socket.py"
    before = code.read_text()
    after = before.replace('"text": checked(', '"text": "new: " + checked(')
    assert after != before
    code.write_text(after)
    eventually(lambda: deployed(ada))
    for page in pages:
        eventually(lambda page=page: page.said[-1] == "Ada: new: anything")
    assert [running.connections_of(name) for name in ("Ada", "Bob")] == connections


def deployed(page: Page) -> bool:
    page.say("anything")
    return page.said[-1].startswith("Ada: new:")


def test_a_connection_that_is_closed_comes_back(running: Any, pages: tuple[Page, Page], eventually: Eventually) -> None:
    ada, bob = pages
    [before] = running.connections_of("Ada")
    running.client("apigatewaymanagementapi").delete_connection(ConnectionId=before)
    eventually(lambda: before not in running.connections_of("Ada") and ada.state == "in lobby")
    eventually(lambda: ada.people == bob.people == "Ada, Bob")
    bob.say("welcome back")
    for page in pages:
        eventually(lambda page=page: page.said[-1] == "Bob: new: welcome back")


def test_who_leaves_is_seen_to_leave(pages: tuple[Page, Page], eventually: Eventually) -> None:
    ada, bob = pages
    bob.browser.quit()
    eventually(lambda: ada.people == "Ada")
    ada.say("bye")
    eventually(lambda: ada.said[-1] == "Ada: new: bye")


def test_joining_while_it_waits_to_connect_again_opens_one_connection(browsers: Callable[[], Any]) -> None:
    browser = browsers()
    stand_ins = """
        window.opened = []
        window.timers = new Map()
        window.WebSocket = class { constructor(url) { opened.push(this) } close() {} }
        window.setTimeout = call => { timers.set(timers.size + 1, call); return timers.size }
        window.clearTimeout = number => timers.delete(number)
    """
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": stand_ins})
    browser.get(PAGE.as_uri())
    opened = browser.execute_script("""
        document.getElementById("name").value = "Ada"
        document.getElementById("enter").requestSubmit()
        opened[0].onclose()
        document.getElementById("enter").requestSubmit()
        for (const call of timers.values()) call()
        return opened.length
    """)
    assert opened == 2
