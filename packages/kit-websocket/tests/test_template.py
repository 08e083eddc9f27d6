"""The command that prints a template."""

import pytest
from kit_websocket.__main__ import main


def test_the_template_has_the_routes_that_are_asked_for(capsys):
    assert main(["template", "message", "--module", "chat"]) == 0
    text = capsys.readouterr().out
    for part in (
        "$connect:",
        "$disconnect:",
        "$default:",
        "message:",
        "Handler: chat.handler",
        "Handler: chat.expired",
    ):
        assert text.count(f"  {part}\n") == 1
    assert text.count("dynamodb:Query") == 2


def test_a_route_that_sam_does_not_take_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["template", "a.b"])
    assert "letters and digits, not 'a.b'" in capsys.readouterr().err
