"""The template that kit-websocket prints: kit-local reads it, and its tables are those that `init_table` makes."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from kit_local.template import load
from kit_local.template.parse import read
from kit_testing.servers import Aws
from kit_websocket import ConnectionManager


@pytest.fixture
def printed(tmp_path: Path) -> Path:
    command = [sys.executable, "-m", "kit_websocket", "template", "message", "--module", "chat"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "chat.py").write_text("")
    path = tmp_path / "template.yaml"
    path.write_text(text)
    return path


def test_kit_local_reads_it(printed: Path) -> None:
    resources = load(printed.parent).resources
    assert {resource["Type"] for resource in resources.values()} >= {"AWS::DynamoDB::Table", "AWS::ApiGatewayV2::Route"}


def test_its_tables_are_those_that_init_table_makes(printed: Path, aws: Aws) -> None:
    asyncio.run(ConnectionManager("Connections", rooms_table="Rooms").init_table())
    resources = read(printed.parent).data["Resources"]
    for name in ("Connections", "Rooms"):
        written, made = resources[name]["Properties"], aws.client("dynamodb").describe_table(TableName=name)["Table"]
        assert _sorted(written["AttributeDefinitions"]) == _sorted(made["AttributeDefinitions"])
        assert written["KeySchema"] == made["KeySchema"]
        indexes = made.get("GlobalSecondaryIndexes", [])
        assert [each["IndexName"] for each in written.get("GlobalSecondaryIndexes", [])] == [
            each["IndexName"] for each in indexes
        ]
        expiry = aws.client("dynamodb").describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        assert written["TimeToLiveSpecification"]["AttributeName"] == expiry["AttributeName"]


def test_it_has_no_aliases_which_cloudformation_does_not_know(printed: Path) -> None:
    assert not [line for line in printed.read_text().splitlines() if " &" in line or " *" in line]


def _sorted(definitions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(definitions, key=lambda each: str(each["AttributeName"]))
