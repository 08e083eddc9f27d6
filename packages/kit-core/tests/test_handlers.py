"""The marks of kit-handler, for decorators that must not stand above its own."""

from collections.abc import Callable
from typing import Any

import pytest
from kit_core.handlers import handler_kind, mark_registered, refuse_handler, refuse_registered


def marked(**marks: Any) -> Callable[..., None]:
    def create(event: Any) -> None: ...

    for name, value in marks.items():
        setattr(create, name, value)
    return create


@pytest.mark.parametrize(
    ("marks", "kind"),
    [
        ({}, None),
        ({"__kit_handler__": "job"}, "job"),
        ({"__kit_handler__": "trigger"}, "trigger"),
        ({"route_options": {}}, "route"),
        ({"__kit_registered__": True}, None),
    ],
)
def test_a_handler_is_known_by_its_marks(marks: dict[str, Any], kind: str | None) -> None:
    function = marked(**marks)
    assert handler_kind(function) == kind
    if kind is None:
        return
    with pytest.raises(TypeError, match=rf"create is a {kind}, which sees events: put @timed below @{kind}"):
        refuse_handler(function, "timed", "sees events")


def test_a_function_that_a_router_calls_by_itself_is_told_apart() -> None:
    for refuse in (refuse_registered, lambda *given: refuse_handler(*given, "sees events")):
        with pytest.raises(
            TypeError, match=r"registered with a Router or a resolver already, which calls it without @timed"
        ):
            refuse(marked(__kit_registered__=True), "timed")
        refuse(marked(), "timed")


def test_a_handler_that_was_made_of_a_routers_function_is_one_of_its_own() -> None:
    function = marked(__kit_registered__=True, route_options={})
    refuse_registered(function, "timed")
    with pytest.raises(TypeError, match="put @timed below @route"):
        refuse_handler(function, "timed", "sees events")


def test_a_function_that_has_a_name_is_decorated_for_another_use() -> None:
    library: dict[str, Any] = {"__name__": "library", "refuse_registered": refuse_registered}
    exec("def timed(function):\n    refuse_registered(function, 'timed')", library)
    named = marked(__kit_registered__=True)
    library["timed"](named)
    with pytest.raises(TypeError, match="@timed"):
        library["timed"](marked(__kit_registered__=True))


def test_any_other_callable_passes() -> None:
    refuse_handler(len, "timed", "sees events")
    refuse_registered(object(), "timed")
    assert handler_kind(object()) is None


def test_what_cannot_be_marked_is_left_alone() -> None:
    class Orders:
        def find(self) -> None: ...

    mark_registered(Orders().find)
    mark_registered(len)
    function = marked()
    mark_registered(function)
    assert function.__kit_registered__ is True  # type: ignore[attr-defined]
